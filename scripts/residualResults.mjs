/** What a residual flow finds, and how its iterations converge beside what is proved of them. */
import * as Plot from "@observablehq/plot";
import { seriesError } from "../dist/bijections.js";
import { wasmEngine } from "../dist/engines.js";
import { bindTree, ops as g, jvp, subtreeOf } from "../dist/graph.js";
import { fit } from "../dist/index.js";
import { RandomStream, randomKey } from "../dist/random.js";
import { contours, faint, figureOf, panel, text } from "./figureParts.mjs";

const seed = 1;
const roundCount = 60;
const termCount = 40;
const pointCount = 400;
const panelSide = 210;
const [leftMargin, topMargin, panelGap] = [58, 84, 62];

/** Values of a model file by name. */
function tensorsOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  const data = bytes.slice(8 + length).buffer;
  return Object.fromEntries(
    Object.entries(header).flatMap(([name, { dtype, data_offsets: at }]) => {
      if (!at) return [];
      const part = data.slice(at[0], at[1]);
      return [[name, Float64Array.from(dtype === "F64" ? new Float64Array(part) : new Float32Array(part))]];
    }),
  );
}

/** The values that a program has parameters for. */
const valuesFor = ({ parameters }, values) =>
  Object.fromEntries(Object.entries(values).filter(([name]) => parameters.has(name)));

async function run(program, values, inputs) {
  const compiled = await wasmEngine({ precision: "float64" }).compile(program);
  await compiled.setParameters(valuesFor(compiled, values));
  const { rows } = await compiled.run({ rows: pointCount, inputs });
  compiled.dispose();
  return rows;
}

/** Of the map next to the base: the largest error of an iterate, and of a series, over points, and their bounds. */
async function convergenceOf(flow) {
  // Before the preparation of the data.
  const [bijection] = flow.bijection.parts;
  const { features } = bijection;
  const values = tensorsOf(flow.toBytes());
  const bound = subtreeOf(bindTree({ bijection: bijection.parameters }), "bijection");
  const at = bijection.parts.findIndex(({ type }) => type === "residual");
  const map = bijection.parts[at];
  const own = subtreeOf(bound, String(at));
  const stream = new RandomStream(randomKey(seed));
  const noise = Float64Array.from({ length: pointCount * features }, () => stream.normal());
  let x = g.input("noise", [features]);
  for (let i = 0; i < at; i++) x = bijection.parts[i].forward(x, subtreeOf(bound, String(i))).value;
  const y = map.forward(x, own).value;
  const image = g.sub(map.inverse(y, own).value, y);
  const unit = (k) => g.constant(Float64Array.from({ length: features }, (_, i) => Number(i === k)));
  const columns = Array.from({ length: features }, (_, k) => jvp([image], [y], [unit(k)])[0]);
  const { logAbsDet } = map.inverse(y, own);
  const found = await run({ rows: { x, y, columns: g.concatenate(columns), logAbsDet } }, values, { noise });
  const state = g.input("state", [features]);
  const next = g.sub(g.input("x", [features]), g.sub(map.inverse(state, own).value, state));
  const step = await wasmEngine({ precision: "float64" }).compile({ rows: { next } });
  await step.setParameters(valuesFor(step, values));
  const L = map.lipschitz;
  const inverse = [];
  let iterate = found.x;
  let first;
  for (let k = 1; k <= roundCount; k++) {
    const before = iterate;
    iterate = (await step.run({ rows: pointCount, inputs: { state: before, x: found.x } })).rows.next;
    const distance = (a, b) =>
      Math.max(
        ...Array.from({ length: pointCount }, (_, row) =>
          Math.hypot(
            ...Array.from({ length: features }, (_, i) => a[row * features + i] - b[row * features + i]),
          ),
        ),
      );
    first ??= distance(iterate, before);
    inverse.push([k, distance(iterate, found.y), (L ** k / (1 - L)) * first]);
  }
  step.dispose();
  const errors = Array.from({ length: termCount }, () => 0);
  for (let row = 0; row < pointCount; row++) {
    // Column by column: element (i, k) is at k * features + i; the traces of powers do not mind the transpose.
    const j = found.columns.subarray(row * features ** 2, (row + 1) * features ** 2);
    let power = Float64Array.from({ length: features ** 2 }, (_, i) => Number(i % (features + 1) === 0));
    let sum = 0;
    for (let k = 1; k <= termCount; k++) {
      power = product(power, j, features);
      sum += ((k % 2 === 1 ? 1 : -1) / k) * trace(power, features);
      errors[k - 1] = Math.max(errors[k - 1], Math.abs(sum - found.logAbsDet[row]));
    }
  }
  const series = errors.map((error, i) => [i + 1, error, seriesError(features, L, i + 1)]);
  return { inverse, series };
}

