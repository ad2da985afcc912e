// Draws the picture of each kind of flow: its density, fitted to 2,000 pairs of backbone angles, into docs/images/flows.
// node scripts/flowPictures.mjs [KIND...]
import { mkdirSync, writeFileSync } from "node:fs";
import { crc32, deflateSync } from "node:zlib";
import { fit, readTable, tableFromRows } from "../dist/index.js";
import { kindPages } from "../docs/flows/kindPages.mjs";

const size = 180;
const rowsUsed = 2000;

/** A PNG of one byte per pixel, a place in a palette of 256 colors. */
function palettePng(pixels, palette) {
  const chunk = (type, data) => {
    const out = Buffer.alloc(data.length + 12);
    out.writeUInt32BE(data.length, 0);
    out.write(type, 4, "latin1");
    out.set(data, 8);
    out.writeUInt32BE(crc32(out.subarray(4, data.length + 8)), data.length + 8);
    return out;
  };
  const header = Buffer.from([0, 0, 0, size, 0, 0, 0, size, 8, 3, 0, 0, 0]);
  const lines = Buffer.alloc(size * (size + 1));
  for (let y = 0; y < size; y++) lines.set(pixels.subarray(y * size, (y + 1) * size), y * (size + 1) + 1);
  const data = deflateSync(lines, { level: 9 });
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("PLTE", palette),
    chunk("IDAT", data),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** White for a density of 0, dark blue for the largest; between them steps of equal lightness. */
const palette = Buffer.from(
  Array.from({ length: 256 }, (_, i) => {
    const share = i / 255;
    return [255 - 237 * share, 255 - 200 * share, 255 - 140 * share].map(Math.round);
  }).flat(),
);

const all = await readTable(new URL("../demo/ramachandran.csv.gz", import.meta.url).pathname);
const step = Math.floor(all.rows / rowsUsed);
const table = tableFromRows(
  all.columns,
  Array.from({ length: rowsUsed }, (_, i) => [all.values[2 * i * step], all.values[2 * i * step + 1]]),
);
const places = Array.from({ length: size * size }, (_, i) => [
  -180 + (360 * ((i % size) + 0.5)) / size,
  180 - (360 * (Math.floor(i / size) + 0.5)) / size,
]);
const grid = tableFromRows(all.columns, places);
const folder = new URL("../docs/images/flows/", import.meta.url);
mkdirSync(folder, { recursive: true });
const asked = process.argv.slice(2);
for (const { kind } of kindPages.filter((page) => asked.length === 0 || asked.includes(page.kind))) {
  const isSlow = kind === "cnf" || kind === "flow-matching";
  const kinds = kind === "ncsf" && {
    kinds: Object.fromEntries(all.columns.map((name) => [name, "angle:360"])),
  };
  const { flow } = await fit(table, { flow: kind, seed: 1, ...(isSlow && { epochs: 40 }), ...kinds });
  const logProb = await flow.logProb(grid);
  // One scale for all pictures: the density of a row in the middle of the helices is about exp(-6.5).
  const pixels = Uint8Array.from(logProb, (value) =>
    Math.round(255 * Math.min(1, Math.exp((value + 7) / 3))),
  );
  writeFileSync(new URL(`${kind}.png`, folder), palettePng(pixels, palette));
  console.log(kind);
}
