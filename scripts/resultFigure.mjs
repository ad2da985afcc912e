/** The figure of one method: data on their way to normality, the density on its way to the data, the score. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom/worker";

const INK = "#2b2f36";
const FAINT = "#6d7480";
const FONT = `"DejaVu Sans", Verdana, "Segoe UI", sans-serif`;
const SIDE = 210;
const GAP = 34;
const ROOM = 44;
const LEFT = 58;
const TOP = 76;
const LINE_HEIGHT = 130;

/** From the outermost contour to the innermost. */
const BLUES = ["#eef4fa", "#dbe8f4", "#c2d9ec", "#a0c5e1", "#76abd3", "#4f8fc2", "#2f71ac", "#1a5390"];

const text = (x, y, content, { size = 12, color = INK, anchor = "start", rotate } = {}) =>
  `<text x="${x}" y="${y}" font-size="${size}" fill="${color}" text-anchor="${anchor}"` +
  `${rotate === undefined ? "" : ` transform="rotate(${rotate} ${x} ${y})"`}>${content.replaceAll("<", "&lt;")}</text>`;

/** A drawing of Plot whose frame's upper left corner is at (left, top). */
function panel(left, top, width, height, { x, y, marks, ticksLeft = true }) {
  const { document } = parseHTML("<html><body></body></html>");
  const axis = { tickSize: 4, tickPadding: 4, color: FAINT, label: null, fontSize: 10.5 };
  const minus = (value) => String(value).replace("-", "−");
  const drawing = Plot.plot({
    document,
    width: width + 2 * ROOM,
    height: height + 2 * ROOM,
    margin: ROOM,
    x: { domain: x.domain, axis: null, type: "linear" },
    y: { domain: y.domain, axis: null },
    style: { background: "none" },
    marks: [
      ...marks,
      Plot.frame({ stroke: "#c9ced6" }),
      Plot.axisX({ anchor: "bottom", ...axis, ticks: x.ticks, tickFormat: minus }),
      ticksLeft
        ? Plot.axisY({ anchor: "left", ...axis, ticks: y.ticks, tickFormat: y.format ?? minus })
        : null,
    ],
  });
  drawing.querySelector("style")?.remove();
  for (const [name, value] of Object.entries({ x: left - ROOM, y: top - ROOM, overflow: "visible" }))
    drawing.setAttribute(name, String(value));
  drawing.removeAttribute("class");
  return drawing.outerHTML;
}

/** A circle around 0, which holds a known share of a standard normal distribution. */
const circle = (radius) =>
  Plot.line(
    Array.from({ length: 121 }, (_, i) => [
      radius * Math.cos((i * Math.PI) / 60),
      radius * Math.sin((i * Math.PI) / 60),
    ]),
    { stroke: "#9aa2ae", strokeWidth: 0.8, strokeDasharray: "3,3" },
  );

/** Rows in the base, a mark a colour; those off the panel are left out. */
const dots = (points, colors) =>
  [...new Set(colors)].map((color) =>
    Plot.dot(
      points.filter((point, i) => colors[i] === color && point.every((value) => Math.abs(value) < 4)),
      { r: 1.4, fill: color, fillOpacity: 0.6 },
    ),
  );

/** Filled contours of a density on a grid: where it is above each level, a darker blue. */
function contours(density, size, [low, high]) {
  const sorted = Float64Array.from(density).sort().reverse();
  const total = sorted.reduce((sum, value) => sum + value, 0);
  // Levels enclose known shares of the probability, so that figures of different methods can be compared.
  const shares = [0.99, 0.95, 0.85, 0.7, 0.5, 0.35, 0.2, 0.1];
  return shares.map((share, i) => {
    let sum = 0;
    const level = sorted[sorted.findIndex((value) => (sum += value) >= share * total)];
    const values = Float64Array.from(density, (value) => Math.log(value + 1e-300));
    return Plot.contour(values, {
      width: size,
      height: size,
      x1: low,
      y1: low,
      x2: high,
      y2: high,
      thresholds: [Math.log(level)],
      fill: BLUES[i],
      stroke: "none",
    });
  });
}

/**
 * The figure as SVG.
 *
 * `stages` hold t, the rows' places in the base, the flow's density on a square grid, and its side; `scores` the
 * held-out log-likelihood along t; `legend` names the colours of the rows.
 */
