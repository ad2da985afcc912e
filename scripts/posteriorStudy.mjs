/**
 * Densities whose integral is known in closed form: how far the log evidence of `approximate` is from it, in nats and in its
 * own standard errors. Prints a line a run and how many are within the bounds.
 *
 *     npm run build:quiet && node scripts/posteriorStudy.mjs [--seeds 4] [--first-seed 1] [--only laplace,pareto]
 */
import { parseArgs } from "node:util";
import { approximate } from "../dist/index.js";

const { values: flags } = parseArgs({
  options: {
    seeds: { type: "string", default: "4" },
    "first-seed": { type: "string", default: "1" },
    only: { type: "string" },
  },
});

const { PI, SQRT2, log, sqrt } = Math;
const halfLog2Pi = 0.5 * log(2 * PI);
/** (x - middle) / scale. */
const standard = (ops, x, middle, scale) => ops.div(ops.sub(x, middle), scale);
/** The log-density of Student's distribution with n degrees of freedom, up to a constant. */
const student = (ops, x, n) => ops.mul(-(n + 1) / 2, ops.log1p(ops.div(ops.square(x), n)));
/** log of the sum of weighted normal densities, each { share, mean, sd }. */
const modes = (ops, x, all) =>
  all
    .map(({ share, mean, sd }) =>
      ops.add(log(share / sd) - halfLog2Pi, ops.mul(-0.5, ops.square(standard(ops, x, mean, sd)))),
    )
    .reduce((sum, own) => ops.logAddExp(sum, own));

const scales = [1e-3, 0.1, 10, 1e3];
const correlation = 0.8;
const columnCount = 4;

/** By name: parameters, the log-density, and the logarithm of its integral. */
const densities = {
  exponential: [{ x: "positive" }, ({ x }, o) => o.mul(-3, x), -log(3)],
  laplace: [{ x: "real" }, ({ x }, o) => o.neg(o.abs(o.sub(x, 2))), log(2)],
  logistic: [{ x: "real" }, ({ x }, o) => o.sub(o.neg(x), o.mul(2, o.softplus(o.neg(x)))), 0],
  uniform: [{ x: { above: -2, below: 5 } }, ({ x }, o) => o.mul(0, x), log(7)],
  "beta(2, 5)": [
    { p: { above: 0, below: 1 } },
    ({ p }, o) => o.add(o.log(p), o.mul(4, o.log1p(o.neg(p)))),
    -log(30),
  ],
  "beta(0.3, 4)": [
    { p: { above: 0, below: 1 } },
    ({ p }, o) => o.add(o.mul(-0.7, o.log(p)), o.mul(3, o.log(o.sub(1, p)))),
    log(6 / (0.3 * 1.3 * 2.3 * 3.3)),
  ],
  "beta(0.5, 0.5)": [
    { p: { above: 0, below: 1 } },
    ({ p }, o) => o.mul(-0.5, o.log(o.mul(p, o.sub(1, p)))),
    log(PI),
  ],
  "inverse gamma(3, 2)": [
    { s: "positive" },
    ({ s }, o) => o.neg(o.add(o.mul(4, o.log(s)), o.div(2, s))),
    log(2 / 8),
  ],
  "inverse gamma(0.5, 1)": [
    { s: "positive" },
    ({ s }, o) => o.neg(o.add(o.mul(1.5, o.log(s)), o.div(1, s))),
    0.5 * log(PI),
  ],
  "weibull(0.5)": [{ s: "positive" }, ({ s }, o) => o.neg(o.add(o.sqrt(s), o.mul(0.5, o.log(s)))), log(2)],
  "weibull(4)": [{ s: "positive" }, ({ s }, o) => o.sub(o.mul(3, o.log(s)), o.square(o.square(s))), -log(4)],
  "correlated normal": [
    { x: { size: columnCount } },
    // An autoregression of the standardized numbers.
    ({ x }, o) => {
      const z = o.div(x, o.constant(scales));
      const rest = o.sub(o.slice(z, 1, columnCount), o.mul(correlation, o.slice(z, 0, columnCount - 1)));
      const innovations = o.div(o.sum(o.square(rest)), 1 - correlation ** 2);
      return o.mul(-0.5, o.add(innovations, o.sum(o.square(o.slice(z, 0, 1)))));
    },
    columnCount * halfLog2Pi +
      scales.reduce((sum, own) => sum + log(own), 0) +
      ((columnCount - 1) / 2) * log(1 - correlation ** 2),
  ],
  "student(2)": [{ x: "real" }, ({ x }, o) => student(o, x, 2), log(2 * SQRT2)],
  "student(5)": [{ x: "real" }, ({ x }, o) => student(o, x, 5), log((sqrt(5) * 3 * PI) / 8)],
  "three student(5)": [
    { x: { size: 3 } },
    ({ x }, o) => o.sum(student(o, x, 5)),
    3 * log((sqrt(5) * 3 * PI) / 8),
  ],
  "cauchy far and narrow": [
    { x: "real" },
    ({ x }, o) => o.neg(o.log1p(o.square(standard(o, x, 1e3, 0.01)))),
    log(PI * 0.01),
  ],
  "two cauchys": [{ x: { size: 2 } }, ({ x }, o) => o.neg(o.sum(o.log1p(o.square(x)))), 2 * log(PI)],
  "log-cauchy": [
    { s: "positive" },
    ({ s }, o) => o.neg(o.add(o.log(s), o.log1p(o.square(o.log(s))))),
    log(PI),
  ],
  "pareto(1.5)": [{ x: { above: 2 } }, ({ x }, o) => o.mul(-2.5, o.log(x)), -1.5 * log(2) - log(1.5)],
  "three modes": [
    { x: "real" },
    ({ x }, o) =>
      modes(o, x, [
        { share: 0.2, mean: -15, sd: 1 },
        { share: 0.5, mean: 0, sd: 0.5 },
        { share: 0.3, mean: 20, sd: 2 },
      ]),
    0,
  ],
  "narrow and wide mode": [
    { x: "real" },
    ({ x }, o) =>
      modes(o, x, [
        { share: 0.1, mean: -20, sd: 0.1 },
        { share: 0.9, mean: 10, sd: 3 },
      ]),
    0,
  ],
  "half-normal": [{ s: "positive" }, ({ s }, o) => o.mul(-0.5, o.square(s)), 0.5 * log(PI / 2)],
  "gamma(20)": [
    { s: "positive" },
    ({ s }, o) => o.sub(o.mul(19, o.log(s)), s),
    Array.from({ length: 19 }, (_, i) => log(i + 1)).reduce((a, b) => a + b),
  ],
  "gamma(0.05)": [
    { s: "positive" },
    ({ s }, o) => o.sub(o.mul(-0.95, o.log(s)), s),
    2.968879201051731, // log Gamma(0.05)
  ],
  "von Mises(2)": [
    { t: { above: -PI, below: PI } },
    ({ t }, o) => o.mul(2, o.cos(t)),
    log(2 * PI * 2.279585302336067), // I0(2)
  ],
  "dirichlet(1, 2, 3)": [
    { p: { above: 0, below: 1 }, q: { above: 0, below: 1 } },
    // Shares p, (1 - p) q, (1 - p)(1 - q), with the Jacobian 1 - p.
    ({ p, q }, o) => {
      const rest = o.log1p(o.neg(p));
      const [second, third] = [o.add(rest, o.log(q)), o.add(rest, o.log1p(o.neg(q)))];
      return o.add(o.add(second, o.mul(2, third)), rest);
    },
    log((1 * 1 * 2) / 120), // Gamma(1) Gamma(2) Gamma(3) / Gamma(6)
  ],
};

