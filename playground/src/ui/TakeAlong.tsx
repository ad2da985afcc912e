/** What one takes home: a link, the model, the code, the points, the picture. */

import { colorsOf } from "../picture/draw.ts";
import { notice, points, runs, state } from "../store.ts";
import { architectureCode, command, modelFile, openedCode, openedCommand, pointsFile } from "../takeAlong.ts";
import { download } from "./download.ts";
import { OpenModel } from "./FileButton.tsx";
import { Message, sceneOf } from "./Picture.tsx";

async function copy(text: string, what: string, caution = ""): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    notice.value = `${what} is copied.${caution}`;
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
  const opened = run.opened.value;
  const rowsFile = opened?.view ? "table.csv" : pointsFile;
  const hasFlow = run.snapshot.value !== undefined;
  const model = async (): Promise<void> => {
    try {
      const bytes = await run.take();
      download(modelFile, bytes as Uint8Array<ArrayBuffer>, "application/octet-stream");
      notice.value = `The model is downloaded; "npx pushforward inspect ${modelFile}" says what it is.`;
    } catch (error) {
      notice.value = error instanceof Error ? error.message : String(error);
    }
  };
  /** What is seen, side by side where two are compared. */
  const png = (): void => {
    const all = [...document.querySelectorAll<HTMLCanvasElement>(".picture canvas")];
    const sheet = document.createElement("canvas");
    const gap = 32;
    // A canvas that a painter draws on does not know how large its picture is.
    const side = Math.round(all[0]!.clientWidth * Math.min(3, devicePixelRatio));
    sheet.height = side;
    sheet.width = all.length * (side + gap) - gap;
    all.forEach((canvas, i) => {
      sheet.getContext("2d")!.drawImage(canvas, i * (side + gap), 0, side, side);
    });
    sheet.toBlob((blob) => blob && download("playground.png", blob, "image/png"));
  };
  const svg = async (): Promise<void> => {
    const { svgOf } = await import("../picture/svg.ts");
    const scenes = runs.filter(({ choice }) => choice.value).map(sceneOf);
    download("playground.svg", svgOf(scenes, 720, colorsOf(document.documentElement)), "image/svg+xml");
  };
  return (
    <section class="take" aria-labelledby="take-title">
      <h2 id="take-title">Take it along</h2>
      <div class="row even">
        <button
          type="button"
          onClick={() =>
            opened
              ? copy(
                  location.href,
                  "A link to the points, and to the flow that was chosen before,",
                  " The opened model is a file, and no link holds it.",
                )
              : copy(location.href, "A link to all that you see")
          }
        >
          Copy link
        </button>
        <button type="button" disabled={!hasFlow} onClick={model}>
          Download model
        </button>
        <OpenModel onFile={(file) => void run.open(file)} />
        <button
          type="button"
          disabled={opened?.view !== undefined}
          onClick={() => download(pointsFile, csvOfPoints(), "text/csv")}
        >
          Download points
        </button>
        <button type="button" onClick={png}>
          Picture as PNG
        </button>
        <button type="button" onClick={() => void svg()}>
          Picture as SVG
        </button>
        <button
          type="button"
          onClick={() =>
            opened
              ? copy(openedCode(rowsFile), "TypeScript that asks the opened model")
              : copy(architectureCode(state.value), "TypeScript that fits this flow")
          }
        >
          Copy as TypeScript
        </button>
        <button
          type="button"
          onClick={() =>
            opened
              ? copy(openedCommand(rowsFile), "A command that scores the points by the opened model")
              : copy(command(state.value), "A command that fits this flow")
          }
        >
          Copy as command
        </button>
      </div>
      <div class="told">
        <Message run={run} place="model" />
        <p class="note" role="status">
          {notice.value}
        </p>
      </div>
    </section>
  );
}
