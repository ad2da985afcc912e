/** Gradients for which few values are kept: they are the ordinary ones, and memory hardly grows with the transforms. */

import { expect, test } from "vitest";
import { pushforwardLogProb } from "../../src/distributions/density.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { embeddedFlow, flowMatching, neuralSplineFlow, realNVP } from "../../src/entries/architectures.ts";
import {
  affine,
  type Bijection,
  chain,
  coupling,
  embedded,
  invert,
  luAffine,
  maskedAutoregressive,
  permutation,
  planar,
  repeated,
} from "../../src/entries/bijections.ts";
import { type Distribution, standardNormal, studentT } from "../../src/entries/distributions.ts";
import { explain } from "../../src/entries/engines.ts";
import { type Expr, ops } from "../../src/entries/graph.ts";
import { affineTransformer, rationalQuadraticTransformer } from "../../src/entries/transformers.ts";
import type { SumWithGradients } from "../../src/fitting/gradient/compileObjective.ts";
import { recomputedGradients } from "../../src/fitting/gradient/recomputed/recomputedGradients.ts";
import { vjp } from "../../src/graph/derivative/derivative.ts";
import { bindTree, trainedLeaves } from "../../src/graph/parameters.ts";
import { fit, tableFromRows } from "../../src/index.ts";
import { initialValues } from "../../src/models/parameters.ts";
import { inOnePiece } from "../../src/platform/pieces.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import "../checkGraphs.ts";
import "../checkPlans.ts";

/** A sum over rows with its gradients, as `vjp` writes it and with few values kept, by name. */
function bothWays(base: Distribution, bijection: Bijection) {
  const tree = { base: base.parameters, bijection: bijection.parameters };
  const bound = {
    base: bindTree(base.parameters, "base."),
    bijection: bindTree(bijection.parameters, "bijection."),
  };
  const y = ops.input("y", [bijection.features]);
  const context = bijection.context > 0 ? ops.input("context", [bijection.context]) : undefined;
  const lossOf = (map: Bijection): Expr => ops.neg(pushforwardLogProb(base, map, y, bound, context));
  const parameters = trainedLeaves(tree, bound);
  const sum = ops.sumRows(lossOf(bijection));
  const own = new Map<Expr, Expr>(parameters.map((parameter) => [parameter, parameter]));
  const named = ({ sum, gradients }: SumWithGradients): Record<string, Expr> => ({
    loss: sum,
    ...Object.fromEntries(gradients.map((gradient, i) => [parameters[i]!.name, gradient])),
  });
  return {
    tree,
    kept: named({ sum, gradients: vjp([sum], [ops.constant(1)], parameters) }),
    recomputed: named(inOnePiece(recomputedGradients(bijection, lossOf)(ops.sumRows, own))),
  };
}

const features = 3;
const sizes = { features, hidden: [8] };
const spline = rationalQuadraticTransformer({ bins: 4 });
const chains: Readonly<Record<string, readonly [Distribution, Bijection]>> = {
  "affine and spline couplings": [
    studentT({ features }),
    chain([
      affine({ features }),
      coupling({ ...sizes, transformed: [0, 2], transformer: affineTransformer() }),
      coupling({ ...sizes, transformed: [1], transformer: spline }),
      permutation([2, 0, 1]),
      chain([
        coupling({ ...sizes, transformed: [1, 2], transformer: spline }),
        coupling({ ...sizes, transformed: [0], transformer: affineTransformer() }),
      ]),
    ]),
  ],
  "autoregressive, inverted, repeated and numerically inverted maps": [
    standardNormal({ features }),
    chain([
      invert(maskedAutoregressive({ ...sizes, transformer: affineTransformer() })),
      luAffine({ features }),
      maskedAutoregressive({ ...sizes, transformer: spline }),
      planar({ features }),
      repeated({ layer: planar({ features }), count: 3 }),
    ]),
  ],
  "an embedded context": [
    standardNormal({ features }),
    chain([
      embedded({
        inner: chain([
          coupling({ ...sizes, context: 2, transformed: [0, 1], transformer: spline }),
          coupling({ ...sizes, context: 2, transformed: [2], transformer: affineTransformer() }),
          maskedAutoregressive({ ...sizes, context: 2, transformer: affineTransformer() }),
        ]),
        context: 4,
        embedding: [5, 2],
      }),
      affine({ features }),
    ]),
  ],
  "one map": [standardNormal({ features }), coupling({ ...sizes, transformed: [0], transformer: spline })],
};

