/**
 * The gradient flow of the log-likelihood, from two modes to a standard normal: L along t, in three forms.
 *
 * Run it after `npm run build`: `node examples/gradient-flow.js`.
 */
import { standardNormal } from "pushforward/distributions";
import { gradientFlow } from "pushforward/fitting";

const from = { weights: [0.4, 0.6], means: [[-1.2], [1]], covariances: [[0.3], [0.5]] };
const to = standardNormal({ features: 1 });
const times = [0, 0.25, 0.5, 1, 2];

const flows = {
  "unit mobility, exact": await gradientFlow({ from, to, times }),
  "unit mobility, grid": await gradientFlow({ from, to, times, form: "grid" }),
  "unit mobility, particles": await gradientFlow({ from, to, times, form: "particles", rows: 200 }),
  "density mobility, grid": await gradientFlow({ from, to, times, mobility: "density" }),
};

console.log(`L in nats at t = ${times.join(", ")}`);
for (const [name, { logLikelihood }] of Object.entries(flows))
  console.log(`${name.padEnd(24)}  ${Array.from(logLikelihood, (own) => own.toFixed(3)).join("  ")}`);

// The dual flow takes points of the base to the data: its law starts as the base and becomes rho.
const { toData } = flows["unit mobility, exact"];
const { points, logDensity } = await toData(Float64Array.of(-1, 0, 1));
times.forEach((t, k) => {
  const shown = Array.from(points[k], (x, row) => `${x.toFixed(2)} (${logDensity[k][row].toFixed(2)})`);
  console.log(`t = ${t}: -1, 0, 1 of the base are at ${shown.join(", ")}`);
});
