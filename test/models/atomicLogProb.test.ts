import { expect, test } from "vitest";
import { pushforwardLogProb } from "../../src/distributions/density.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { elementwise } from "../../src/entries/bijections.ts";
import { standardNormal } from "../../src/entries/distributions.ts";
import { UsageError } from "../../src/entries/errors.ts";
import { atomicLogProb, minimize, trainedLeaves } from "../../src/entries/fitting.ts";
import { bindTree, type Expr, initialValues, ops, type ParameterValues } from "../../src/entries/graph.ts";
import { RandomStream, randomKey } from "../../src/entries/random.ts";
import { affineTransformer } from "../../src/transformers/affineTransformer.ts";

const engine = wasmEngine({ precision: "float64", threads: 1 });
const base = standardNormal({ features: 1 });
const bijection = elementwise({ features: 1, context: 1, transformer: affineTransformer(), hidden: [8] });
const tree = { base: base.parameters, bijection: bijection.parameters };
const parameters = bindTree(tree) as never;
const x = ops.input("x", [1]);
const logPosterior = (theta: Expr) => pushforwardLogProb(base, bijection, theta, parameters, x);
const theta = ops.input("theta", [1]);

/** Mean and deviation of q(theta | x), a normal distribution, from its map. */
async function momentsAt(values: ParameterValues, at: number): Promise<readonly [number, number]> {
  const { value } = bijection.forward(
    ops.input("noise", [1]),
    (parameters as { bijection: never }).bijection,
    x,
  );
  const executable = await engine.compile({ rows: { value } });
  await executable.setParameters(
    Object.fromEntries(Object.entries(values).filter(([name]) => name.startsWith("bijection."))),
  );
  const inputs = { noise: Float64Array.of(0, 1), x: Float64Array.of(at, at) };
  const [mean, up] = (await executable.run({ rows: 2, inputs })).rows.value!;
  executable.dispose();
  return [mean!, up! - mean!];
}

test("with parameters from elsewhere than the prior it finds the posterior, where the likelihood finds another", async () => {
  // theta of N(0, 1), x of N(theta, 1/4): at 1.2 the posterior is N(0.96, 0.447^2). Simulations are made with theta of N(1, 0.6^2).
  const stream = new RandomStream(randomKey(3));
  const rows = 3000;
  const drawn = Float64Array.from({ length: rows }, () => 1 + 0.6 * stream.normal());
  const seen = drawn.map((value) => value + 0.5 * stream.normal());
  const count = 6;
  const others = Float64Array.from({ length: rows * count }, () => drawn[stream.integerBelow(rows)]!);
  const all = ops.input("atoms", [count]);
  const atoms = Array.from({ length: count }, (_, k) => ops.slice(all, k, k + 1));
  const logPrior = (each: Expr) => ops.mul(-0.5, ops.sum(ops.square(each)));
  const fitted = async (loss: Expr): Promise<readonly [number, number]> => {
    const objective = { loss, parameters: trainedLeaves(tree, parameters) };
    const data = { rows, inputs: { theta: drawn, x: seen, atoms: others } };
    const { values } = await minimize(objective, data, initialValues(tree, randomKey(1)), {
      engine,
      key: randomKey(2),
      epochs: 40,
      batch: 100,
      learningRate: 0.01,
      averaging: 0.98,
      patience: 1000,
    });
    return await momentsAt(values, 1.2);
  };
  const [mean, deviation] = await fitted(
    ops.neg(atomicLogProb(theta, atoms, (each) => ops.sub(logPosterior(each), logPrior(each)))),
  );
  expect(Math.abs(mean - 0.96)).toBeLessThan(0.06);
  expect(Math.abs(deviation - 0.447)).toBeLessThan(0.05);
  // The posterior under the law that theta was drawn from: N(1.118, 0.384^2).
  const [otherMean, otherDeviation] = await fitted(ops.neg(logPosterior(theta)));
  expect(Math.abs(otherMean - 1.118)).toBeLessThan(0.06);
  expect(Math.abs(otherDeviation - 0.384)).toBeLessThan(0.05);
});

test("equal ratios share the probability, and no atoms are refused", async () => {
  const equal = atomicLogProb(theta, [ops.constant([3]), ops.constant([5])], (each) =>
    ops.mul(0, ops.sum(each)),
  );
  const executable = await engine.compile({ rows: { equal: ops.mul(ops.rowMark(), equal) } });
  const inputs = { theta: Float64Array.of(1) };
  expect((await executable.run({ rows: 1, inputs })).rows.equal![0]!).toBeCloseTo(-Math.log(3), 14);
  executable.dispose();
  expect(() => atomicLogProb(theta, [], (each) => ops.sum(each))).toThrow(UsageError);
});
