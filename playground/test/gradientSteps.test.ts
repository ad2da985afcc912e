/** What the page makes of flows: the gradient flow beside the library's, and samples of a base that is no bell curve. */

import { gaussianMixture, standardNormal } from "pushforward/distributions";
import { wasmEngine } from "pushforward/engines";
import { gradientFlow } from "pushforward/fitting";
import { expect, test } from "vitest";
import { Evaluator } from "../src/flow/evaluator.ts";
import { gradientFlowSteps, mixtureOf } from "../src/flow/gradientSteps.ts";

test("steps of the gradient flow go where the library's go, and end at the mixture", async () => {
  // Two narrow components, turned, and a wide one: logarithms of weights, and factors whose diagonals are logarithms.
  const mixture = mixtureOf({
    logWeight: Float64Array.of(Math.log(0.5), Math.log(0.3), Math.log(0.2)),
    mean: Float64Array.of(-0.9, 0.4, 1.2, 0.6, 0, -1.5),
    factor: Float64Array.of(Math.log(0.1), 0.3, Math.log(0.2), Math.log(0.3), -0.2, Math.log(0.05), 0, 0, -1),
  });
  const base = standardNormal({ features: 2 });
  const { steps, known } = gradientFlowSteps(mixture);
  const evaluator = new Evaluator(
    base,
    steps,
    wasmEngine({ threads: 1, precision: "float64" }),
    new AbortController().signal,
    known,
  );
  const points = Float64Array.of(-0.9, 0.4, -0.7, 0.8, 1.2, 0.6, 0.2, -1, 0, 0, 3, -2);
  const { stops, logAbsDets, baseLogProb } = await evaluator.inverse(points);
  const flow = await gradientFlow({ from: mixture, to: base, points, times: [0, 6] });
  const worst = (a: Float64Array, b: Float64Array): number =>
    a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
  expect(worst(stops[0]!, flow.points[1]!)).toBeLessThan(1e-4);
  const total = logAbsDets.reduce((sum, each) => sum.map((value, i) => value + each[i]!));
  expect(worst(total, flow.logAbsDet[1]!)).toBeLessThan(1e-4);
  const logProb = await evaluator.logProb(points);
  expect(worst(logProb, flow.logDensity[0]!)).toBeLessThan(1e-12);
  // What the page adds up beside it: the base, and each step.
  const sum = baseLogProb.map((value, i) => value + total[i]!);
  expect(worst(sum, flow.logEstimate[1]!)).toBeLessThan(1e-7);
  expect(worst(sum, logProb)).toBeLessThan(0.002);
  // Sampling undoes it. Between the components the way to the data pulls apart, and errors grow with it.
  const back = await evaluator.forward(stops[0]!);
  expect(worst(back.stops.at(-1)!, points)).toBeLessThan(0.005);
  evaluator.dispose();
});

test("samples of a mixture are its own, and not those of a bell curve", async () => {
  const evaluator = new Evaluator(
    gaussianMixture({ features: 2, components: 2 }),
    [],
    wasmEngine({ threads: 1, precision: "float64" }),
    new AbortController().signal,
  );
  await evaluator.set(
    {
      logWeight: new Float64Array(2),
      mean: Float64Array.of(-3, 0, 3, 0),
      factor: Float64Array.of(-2, 0, -2, -2, 0, -2),
    },
    [],
  );
  expect(evaluator.isNormal).toBe(false);
  const noise = Float64Array.from({ length: 40 * evaluator.noise }, (_, i) => Math.sin(7 * i));
  const drawn = await evaluator.drawn(noise);
  const away = drawn.filter((_, i) => i % 2 === 0).map((x) => Math.abs(Math.abs(x) - 3));
  expect(away.length).toBe(40);
  expect(Math.max(...away)).toBeLessThan(0.5);
  evaluator.dispose();
});
