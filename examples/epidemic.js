/**
 * A posterior from simulations alone: how infectious is an epidemic, and for how long are people ill, given what ten rounds of
 * tests found? The flow is fitted once to simulated pairs of parameters and tests; then it answers for any tests. Whether its answers
 * are calibrated is checked on new simulations.
 *
 * Run it after `npm run build`: `node examples/epidemic.js`.
 */
import { column, fit } from "pushforward";
import { calibrationRanks } from "pushforward/diagnostics";
import { RandomStream, randomKey } from "pushforward/random";
import { infected, observations, parameters, simulations } from "./epidemic/model.js";

// Simulations are cheap here. Below 6,000 rows a Gaussian mixture would teach the flow beside them, and after few epochs the posterior
// would still be as wide as that mixture's.
const table = simulations(20_000, new RandomStream(randomKey(1)));
const { flow } = await fit(table, {
  columns: parameters,
  given: observations,
  seed: 1,
  transforms: 2,
  epochs: 8,
});

// What was seen: here from known parameters, beta = 0.5 and gamma = 0.125 a day.
const seen = infected([Math.log(0.5), Math.log(0.125)]).map((share) => Math.sqrt(Math.round(1000 * share)));
const given = Object.fromEntries(observations.map((name, i) => [name, seen[i]]));
const posterior = await flow.sample(2000, { given, seed: 2 });
for (const [name, title] of [
  ["log_beta", "infections a day"],
  ["log_gamma", "recoveries a day"],
]) {
  const values = column(posterior, name).map(Math.exp).sort();
  const at = (share) => values[Math.floor(share * values.length)].toFixed(3);
  console.log(`${title}: ${at(0.5)}, with 90 % probability between ${at(0.05)} and ${at(0.95)}`);
}

// Where the true parameters of 300 new simulations rank among draws given their tests: evenly, if the posterior is right.
const fresh = simulations(300, new RandomStream(randomKey(2)));
const { quantities } = await calibrationRanks(flow, fresh, { seed: 3 });
for (const { name, bandPValue, coverage } of quantities) {
  const { level, share, standardError } = coverage.find((own) => own.level === 0.9);
  console.log(
    `${name}: regions of ${100 * level} % hold the truth in ${(100 * share).toFixed(1)} ± ${(100 * standardError).toFixed(1)} % of cases; ` +
      `uniform ranks would be as uneven with probability ${bandPValue.toFixed(3)}`,
  );
}
