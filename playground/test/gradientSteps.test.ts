/** What the page makes of flows: the gradient flow beside the library's, and samples of a base that is no bell curve. */

import { gaussianMixture, standardNormal } from "pushforward/distributions";
import { wasmEngine } from "pushforward/engines";
import { gradientFlow } from "pushforward/fitting";
import { expect, test } from "vitest";
import { Evaluator } from "../src/flow/evaluator.ts";
import { gradientFlowSteps, mixtureOf } from "../src/flow/gradientSteps.ts";
import { takeProbe, takeSnapshot } from "../src/flow/snapshot.ts";

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

test("what is carried along is the true image: the square has the area that the map gives it, and lines stay curves", async () => {
  const { steps, known } = gradientFlowSteps({
    weights: [0.5, 0.5],
    means: [
      [-0.9, 0],
      [0.9, 0],
    ],
    covariances: [
      [0.15, 0, 0, 0.5],
      [0.15, 0, 0, 0.5],
    ],
  });
  const engine = wasmEngine({ threads: 1, precision: "float64" });
  const base = standardNormal({ features: 2 });
  const evaluator = new Evaluator(base, steps, engine, new AbortController().signal, known);
  // Between the components, where the map tears.
  const { path, square } = await takeProbe(evaluator, [0.2, 0.3]);
  const areaOf = (rim: Float32Array): number => {
    let twice = 0;
    for (let i = 0, last = rim.length - 2; i < rim.length; last = i, i += 2)
      twice += rim[last]! * rim[i + 1]! - rim[i]! * rim[last + 1]!;
    return twice / 2;
  };
  expect(areaOf(square[0]!)).toBeCloseTo(0.16, 5);
  const [side, cells] = [0.4, 60];
  const within = Float64Array.from({ length: 2 * cells ** 2 }, (_, i) => {
    const cell = i % 2 === 0 ? (i >> 1) % cells : Math.floor((i >> 1) / cells);
    return path[0]![i & 1]! + side * ((cell + 0.5) / cells - 0.5);
  });
  const { logAbsDets } = await evaluator.forward(within);
  const area = within
    .subarray(cells ** 2)
    .reduce((sum, _, i) => sum + Math.exp(logAbsDets.reduce((all, each) => all + each[i]!, 0)), 0);
  expect(areaOf(square.at(-1)!) / ((area * side ** 2) / cells ** 2)).toBeCloseTo(1, 2);

  const view = { x: 0, y: 0, half: 2 };
  const { lines } = await takeSnapshot(evaluator, Float64Array.of(0, 0), view, true);
  const image = lines.stops.at(-1)!;
  let longest = 0;
  for (let line = 0; line + 1 < lines.starts.length; line++)
    for (let i = lines.starts[line]! + 1; i < lines.starts[line + 1]!; i++) {
      const [x0, y0, x1, y1] = image.subarray(2 * i - 2, 2 * i + 2);
      if (Math.max(Math.abs(x0!), Math.abs(y0!), Math.abs(x1!), Math.abs(y1!)) < view.half)
        longest = Math.max(longest, Math.hypot(x1! - x0!, y1! - y0!));
    }
  expect(longest).toBeLessThan(0.025 * view.half);
  evaluator.dispose();
});
