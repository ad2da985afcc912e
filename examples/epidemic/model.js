/**
 * An epidemic and what is seen of it: the SIR equations in a town of a million people, of whom one is infected at first,
 *
 *     S' = -beta S I    I' = beta S I - gamma I    (shares of the town, t in days)
 *
 * and 1,000 people drawn and tested every 16 days, ten times. beta is how many others one infects a day, 1 / gamma for how
 * many days. The prior: log-normal, around 0.4 and 0.125 a day. It is the task "SIR" of J.-M. Lueckmann and others, "Benchmarking
 * simulation-based inference", AISTATS 2021, https://arxiv.org/abs/2101.04653, appendix T.9.
 */
import { tableFromRows } from "pushforward";

const people = 1e6;
const tested = 1000;
export const days = Array.from({ length: 10 }, (_, i) => 16 * (i + 1));

/** Both parameters are kept as logarithms: normal a priori, and without bounds. */
export const parameters = ["log_beta", "log_gamma"];
/** Square roots of the counts of infected: their noise is about the same everywhere. */
export const observations = days.map((day) => `day${day}`);

const prior = [
  { mean: Math.log(0.4), sd: 0.5 },
  { mean: Math.log(0.125), sd: 0.2 },
];

/** Shares of the town that are infected on the days of the tests: Runge-Kutta of order 4, steps of a day. */
export function infected([logBeta, logGamma]) {
  const beta = Math.exp(logBeta);
  const gamma = Math.exp(logGamma);
  let [s, i] = [1 - 1 / people, 1 / people];
  const out = [];
  for (let day = 1; day <= days.at(-1); day++) {
    const k1 = beta * s * i;
    const [s2, i2] = [s - k1 / 2, i + (k1 - gamma * i) / 2];
    const k2 = beta * s2 * i2;
    const [s3, i3] = [s - k2 / 2, i + (k2 - gamma * i2) / 2];
    const k3 = beta * s3 * i3;
    const [s4, i4] = [s - k3, i + k3 - gamma * i3];
    const k4 = beta * s4 * i4;
    s -= (k1 + 2 * k2 + 2 * k3 + k4) / 6;
    i += (k1 + 2 * k2 + 2 * k3 + k4 - gamma * (i + 2 * i2 + 2 * i3 + i4)) / 6;
    if (day % 16 === 0) out.push(i);
  }
  return out;
}

/** A binomial count out of those tested, by its distribution function. */
function positives(share, stream) {
  const isRare = share <= 0.5;
  const p = isRare ? share : 1 - share;
  let rest = stream.uniform();
  let mass = (1 - p) ** tested;
  let count = 0;
  for (; rest > mass && count < tested; count++) {
    rest -= mass;
    mass *= ((tested - count) / (count + 1)) * (p / (1 - p));
  }
  return isRare ? count : tested - count;
}

/** Parameters from the prior and the tests that they lead to: a table of both. `stream` is a RandomStream. */
export function simulations(rows, stream) {
  return tableFromRows(
    [...parameters, ...observations],
    Array.from({ length: rows }, () => {
      const theta = prior.map(({ mean, sd }) => mean + sd * stream.normal());
      return [...theta, ...infected(theta).map((share) => Math.sqrt(positives(share, stream)))];
    }),
  );
}

/** Logarithms of 0!, ..., 1000!. */
const logFactorial = [0];
for (let k = 1; k <= tested; k++) logFactorial.push(logFactorial[k - 1] + Math.log(k));

/** log p(observations, theta), exact: what a flow trained on simulations alone is measured by. */
export function logJoint(theta, roots) {
  let sum = 0;
  theta.forEach((value, i) => {
    const { mean, sd } = prior[i];
    sum += -0.5 * ((value - mean) / sd) ** 2 - Math.log(sd) - 0.5 * Math.log(2 * Math.PI);
  });
  infected(theta).forEach((share, i) => {
    const count = Math.round(roots[i] ** 2);
    sum += logFactorial[tested] - logFactorial[count] - logFactorial[tested - count];
    sum += count * Math.log(share) + (tested - count) * Math.log1p(-share);
  });
  return sum;
}
