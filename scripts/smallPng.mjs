/** A PNG of at most 256 colors: a quarter of the size of one of all colors, with nothing lost to the eye. */
import { fileURLToPath } from "node:url";
import { crc32, deflateSync } from "node:zlib";
import { Resvg } from "@resvg/resvg-js";

const fontFile = fileURLToPath(new URL("../dist/DejaVuSans.ttf", import.meta.url));
const colorCount = 256;

function chunk(type, data) {
  const out = Buffer.alloc(data.length + 12);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, "latin1");
  out.set(data, 8);
  out.writeUInt32BE(crc32(out.subarray(4, data.length + 8)), data.length + 8);
  return out;
}

/** The commonest colors to five bits a channel, and for each color the place of the nearest of them. */
function paletteOf(pixels) {
  const counts = new Map();
  const keyAt = (i) => ((pixels[i] >> 3) << 10) | ((pixels[i + 1] >> 3) << 5) | (pixels[i + 2] >> 3);
  for (let i = 0; i < pixels.length; i += 4) {
    const key = keyAt(i);
    const entry = counts.get(key) ?? [0, 0, 0, 0];
    entry[0]++;
    for (let channel = 0; channel < 3; channel++) entry[channel + 1] += pixels[i + channel];
    counts.set(key, entry);
  }
  const mean = ([count, ...sums]) => sums.map((sum) => Math.round(sum / count));
  const colors = [...counts.values()]
    .sort((a, b) => b[0] - a[0])
    .slice(0, colorCount)
    .map(mean);
  const places = new Map();
  for (const [key, entry] of counts) {
    const own = mean(entry);
    const distance = (color) => color.reduce((sum, value, i) => sum + (value - own[i]) ** 2, 0);
    let best = 0;
    for (let i = 1; i < colors.length; i++) if (distance(colors[i]) < distance(colors[best])) best = i;
    places.set(key, best);
  }
  return { colors, placeAt: (i) => places.get(keyAt(i)) };
}

/** An SVG on an opaque background as PNG, `zoom` pixels for one of its own. */
export function smallPng(svg, zoom) {
  const { pixels, width, height } = new Resvg(svg, {
    fitTo: { mode: "zoom", value: zoom },
    font: { fontFiles: [fontFile], loadSystemFonts: false, defaultFontFamily: "DejaVu Sans" },
  }).render();
  const { colors, placeAt } = paletteOf(pixels);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Eight bits, a palette, and the only ways to compress, filter and order that suit it.
  header.set([8, 3, 0, 0, 0], 8);
  const lines = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) lines[y * (width + 1) + 1 + x] = placeAt(4 * (y * width + x));
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(colors.flat())),
    chunk("IDAT", deflateSync(lines, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