const trace = (a, n) => Array.from({ length: n }, (_, i) => a[i * n + i]).reduce((x, y) => x + y, 0);
const product = (a, b, n) =>
  Float64Array.from({ length: n * n }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += a[Math.floor(at / n) * n + k] * b[k * n + (at % n)];
    return sum;
  });

const powers = (value) => `10${[...String(value)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit] ?? "⁻").join("")}`;

/** Errors and their bound, on a scale of powers of ten. */
function lines(left, title, label, data, count) {
  const height = (value) => Math.log10(Math.max(value, 1e-8));
  const of = (place) => data.map((entry) => [entry[0], height(entry[place])]);
  return [
    text(left + panelSide / 2, topMargin - 4, title, { size: 11.5, anchor: "middle" }),
    panel(left, topMargin + 4, panelSide, panelSide, {
      x: { domain: [1, count], ticks: [1, count / 4, count / 2, (3 * count) / 4, count] },
      y: { domain: [-8, 2], ticks: [-8, -6, -4, -2, 0, 2], format: powers },
      marks: [
        Plot.line(of(2), { stroke: "#d9540f", strokeWidth: 1.6 }),
        Plot.line(of(1), { stroke: "#1f6fb4", strokeWidth: 1.6 }),
      ],
    }),
    text(left + panelSide / 2, topMargin + panelSide + 38, label, { size: 11.5, anchor: "middle" }),
  ];
}

/**
 * The figure as SVG.
 *
 * `train` is fitted; `drawn` are rows that are shown; `grid` a table of the middles of cells of a square, `size` a side.
 */
export async function residualFigure({ train, drawn, grid, size, limits }) {
  const { flow } = await fit(train, { flow: "residual", seed });
  const density = (await flow.logProb(grid)).map(Math.exp);
  const { inverse, series } = await convergenceOf(flow);
  const angle = { domain: limits, ticks: [-180, -90, 0, 90, 180] };
  const second = leftMargin + panelSide + panelGap;
  const third = second + panelSide + panelGap;
  return figureOf(third + panelSide + 30, topMargin + panelSide + 58, [
    text(leftMargin, 26, "Residual flow: protein backbone angles", { size: 15 }),
    text(leftMargin, 46, "blue: largest error of 400 points", { size: 11, color: "#1f6fb4" }),
    text(leftMargin + 195, 46, "orange: its bound", { size: 11, color: "#d9540f" }),
    text(leftMargin + panelSide / 2, topMargin - 4, "density", { size: 11.5, anchor: "middle" }),
    panel(leftMargin, topMargin + 4, panelSide, panelSide, {
      x: angle,
      y: angle,
      marks: [
        ...contours(density, size, limits),
        Plot.dot(drawn.slice(0, 400), { r: 0.8, fill: "#111", fillOpacity: 0.6 }),
      ],
    }),
    text(leftMargin + panelSide / 2, topMargin + panelSide + 38, "phi", {
      size: 11.5,
      anchor: "middle",
      color: faint,
    }),
    text(20, topMargin + panelSide / 2, "psi", { size: 11.5, anchor: "middle", rotate: -90, color: faint }),
    ...lines(second, "a sample of one map", "rounds", inverse, roundCount),
    ...lines(third, "a log-determinant", "terms of the series", series, termCount),
  ]);
}
