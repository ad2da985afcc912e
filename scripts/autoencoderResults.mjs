/**
 * The bound of an autoencoder on digits held out, against the number of planar maps in its posterior. Writes
 * docs/results/autoencoder.png and the table of docs/results/amortized.md.
 */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as Plot from "@observablehq/plot";
import { binarized, bounds, drawDigits, pixels, readDigits, trainVae, vae } from "../examples/vae/model.js";
import { faint, figureOf, panel, text } from "./figureParts.mjs";
import { markdownTable, minus, writeBetween } from "./markdownPage.mjs";
import { smallPng } from "./smallPng.mjs";

const mapCounts = [0, 2, 8];
const seeds = [1, 2, 3];
const trainedRows = 9000;
const epochCount = 20;
const batchSize = 100;
const sampleCount = 64;
const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

const mean = (values) => values.reduce((sum, own) => sum + own, 0) / values.length;
const standardError = (values) => {
  const center = mean(values);
  return Math.sqrt(
    values.reduce((sum, own) => sum + (own - center) ** 2, 0) / (values.length - 1) / values.length,
  );
};

/** One fit: means over the digits held out, in nats, and digits drawn from the model. */
async function run(maps, seed, shades, heldOut) {
  const start = performance.now();
  const model = vae({ maps });
  const steps = epochCount * Math.round(trainedRows / batchSize);
  const { values } = await trainVae(model, shades.slice(0, trainedRows * pixels), {
    seed,
    epochs: epochCount,
    batch: batchSize,
    warmUp: 0.4 * steps,
  });
  const seconds = (performance.now() - start) / 1000;
  const { single, weighted } = await bounds(model, values, heldOut, { samples: sampleCount, seed });
  const found = { seed, seconds, bound: mean(single), weighted: mean(weighted) };
  console.log(
    `autoencoder, ${maps} maps, seed ${seed}: ${found.bound.toFixed(2)}, ${found.weighted.toFixed(2)} nats, ${seconds.toFixed(0)} s`,
  );
  return { ...found, digits: await drawDigits(model, values, 2 * 8, { seed }) };
}

/** Digits as squares of gray, eight in a line. */
function digitGrid(left, top, size, digits) {
  const cell = size / 28;
  const parts = [];
  for (let digit = 0; digit < digits.length / pixels; digit++)
    for (let i = 0; i < pixels; i++) {
      const level = Math.round(15 * digits[digit * pixels + i]);
      if (level === 0) continue;
      const x = left + (digit % 8) * (size + 4) + (i % 28) * cell;
      const y = top + Math.floor(digit / 8) * (size + 4) + Math.floor(i / 28) * cell;
      const gray = (255 - 17 * level).toString(16).padStart(2, "0");
      parts.push(
        `<rect x="${x.toFixed(2)}" y="${y.toFixed(2)}" width="${(cell + 0.1).toFixed(2)}" height="${(cell + 0.1).toFixed(2)}" fill="#${gray}${gray}${gray}"/>`,
      );
    }
  return parts.join("");
}

function figure(fits) {
  const [left, top, side] = [64, 70, 230];
  const points = fits.flatMap(({ maps, runs }) => runs.map(({ bound }) => ({ maps, bound })));
  const lines = fits.map(({ maps, runs }) => {
    const values = runs.map(({ bound }) => bound);
    const [center, error] = [mean(values), standardError(values)];
    return { maps, center, low: center - 2 * error, high: center + 2 * error };
  });
  const all = [...points.map(({ bound }) => bound), ...lines.flatMap(({ low, high }) => [low, high])];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const margin = 0.1 * (high - low);
  const most = mapCounts.at(-1);
  const grids = left + side + 60;
  const parts = [
    text(left, 26, "An autoencoder with planar maps in its posterior", { size: 15 }),
    text(left, 46, `held-out bound, nats a digit: ${seeds.length} seeds, their mean ± 2 standard errors`, {
      size: 11,
      color: faint,
    }),
    panel(left, top, side, side, {
      x: { domain: [-0.06 * most, 1.06 * most], ticks: mapCounts },
      y: { domain: [low - margin, high + margin], ticks: 6 },
      marks: [
        Plot.gridY({ stroke: "#eceff3", strokeOpacity: 1, ticks: 6 }),
        Plot.line(lines, { x: "maps", y: "center", stroke: "#1f6fb4", strokeWidth: 1.6 }),
        Plot.ruleX(lines, { x: "maps", y1: "low", y2: "high", stroke: "#1f6fb4", strokeWidth: 2 }),
        Plot.dot(points, { x: "maps", y: "bound", fill: "#d9540f", r: 2.4 }),
      ],
    }),
    text(left + side / 2, top + side + 34, "planar maps K", { size: 11.5, anchor: "middle" }),
  ];
  [fits[0], fits.at(-1)].forEach(({ maps, runs }, i) => {
    const above = top + i * 122;
    parts.push(
      text(grids, above + 6, `drawn from the model trained with K = ${maps}`, { size: 11, color: faint }),
      digitGrid(grids, above + 14, 44, runs[0].digits),
    );
  });
  return figureOf(grids + 8 * 48 + 20, top + side + 56, parts);
}

/** Trains, evaluates, writes the figure and the table. */
export async function writeAutoencoder() {
  const shades = await readDigits();
  const heldOut = binarized(shades.slice(trainedRows * pixels), 1);
  const fits = [];
  for (const maps of mapCounts) {
    const runs = [];
    for (const seed of seeds) runs.push(await run(maps, seed, shades, heldOut));
    fits.push({ maps, runs });
  }
  await writeFile(path("docs/results/autoencoder.png"), smallPng(figure(fits), 1.5));
  console.log("docs/results/autoencoder.png");
  const plusMinus = (values) => `${minus(mean(values), 2)} ± ${standardError(values).toFixed(2)}`;
  const lines = fits.map(({ maps, runs }, i) => [
    String(maps),
    plusMinus(runs.map(({ bound }) => bound)),
    i === 0 ? "" : plusMinus(runs.map(({ bound }, seed) => bound - fits[0].runs[seed].bound)),
    plusMinus(runs.map(({ weighted }) => weighted)),
    i === 0 ? "" : plusMinus(runs.map(({ weighted }, seed) => weighted - fits[0].runs[seed].weighted)),
    mean(runs.map(({ seconds }) => seconds)).toFixed(0),
  ]);
  const head = [
    "K",
    "bound",
    "more than K = 0",
    `${sampleCount} samples`,
    "more than K = 0",
    "seconds a fit",
  ];
  await writeBetween(path("docs/results/amortized.md"), "autoencoder", markdownTable(head, lines).join("\n"));
}
