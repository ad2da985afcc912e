/** The gradient flow from a mixture, fitted to rows, to a normal distribution: the limit of small steps of dual ascent. */

import { standardNormal } from "../dist/distributions.js";
import { chooseGaussianMixture, gradientFlow } from "../dist/fitting.js";
import { tableFromRows } from "../dist/index.js";
import { resultFigure } from "./resultFigure.mjs";

/** Times of the panels, and of the curve. */
const chosenTimes = [0, 0.3, 4];
const times = [0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1, 1.25, 1.5, 2, 2.5, 3, 3.5, 4];

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The figure, and what it shows of L, as lines. */
export async function gradientFlowFigure({ train, test, drawn, grid, size, limits, colors, legend, seed }) {
  // The base is in units of the columns.
  const moments = train.columns.map((_, i) => {
    const own = train.values.filter((_, at) => at % 2 === i);
    const middle = mean(own);
    return { middle, deviation: Math.sqrt(mean(own.map((value) => (value - middle) ** 2))) };
  });
  const scaled = (values) =>
    values.map((value, at) => (value - moments[at % 2].middle) / moments[at % 2].deviation);
  const logAbsDet = -Math.log(moments[0].deviation) - Math.log(moments[1].deviation);
  const mixture = await chooseGaussianMixture(tableFromRows(train.columns, scaled(train.values)), { seed });
  const points = scaled(test.values);
  const common = { from: mixture, to: standardNormal({ features: 2 }) };
  const flow = await gradientFlow({ ...common, points, times });
  const shown = await gradientFlow({ ...common, points: scaled(grid.values), times: chosenTimes });
  const scores = times.map((t, k) => [t, flow.logLikelihood[k] + logAbsDet]);
  const stages = chosenTimes.map((t, k) => ({
    t,
    places: drawn.map((_, row) => Array.from(flow.at(t).points.subarray(2 * row, 2 * row + 2))),
    density: shown.logEstimate[k].map((own) => Math.exp(own + logAbsDet)),
    size,
  }));
  const figure = resultFigure({
    title: "The gradient flow itself, from a mixture: protein backbone angles",
    stages,
    colors,
    legend,
    data: drawn,
    limits,
    scores,
    chosen: chosenTimes,
    along: "time t",
  });
  return { figure, scores: scores.filter(([t]) => chosenTimes.includes(t)), form: flow.form };
}
