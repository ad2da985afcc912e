// Draws what the engine makes of a program: node scripts/drawPlan.mjs PROGRAM.mjs OUT.svg
// PROGRAM.mjs has a program as its default export. From top to bottom a tile's calls; from left to right the memory of a thread, with
// each value from the call that makes it to the last that reads it. Levels of shared values, between which threads meet, stand around.
import { writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { explain } from "../dist/engines.js";

const [input, output] = process.argv.slice(2);
if (!input || !output) {
  console.error("give a file that exports a program, and the name of the drawing: PROGRAM.mjs OUT.svg");
  process.exit(2);
}
const { default: program } = await import(pathToFileURL(input));
await writeFile(output, drawing(JSON.parse(explain(program, { format: "json" })), explain(program)));

/** The number of the line, from 0, at which a tile touches each value of rows for the first and the last time. */
function lifetimesOf({ tile, values }) {
  const lives = new Map();
  let line = 0;
  const touch = (call, from, to) => {
    for (const { kind, value } of call.arguments) {
      if (kind !== "value" || values[value].place.kind !== "arena") continue;
      const life = lives.get(value) ?? { first: from, last: to };
      lives.set(value, { first: life.first, last: Math.max(life.last, to) });
    }
  };
  const callsIn = (items) => items.flatMap((item) => (item.items ? callsIn(item.items) : [item]));
  const walk = (items) => {
    for (const item of items) {
      if (!item.items) touch(item, line, line++);
      else {
        const start = line++;
        walk(item.items);
        if (item.until) touch(item.until, line, line++);
        // What a loop reads from before it is kept until it ends.
        for (const { arguments: list } of callsIn(item.items))
          for (const { kind, value } of list)
            if (kind === "value" && lives.get(value)?.first < start) lives.get(value).last = line - 1;
      }
    }
  };
  walk(tile);
  return lives;
}

function drawing(plan, text) {
  const [rowHeight, textWidth, chartWidth, margin] = [16, 560, 400, 16];
  const { values, target, memory } = plan;
  const lines = text.trimEnd().split("\n");
  const tileAt = lines.findIndex((line) => line.startsWith("tile of"));
  const lives = lifetimesOf(plan);
  const most = Math.max(1, ...values.map((value, id) => (lives.has(id) ? endOf(value) : 0)));
  const [width, height] = [textWidth + chartWidth + 2 * margin, (lines.length + 1) * rowHeight + 2 * margin];
  const yOf = (line) => margin + rowHeight * line;
  const xOf = (bytes) => margin + textWidth + (chartWidth * bytes) / most;
  const escaped = (word) => word.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const cut = (line) => (line.length > 88 ? `${line.slice(0, 87)}…` : line);

  function endOf({ place, size, pitch = size }) {
    return place.offset + target.rowLength * pitch * target.numberBytes;
  }
  const parts = lines.map((line, i) => {
    const isHead = !line.startsWith(" ");
    const weight = isHead && i >= 4 ? ' font-weight="600"' : "";
    const rule =
      /, level \d+$/.test(line) || i === tileAt
        ? `<path d="M${margin} ${yOf(i) + 1}H${width - margin}" class="rule"/>`
        : "";
    return `${rule}<text x="${margin}" y="${yOf(i) + 12}" xml:space="preserve"${weight}>${escaped(cut(line))}</text>`;
  });
  for (const [id, { first, last }] of lives) {
    const value = values[id];
    const [x, y] = [xOf(value.place.offset), yOf(tileAt + 1 + first)];
    const [w, h] = [xOf(endOf(value)) - x, rowHeight * (last - first + 1)];
    const label = `${value.name}.${id}`;
    const shown = w > 6.4 * label.length + 6 ? label : w > 6.4 * `${id}`.length + 4 ? `${id}` : "";
    parts.push(
      `<g><title>${escaped(label)}: ${endOf(value) - value.place.offset} bytes</title>` +
        `<rect x="${x.toFixed(1)}" y="${y + 1}" width="${Math.max(1, w - 1).toFixed(1)}" height="${h - 2}" rx="2"/>` +
        `<text x="${(x + 3).toFixed(1)}" y="${y + 12}" class="name">${escaped(shown)}</text>` +
        "</g>",
    );
  }
  const note = `memory of a thread: ${memory.arenaBytes} bytes, each value while it is needed`;
  parts.push(`<text x="${margin + textWidth}" y="${yOf(tileAt) + 12}" class="note">${cut(note)}</text>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>The plan of a program</title>
<style>text{font:10.5px ui-monospace,Menlo,Consolas,monospace;fill:#24292f}.name{fill:#0b3d66}.note{font-size:9px;fill:#57606a}
rect{fill:#9ecbf2;fill-opacity:.75;stroke:#4a90c2;stroke-width:.6}.rule{stroke:#d0d7de;fill:none}</style>
<rect width="${width}" height="${height}" style="fill:#fff;fill-opacity:1;stroke:none"/>
${parts.join("\n")}
</svg>
`;
}
