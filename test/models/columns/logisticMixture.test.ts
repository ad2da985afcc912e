import { expect, test } from "vitest";
import {
  logisticMixtureLogCdf,
  logisticMixtureLogSurvival,
  logisticMixtureLogs,
  logisticMixtureQuantile,
  withWeights,
} from "../../../src/numerics/logisticMixture.ts";

const mixture = { logWeights: [0.2, 0.5, 0.3].map(Math.log), means: [-1, 0.5, 3], scales: [0.5, 2, 1e-3] };

test.each([0, 1e-9, -3, 40, -40, 640, -640, 5000, -5000, 1e6])(
  "the quantile of a logit of %s has that logit",
  (logit) => {
    const t = logisticMixtureQuantile(mixture, logit);
    const [below, above] = [logisticMixtureLogCdf(mixture, t), logisticMixtureLogSurvival(mixture, t)];
    expect(Math.abs(below - above - logit)).toBeLessThan(1e-11 * Math.max(1, Math.abs(logit)));
  },
);

test("far tails, beyond the smallest number, are those of the widest component", () => {
  // log(w / (1 + e^u)) is log w - u for large u.
  for (const t of [2000, 4000]) {
    expect(logisticMixtureLogSurvival(mixture, t)).toBeCloseTo(Math.log(0.5) - (t - 0.5) / 2, 9);
    expect(logisticMixtureLogCdf(mixture, -t)).toBeCloseTo(Math.log(0.5) - (t + 0.5) / 2, 9);
  }
  expect(logisticMixtureLogCdf(mixture, Number.POSITIVE_INFINITY)).toBeCloseTo(0, 15);
  expect(logisticMixtureLogCdf(mixture, Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
});

test("both sides at once are the sides one by one, in the far tails and at the ends", () => {
  const weighted = withWeights(mixture);
  for (const t of [0, 3, 3.02, -40, 1270, -1270, 1400, -1400, 4000, -4000, 1e9, Infinity, -Infinity]) {
    const { logCdf, logSurvival } = logisticMixtureLogs(weighted, t);
    const sides = [logisticMixtureLogCdf(mixture, t), logisticMixtureLogSurvival(mixture, t)] as const;
    for (const [log, side] of [
      [logCdf, sides[0]],
      [logSurvival, sides[1]],
    ] as const)
      if (Number.isFinite(side))
        expect(Math.abs(log - side)).toBeLessThan(4e-15 * Math.max(1, Math.abs(side)));
      else expect(log).toBe(side);
  }
});
