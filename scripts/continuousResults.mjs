/** Points of the base on their way to the data, by both ways to train a continuous flow, and its densities. */
import * as Plot from "@observablehq/plot";
import { solverReport, trajectories } from "../dist/diagnostics.js";
import { fit } from "../dist/index.js";
import { contours, faint, figureOf, panel, text } from "./figureParts.mjs";

const seed = 1;
const times = [0, 0.25, 0.5, 0.75, 1];
const pointCount = 1200;
const pathCount = 24;
const frameCount = 32;
const panelSide = 150;
const [leftMargin, topMargin, panelGap, rowHeight] = [62, 84, 14, 208];

const namesOfKinds = { cnf: "maximum likelihood", "flow-matching": "flow matching" };

const pairs = (values) =>
  Array.from({ length: values.length / 2 }, (_, row) => [values[2 * row], values[2 * row + 1]]);

/**
 * The figure as SVG, and what solving the equation took.
 *
 * `train` is fitted; `test` are rows that are scored; `grid` is a table of the middles of cells of a square, `size` a side.
 */
export async function continuousFigure({ train, test, grid, size, limits }) {
  const parts = [text(leftMargin, 28, "Continuous flows: protein backbone angles", { size: 15 })];
  const reports = [];
  const angle = { domain: limits, ticks: [-90, 0, 90] };
  for (const [row, kind] of Object.keys(namesOfKinds).entries()) {
    const { flow } = await fit(train, { flow: kind, seed });
    const places = await trajectories(flow, times, pointCount, { seed });
    const steps = Array.from({ length: frameCount + 1 }, (_, i) => i / frameCount);
    const paths = await trajectories(flow, steps, pathCount, { seed });
    const density = (await flow.logProb(grid)).map(Math.exp);
    const top = topMargin + row * rowHeight;
    parts.push(
      text(18, top + panelSide / 2, namesOfKinds[kind], { size: 11.5, anchor: "middle", rotate: -90 }),
    );
    times.forEach((time, i) => {
      const left = leftMargin + i * (panelSide + panelGap);
      if (row === 0)
        parts.push(text(left + panelSide / 2, top - 8, `t = ${time}`, { size: 11.5, anchor: "middle" }));
      // Where each of a few points has been so far.
      const lines = Array.from({ length: pathCount }, (_, k) =>
        paths.filter((_, f) => steps[f] <= time).map((at) => [at[2 * k], at[2 * k + 1]]),
      );
      parts.push(
        panel(left, top, panelSide, panelSide, {
          x: angle,
          y: angle,
          ticksLeft: i === 0,
          marks: [
            Plot.dot(pairs(places[i]), { r: 0.7, fill: "#1f6fb4", fillOpacity: 0.6, clip: true }),
            ...lines.map((line) => Plot.line(line, { stroke: "#d9540f", strokeWidth: 0.7, clip: true })),
          ],
        }),
      );
    });
    const left = leftMargin + times.length * (panelSide + panelGap);
    if (row === 0)
      parts.push(text(left + panelSide / 2, top - 8, "density", { size: 11.5, anchor: "middle" }));
    parts.push(
      panel(left, top, panelSide, panelSide, {
        x: angle,
        y: angle,
        ticksLeft: false,
        marks: contours(density, size, limits),
      }),
    );
    const scores = await flow.logProb(test);
    const { evaluations, roundTrip } = await solverReport(flow, test);
    reports.push({
      kind,
      logProb: scores.reduce((sum, value) => sum + value, 0) / scores.length,
      evaluations: evaluations.reduce((sum, value) => sum + value, 0) / evaluations.length,
      mostEvaluations: Math.max(...evaluations),
      roundTrip: Math.max(...roundTrip),
    });
  }
  const width = leftMargin + (times.length + 1) * (panelSide + panelGap) + 16;
  parts.push(text(leftMargin, 50, "blue: 1,200 points; orange: paths of 24", { size: 11, color: faint }));
  return { figure: figureOf(width, topMargin + 2 * rowHeight, parts), reports };
}