const names = flags.only?.split(/,(?! )/) ?? Object.keys(densities);
console.log(
  "density                 seed  estimate     truth        error      z      k-hat  steps  seconds  reliable",
);
const runs = [];
for (const name of names) {
  const [parameters, logDensity, truth] = densities[name];
  for (let i = 0; i < Number(flags.seeds); i++) {
    const seed = Number(flags["first-seed"]) + i;
    const started = performance.now();
    const label = `${name.padEnd(23)} ${String(seed).padEnd(4)}`;
    try {
      const found = await approximate({ parameters, logDensity, seed, threads: 1 });
      const { logEvidence, logEvidenceError: error, kHat, steps, reliable, warnings } = found.report;
      const z = (logEvidence - truth) / error;
      runs.push({ z, error, reliable });
      const trusted = reliable ? "yes" : `no: ${warnings.map(({ code }) => code).join(", ")}`;
      console.log(
        `${label}  ${logEvidence.toFixed(6).padEnd(11)}  ${truth.toFixed(6).padEnd(11)}  ${error.toFixed(6)}  ${z.toFixed(2).padStart(6)}  ${kHat.toFixed(2).padStart(5)}  ${String(steps).padEnd(5)}  ${((performance.now() - started) / 1000).toFixed(1).padEnd(7)}  ${trusted}`,
      );
    } catch (error) {
      runs.push({ z: Number.NaN, error: Number.NaN, reliable: false });
      console.log(`${label}  ${error.message}`);
    }
  }
}
const count = (holds) => runs.filter(holds).length;
console.log(
  `${runs.length} runs: ${count(({ z }) => !(Math.abs(z) <= 3))} more than 3 errors off, ${count(({ z }) => !(Math.abs(z) <= 5))} more than 5, ${count(({ error }) => error <= 0.02)} with an error of at most 0.02, ${count(({ reliable }) => reliable)} reliable`,
);
