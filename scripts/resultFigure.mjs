/** The figure of one method: data on their way to normality, the density on its way to the data, the score. */
import * as Plot from "@observablehq/plot";
import { contours, faint, figureOf, panel, text } from "./figureParts.mjs";

const panelSide = 210;
const panelGap = 34;
const leftMargin = 58;
const topMargin = 76;
const lineHeight = 130;

/** A circle around 0, which holds a known share of a standard normal distribution. */
const circle = (radius) =>
  Plot.line(
    Array.from({ length: 121 }, (_, i) => [
      radius * Math.cos((i * Math.PI) / 60),
      radius * Math.sin((i * Math.PI) / 60),
    ]),
    { stroke: "#9aa2ae", strokeWidth: 0.8, strokeDasharray: "3,3" },
  );

/** Rows in the base, a mark a color; those off the panel are left out. */
const dots = (points, colors) =>
  [...new Set(colors)].map((color) =>
    Plot.dot(
      points.filter((point, i) => colors[i] === color && point.every((value) => Math.abs(value) < 4)),
      { r: 1.4, fill: color, fillOpacity: 0.6 },
    ),
  );

/**
 * The figure as SVG.
 *
 * `stages` hold t, the rows' places in the base, the flow's density on a square grid, and its side; `scores` the
 * held-out log-likelihood along t; `legend` names the colors of the rows, `along` what t is.
 */
export function resultFigure({
  title,
  stages,
  colors,
  legend,
  data,
  limits,
  scores,
  chosen,
  along = "steps t",
}) {
  const width = leftMargin + 3 * panelSide + 2 * panelGap + 26;
  const secondTop = topMargin + panelSide + 56;
  const thirdTop = secondTop + panelSide + 76;
  const height = thirdTop + lineHeight + 50;
  const parts = [text(leftMargin, 26, title, { size: 15 })];
  let at = leftMargin;
  for (const [name, color] of legend) {
    parts.push(`<circle cx="${at + 4}" cy="42" r="4" fill="${color}"/>`);
    parts.push(text(at + 13, 46, name, { size: 11, color: faint }));
    at += 34 + name.length * 6.2;
  }
  stages.forEach(({ t, places, density, size }, i) => {
    const left = leftMargin + i * (panelSide + panelGap);
    const normal = { domain: [-4, 4], ticks: [-4, -2, 0, 2, 4] };
    parts.push(
      text(left + panelSide / 2, topMargin - 4, `rows after t = ${t}`, { size: 11.5, anchor: "middle" }),
    );
    parts.push(
      panel(left, topMargin + 4, panelSide, panelSide, {
        x: normal,
        y: normal,
        ticksLeft: i === 0,
        marks: [...dots(places, colors), circle(1), circle(2), circle(3)],
      }),
    );
    const angle = { domain: limits, ticks: [-180, -90, 0, 90, 180] };
    parts.push(
      text(left + panelSide / 2, secondTop - 8, `density at t = ${t}`, { size: 11.5, anchor: "middle" }),
    );
    parts.push(
      panel(left, secondTop, panelSide, panelSide, {
        x: angle,
        y: angle,
        ticksLeft: i === 0,
        marks: [
          ...contours(density, size, limits),
          Plot.dot(data.slice(0, 400), { r: 0.8, fill: "#111", fillOpacity: 0.6 }),
        ],
      }),
    );
    parts.push(
      text(left + panelSide / 2, secondTop + panelSide + 34, "phi", { size: 11.5, anchor: "middle" }),
    );
  });
  parts.push(text(20, secondTop + panelSide / 2, "psi", { size: 11.5, anchor: "middle", rotate: -90 }));
  const heights = scores.map(([, score]) => score);
  const low = Math.min(...heights);
  const high = Math.max(...heights);
  const margin = 0.08 * (high - low);
  const lineWidth = 3 * panelSide + 2 * panelGap;
  parts.push(
    panel(leftMargin, thirdTop, lineWidth, lineHeight, {
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
    text(leftMargin + lineWidth / 2, thirdTop - 10, "held-out log-likelihood, nats per row", {
      size: 11.5,
      anchor: "middle",
    }),
  );
  parts.push(
    text(leftMargin + lineWidth / 2, thirdTop + lineHeight + 36, along, { size: 11.5, anchor: "middle" }),
  );
  return figureOf(width, height, parts);
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
  return figureOf(width, height, parts);
}