const engines = [
  ["reference", referenceEngine, 1e-12],
  ["wasm, float64", wasmEngine({ precision: "float64", threads: 1 }), 1e-12],
  ["wasm, float32", wasmEngine({ threads: 1 }), 1e-6],
] as const;

test.each(Object.entries(chains))(
  "%s: gradients are those of vjp, far from the identity",
  async (_, parts) => {
    const { tree, kept, recomputed } = bothWays(...parts);
    const rows = 70;
    const stream = new RandomStream(randomKey(3));
    const normal = (size: number, scale: number): Float64Array =>
      Float64Array.from({ length: size }, () => scale * stream.normal());
    const values = Object.fromEntries(
      Object.entries(initialValues(tree, randomKey(1))).map(([name, { length }]) => [
        name,
        normal(length, 1),
      ]),
    );
    const { context } = parts[1];
    const inputs = {
      y: normal(features * rows, 2),
      ...(context > 0 ? { context: normal(context * rows, 1) } : {}),
    };
    for (const [, engine, tolerance] of engines) {
      const [exact, found] = await Promise.all(
        [kept, recomputed].map(async (sums) => {
          const executable = await engine.compile({ sums });
          await setKnownParameters(executable, values);
          const { sums: result } = await executable.run({ rows, inputs });
          executable.dispose();
          return result;
        }),
      );
      for (const [name, expected] of Object.entries(exact!)) {
        const scale = Math.max(...expected.map(Math.abs));
        expect(scale, name).toBeGreaterThan(0);
        expected.forEach((value, i) => {
          expect(Math.abs(found![name]![i]! - value), name).toBeLessThanOrEqual(tolerance * scale);
        });
      }
    }
  },
);

test("a transform more takes the memory of what it is given, and no more", () => {
  const own = { features: 8, hidden: [64, 64] };
  const makers = [
    (transforms: number) => realNVP({ ...own, transforms }),
    (transforms: number) => neuralSplineFlow({ ...own, transforms }),
    (transforms: number) => neuralSplineFlow({ ...own, transforms, autoregressive: true }),
  ];
  for (const make of makers) {
    const [few, many] = [4, 24].map((transforms) => {
      const { base, bijection } = make(transforms);
      const { kept, recomputed } = bothWays(base, bijection);
      return [kept, recomputed].map((sums) => JSON.parse(explain({ sums }, { format: "json" })).memory);
    });
    const growth = (k: number): number => (many![k].arenaBytes - few![k].arenaBytes) / 20;
    // A value of 64 rows of 8 numbers in float32 has 2 kB, and the sum of logarithms of determinants a quarter of one.
    expect(growth(1)).toBeLessThan(1.5 * 2048);
    expect(growth(0)).toBeGreaterThan(12 * 2048);
    expect(many![1].shards.bytes).toBe(many![0].shards.bytes);
  }
});

test("a fit that recomputes gives the same model, and is refused where there is nothing to recompute", async () => {
  const stream = new RandomStream(randomKey(5));
  const table = tableFromRows(
    ["a", "b", "c"],
    Array.from({ length: 200 }, () => {
      const a = stream.normal();
      return [a, a * a + 0.3 * stream.normal(), stream.normal()];
    }),
  );
  const options = {
    flow: embeddedFlow({ embedding: [3], flow: realNVP({ transforms: 3, hidden: [8] }) }),
    given: ["c"],
    epochs: 4,
  };
  const [ordinary, recomputed] = await Promise.all(
    [false, true].map((recompute) => fit(table, { ...options, recompute })),
  );
  expect(recomputed!.flow.toBytes()).toEqual(ordinary!.flow.toBytes());
  await expect(fit(table, { flow: "flow-matching", recompute: true })).rejects.toThrow(
    /^fit: recompute means nothing for flow-matching: it is an option of realnvp, maf/,
  );
  await expect(fit(table, { flow: flowMatching({ hidden: [4] }), recompute: true })).rejects.toThrow(
    /recompute is for flows that are trained by their likelihood, and .* has a loss of its own; leave it out/,
  );
});
