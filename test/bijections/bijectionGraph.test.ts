/** A graph of bijections, by hand, and what does not fit in one. Its laws are rows of `chain` and `partial`. */

import { expect, test } from "vitest";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { affine, bijectionGraph, elementwise, partial, planar } from "../../src/entries/bijections.ts";
import { ShapeError, UsageError } from "../../src/entries/errors.ts";
import { bindTree, initialValues, ops } from "../../src/entries/graph.ts";
import { randomKey } from "../../src/entries/random.ts";
import { affineTransformer } from "../../src/transformers/affineTransformer.ts";

const one = affine({ features: 1 });
/** Forward (x - t) e^-s, of which a linear network gives t and s. */
const given = (context: number) =>
  elementwise({ features: 1, context, transformer: affineTransformer(), hidden: [] });

test("values are split, joined, given and left early as the steps say, and each input comes out once", async () => {
  const graph = bijectionGraph({
    inputs: { image: 2, label: 1 },
    context: { mood: 1, time: 2 },
    steps: [
      { take: ["image"], give: { early: 1, rest: 1 } },
      { take: ["rest"], apply: given(2), given: ["mood", "early"], give: "rest" },
      { take: ["label", "rest"], give: { joined: 2 } },
      { take: ["joined"], apply: affine({ features: 2 }), give: "joined" },
    ],
    outputs: ["joined", "early"],
  });
  const values = initialValues(graph.parameters, randomKey(1));
  const network = Object.keys(values).find((name) => /weight/i.test(name))!;
  // Two outputs, t and s, of two numbers that are given.
  expect(values[network]).toHaveLength(4);
  const out = async (weight: Float64Array) => {
    const { value, logAbsDet } = graph.forward(
      ops.input("x", [3]),
      bindTree(graph.parameters),
      ops.input("c", [3]),
    );
    const executable = await wasmEngine({ precision: "float64", threads: 1 }).compile({
      rows: { value, logAbsDet },
    });
    await executable.setParameters({
      ...values,
      [network]: weight,
      "1.inner.shift": Float64Array.of(10, 20),
      "1.inner.logScale": Float64Array.of(0, 1),
    });
    const inputs = { x: Float64Array.of(2, 3, 5), c: Float64Array.of(8, -7, -7) };
    return (await executable.run({ rows: 1, inputs })).rows as Record<string, Float64Array>;
  };
  const plain = await out(new Float64Array(4));
  // label = 5 and rest = 3 are joined, mapped, and come before image's first number, which left early.
  expect([...plain.value!]).toEqual([15, 20 + 3 * Math.E, 2]);
  expect(plain.logAbsDet![0]).toBe(1);
  const shifts = await Promise.all(
    [0, 1, 2, 3].map((k) => out(Float64Array.from({ length: 4 }, (_, i) => Number(i === k)))),
  );
  // The shift is mood = 8, or early = 2; the other two weights are of the scale.
  const moved = shifts.map(({ value }) => (value![1]! - plain.value![1]!) / Math.E).sort((a, b) => a - b);
  expect(moved.filter((by) => Math.abs(by + 8) < 1e-12 || Math.abs(by + 2) < 1e-12)).toHaveLength(2);
  for (const { value } of shifts) expect([value![0], value![2]]).toEqual([15, 2]);
});

test("a graph that does not fit is refused by the step", () => {
  const inputs = { a: 1, b: 1 };
  const made = (steps: readonly object[], outputs = ["a", "b"], context = {}) =>
    bijectionGraph({ inputs, context, steps: steps as never, outputs });
  for (const [steps, outputs, message] of [
    [[{ take: ["c"], give: "c" }], ["a"], /steps\[0\]\.take must be one of a, b/],
    [[{ take: ["a"], give: { a: 2 } }], ["a", "b"], /steps\[0\]\.give must be sizes that add up to 1/],
    [[{ take: ["a"], give: "b" }], ["b"], /names that are free/],
    [[{ take: ["a"], apply: given(1), given: ["a"], give: "a" }], ["a", "b"], /steps\[0\]\.given/],
    [[], ["a"], /outputs must be all that are left/],
    [[], ["a", "b", "b"], /outputs must be all that are left/],
    [[{ take: ["a"], apply: given(1), give: "a" }], ["a", "b"], /what is given must be 1 numbers/],
    [[{ take: ["a", "b"], apply: one, give: "a" }], ["a"], /places must be 1 of 0 to 1/],
    [[{ take: "a", give: "a" }], ["a", "b"], /steps\[0\]: take must be an array of names/],
    [[{ take: ["a"], aply: one, give: "a" }], ["a", "b"], /steps\[0\]: there is no option "aply"/],
    [
      [{ take: ["a"], give: { 1: 1 } }],
      ["1", "b"],
      /steps\[0\]\.give must be sizes by names that are no numbers/,
    ],
  ] as const)
    expect(() => made(steps, [...outputs])).toThrow(message);
  expect(() => bijectionGraph({ inputs: { a: 0.5 }, steps: [], outputs: ["a"] })).toThrow(UsageError);
  expect(() => made([], ["a", "b"], { a: 1 })).toThrow(ShapeError);
  const inner = planar({ features: 1, context: 1 });
  expect(() => partial({ features: 2, places: [0], inner, givenFeatures: [0] })).toThrow(ShapeError);
  expect(() => partial({ features: 2, places: [0], inner, givenContext: [2], context: 2 })).toThrow(
    ShapeError,
  );
  expect(() => partial({ features: 2, places: [0], inner, givenContext: [0], context: Number.NaN })).toThrow(
    /context must be 0 or a positive integer/,
  );
  // What a file claims makes no list of so many numbers.
  expect(partial({ features: 2, places: [0], inner, givenContext: [9], context: 1e12 }).context).toBe(1e12);
  expect(partial({ features: 2, places: [0], inner, givenFeatures: [1] }).context).toBe(0);
  expect(partial({ features: 2, places: [0], inner, givenContext: [1], context: 2 }).context).toBe(2);
});