export function resultFigure({ title, stages, colors, legend, data, limits, scores, chosen }) {
  const width = LEFT + 3 * SIDE + 2 * GAP + 26;
  const secondTop = TOP + SIDE + 56;
  const thirdTop = secondTop + SIDE + 76;
  const height = thirdTop + LINE_HEIGHT + 50;
  const parts = [text(LEFT, 26, title, { size: 15 })];
  let at = LEFT;
  for (const [name, color] of legend) {
    parts.push(`<circle cx="${at + 4}" cy="42" r="4" fill="${color}"/>`);
    parts.push(text(at + 13, 46, name, { size: 11, color: FAINT }));
    at += 34 + name.length * 6.2;
  }
  stages.forEach(({ t, places, density, size }, i) => {
    const left = LEFT + i * (SIDE + GAP);
    const normal = { domain: [-4, 4], ticks: [-4, -2, 0, 2, 4] };
    parts.push(text(left + SIDE / 2, TOP - 4, `rows after t = ${t}`, { size: 11.5, anchor: "middle" }));
    parts.push(
      panel(left, TOP + 4, SIDE, SIDE, {
        x: normal,
        y: normal,
        ticksLeft: i === 0,
        marks: [...dots(places, colors), circle(1), circle(2), circle(3)],
      }),
    );
    const angle = { domain: limits, ticks: [-180, -90, 0, 90, 180] };
    parts.push(text(left + SIDE / 2, secondTop - 8, `density at t = ${t}`, { size: 11.5, anchor: "middle" }));
    parts.push(
      panel(left, secondTop, SIDE, SIDE, {
        x: angle,
        y: angle,
        ticksLeft: i === 0,
        marks: [
          ...contours(density, size, limits),
          Plot.dot(data.slice(0, 400), { r: 0.8, fill: "#111", fillOpacity: 0.6 }),
        ],
      }),
    );
    parts.push(text(left + SIDE / 2, secondTop + SIDE + 34, "phi", { size: 11.5, anchor: "middle" }));
  });
  parts.push(text(20, secondTop + SIDE / 2, "psi", { size: 11.5, anchor: "middle", rotate: -90 }));
  const heights = scores.map(([, score]) => score);
  const low = Math.min(...heights);
  const high = Math.max(...heights);
  const margin = 0.08 * (high - low);
  const lineWidth = 3 * SIDE + 2 * GAP;
  parts.push(
    panel(LEFT, thirdTop, lineWidth, LINE_HEIGHT, {
      x: { domain: [0, scores.at(-1)[0]], ticks: 8 },
      y: { domain: [low - margin, high + margin], ticks: 5, format: (v) => v.toFixed(1).replace("-", "−") },
      marks: [
        Plot.gridY({ stroke: "#eceff3", strokeOpacity: 1, ticks: 5 }),
        Plot.line(scores, { stroke: "#1f6fb4", strokeWidth: 1.6 }),
        Plot.dot(scores, { fill: "#1f6fb4", r: 2 }),
        Plot.dot(
          scores.filter(([t]) => chosen.includes(t)),
          { fill: "#d9540f", r: 4 },
        ),
      ],
    }),
  );
  parts.push(
    text(LEFT + lineWidth / 2, thirdTop - 10, "held-out log-likelihood, nats a row", {
      size: 11.5,
      anchor: "middle",
    }),
  );
  parts.push(
    text(LEFT + lineWidth / 2, thirdTop + LINE_HEIGHT + 36, "steps t", { size: 11.5, anchor: "middle" }),
  );
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family='${FONT}'><rect width="${width}" height="${height}" fill="#fff"/>${parts.join("")}</svg>`
  );
}

/** Densities on a square grid as SVG: a row a flow, a column a target. */
export function densityGrid({ title, columns, rows, side, limits }) {
  const [size, gap, left, top] = [150, 8, 76, 62];
  const width = left + columns.length * (size + gap) + 16;
  const height = top + rows.length * (size + gap) + 16;
  const parts = [text(left, 26, title, { size: 15 })];
  columns.forEach((name, column) => {
    parts.push(text(left + column * (size + gap) + size / 2, top - 8, name, { anchor: "middle" }));
  });
  rows.forEach(({ label, densities }, row) => {
    const above = top + row * (size + gap);
    parts.push(text(left - 12, above + size / 2 + 4, label, { anchor: "end" }));
    densities.forEach((density, column) => {
      const axis = { domain: limits, ticks: [] };
      parts.push(
        panel(left + column * (size + gap), above, size, size, {
          x: axis,
          y: axis,
          ticksLeft: false,
          marks: contours(density, side, limits),
        }),
      );
    });
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family='${FONT}'><rect width="${width}" height="${height}" fill="#fff"/>${parts.join("")}</svg>`
  );
}
