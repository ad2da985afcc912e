/** Parts that all figures share: colors, words, and drawings placed in one SVG. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom/worker";

const ink = "#2b2f36";
export const faint = "#6d7480";
const fontFamily = `"DejaVu Sans", Verdana, "Segoe UI", sans-serif`;
const panelRoom = 44;

/** From the outermost contour to the innermost. */
const blues = ["#eef4fa", "#dbe8f4", "#c2d9ec", "#a0c5e1", "#76abd3", "#4f8fc2", "#2f71ac", "#1a5390"];

const minus = (value) => String(value).replace("-", "−");

/** A line of text as SVG. */
export const text = (x, y, content, { size = 12, color = ink, anchor = "start", rotate } = {}) =>
  `<text x="${x}" y="${y}" font-size="${size}" fill="${color}" text-anchor="${anchor}"` +
  `${rotate === undefined ? "" : ` transform="rotate(${rotate} ${x} ${y})"`}>${content.replaceAll("<", "&lt;")}</text>`;

/** A drawing of Plot whose frame's upper left corner is at (left, top). */
export function panel(left, top, width, height, { x, y, marks, ticksLeft = true }) {
  const { document } = parseHTML("<html><body></body></html>");
  const axis = { tickSize: 4, tickPadding: 4, color: faint, label: null, fontSize: 10.5 };
  const drawing = Plot.plot({
    document,
    width: width + 2 * panelRoom,
    height: height + 2 * panelRoom,
    margin: panelRoom,
    x: { domain: x.domain, axis: null, type: "linear" },
    y: { domain: y.domain, axis: null },
    style: { background: "none" },
    marks: [
      ...marks,
      Plot.frame({ stroke: "#c9ced6" }),
      Plot.axisX({ anchor: "bottom", ...axis, ticks: x.ticks, tickFormat: x.format ?? minus }),
      ticksLeft
        ? Plot.axisY({ anchor: "left", ...axis, ticks: y.ticks, tickFormat: y.format ?? minus })
        : null,
    ],
  });
  drawing.querySelector("style")?.remove();
  for (const [name, value] of Object.entries({
    x: left - panelRoom,
    y: top - panelRoom,
    overflow: "visible",
  }))
    drawing.setAttribute(name, String(value));
  drawing.removeAttribute("class");
  return drawing.outerHTML;
}

/** The whole figure from its parts, which are SVG. */
export function figureOf(width, height, parts) {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family='${fontFamily}'><rect width="${width}" height="${height}" fill="#fff"/>${parts.join("")}</svg>`
  );
}

/** Filled contours of a density on a grid: where it is above each level, a darker blue. */
export function contours(density, size, [left, right], [low, high] = [left, right]) {
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
      x1: left,
      y1: low,
      x2: right,
      y2: high,
      thresholds: [Math.log(level)],
      fill: blues[i],
      stroke: "none",
    });
  });
}
