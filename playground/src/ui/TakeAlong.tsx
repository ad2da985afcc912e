/** What one takes home: a link, the model, the code, the points, the picture. */

import { notice, points, runs, state } from "../store.ts";
import { architectureCode, command } from "../takeAlong.ts";
import { download } from "./download.ts";

async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    notice.value = `${what} is copied.`;
  } catch {
    notice.value = `Your browser does not let the page copy: ${text}`;
  }
}

function csvOfPoints(): string {
  const lines = ["x,y"];
  const all = points.value;
  for (let i = 0; i + 1 < all.length; i += 2) lines.push(`${all[i]},${all[i + 1]}`);
  return `${lines.join("\n")}\n`;
}

export function TakeAlong() {
  const run = runs[0];
  const hasFlow = run.snapshot.value !== undefined;
  const model = async (): Promise<void> => {
    try {
      const bytes = await run.take();
      download("playground.safetensors", bytes as Uint8Array<ArrayBuffer>, "application/octet-stream");
      notice.value = "The model is downloaded; `pushforward inspect playground.safetensors` says what it is.";
    } catch (error) {
      notice.value = error instanceof Error ? error.message : String(error);
    }
  };
  const picture = (): void => {
    const canvas = document.querySelector<HTMLCanvasElement>(".picture canvas");
    canvas?.toBlob((blob) => blob && download("playground.png", blob, "image/png"));
  };
  const open = async (input: HTMLInputElement): Promise<void> => {
    const file = input.files?.[0];
    if (file) run.open(new Uint8Array(await file.arrayBuffer()));
    input.value = "";
  };
  return (
    <section class="take" aria-labelledby="take-title">
      <h2 id="take-title">Take it along</h2>
      <div class="row">
        <button type="button" onClick={() => copy(location.href, "A link to all that you see")}>
          Copy link
        </button>
        <button type="button" disabled={!hasFlow} onClick={model}>
          Download model
        </button>
        <label class="button">
          Open model
          <input
            type="file"
            class="hidden"
            accept=".safetensors"
            onChange={({ currentTarget }) => void open(currentTarget)}
          />
        </label>
        <button type="button" onClick={() => download("points.csv", csvOfPoints(), "text/csv")}>
          Download points
        </button>
        <button type="button" onClick={picture}>
          Picture as PNG
        </button>
        <button
          type="button"
          onClick={() => copy(architectureCode(state.value), "TypeScript that fits this flow")}
        >
          Copy as TypeScript
        </button>
        <button type="button" onClick={() => copy(command(state.value), "A command that fits this flow")}>
          Copy as command
        </button>
      </div>
      <p class="note" role="status">
        {notice.value}
      </p>
    </section>
  );
}
