/** Points of the base on their way to the data, by both ways to train a continuous flow, and its densities. */
import * as Plot from "@observablehq/plot";
import { solverReport, trajectories } from "../dist/diagnostics.js";
import { fit } from "../dist/index.js";
import { contours, FAINT, figureOf, panel, text } from "./figureParts.mjs";

const SEED = 1;
const TIMES = [0, 0.25, 0.5, 0.75, 1];
const POINTS = 1200;
const PATHS = 24;
const FRAMES = 32;
const SIDE = 150;
const [LEFT, TOP, GAP, ROW] = [62, 84, 14, 208];

const NAMES = { cnf: "maximum likelihood", "flow-matching": "flow matching" };

const pairs = (values) =>
  Array.from({ length: values.length / 2 }, (_, row) => [values[2 * row], values[2 * row + 1]]);

/**
 * The figure as SVG, and what solving the equation took.
 *
 * `train` is fitted; `test` are rows that are scored; `grid` is a table of the middles of cells of a square, `size` a side.
 */
export async function continuousFigure({ train, test, grid, size, limits }) {
  const parts = [text(LEFT, 28, "Continuous flows: protein backbone angles", { size: 15 })];
  const reports = [];
  const angle = { domain: limits, ticks: [-90, 0, 90] };
  for (const [row, kind] of Object.keys(NAMES).entries()) {
    const { flow } = await fit(train, { flow: kind, seed: SEED });
    const places = await trajectories(flow, TIMES, POINTS, { seed: SEED });
    const steps = Array.from({ length: FRAMES + 1 }, (_, i) => i / FRAMES);
    const paths = await trajectories(flow, steps, PATHS, { seed: SEED });
    const density = (await flow.logProb(grid)).map(Math.exp);
    const top = TOP + row * ROW;
    parts.push(text(18, top + SIDE / 2, NAMES[kind], { size: 11.5, anchor: "middle", rotate: -90 }));
    TIMES.forEach((time, i) => {
      const left = LEFT + i * (SIDE + GAP);
      if (row === 0)
        parts.push(text(left + SIDE / 2, top - 8, `t = ${time}`, { size: 11.5, anchor: "middle" }));
      // Where each of a few points has been so far.
      const lines = Array.from({ length: PATHS }, (_, k) =>
        paths.filter((_, f) => steps[f] <= time).map((at) => [at[2 * k], at[2 * k + 1]]),
      );
      parts.push(
        panel(left, top, SIDE, SIDE, {
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
    const left = LEFT + TIMES.length * (SIDE + GAP);
    if (row === 0) parts.push(text(left + SIDE / 2, top - 8, "density", { size: 11.5, anchor: "middle" }));
    parts.push(
      panel(left, top, SIDE, SIDE, {
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
  const width = LEFT + (TIMES.length + 1) * (SIDE + GAP) + 16;
  parts.push(text(LEFT, 50, "blue: 1,200 points; orange: paths of 24", { size: 11, color: FAINT }));
  return { figure: figureOf(width, TOP + 2 * ROW, parts), reports };
}
