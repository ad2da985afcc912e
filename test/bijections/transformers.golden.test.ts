/** Transformers against mpmath, from the formulas of their papers (golden/transformers.py). */

import { describe, test } from "vitest";
import { elementwise } from "../../src/bijections/autoregressive/elementwise.ts";
import { type TransformerJson, transformerFromJson } from "../../src/entries/transformers.ts";
import { Subject } from "../laws/harness.ts";
import { expectClose, golden } from "./golden.ts";

interface Golden {
  readonly cases: readonly {
    readonly name: string;
    readonly transformer: TransformerJson;
    readonly parameters: readonly number[];
    /** Weights of its own, by name. */
    readonly weights?: Readonly<Record<string, readonly number[]>>;
    /** Numbers of the base, of the data, and log dy/dx. */
    readonly x: readonly number[];
    readonly y: readonly number[];
    readonly logDerivative: readonly number[];
  }[];
}

const double = 2 ** -52;

describe.each(golden<Golden>("transformers").cases)("$name", (row) => {
  const { transformer, parameters, weights = {}, x, y, logDerivative } = row;
  const subject = new Subject(elementwise({ features: 1, transformer: transformerFromJson(transformer) }));
  const values = {
    values: Float64Array.from(parameters),
    ...Object.fromEntries(
      Object.entries(weights).map(([name, data]) => [`transformer.${name}`, Float64Array.from(data)]),
    ),
  };
  /** 64 roundings of what goes in and comes out. */
  const roundings =
    (from: readonly number[], to: readonly number[], log: (i: number) => number) => (i: number) =>
      64 * double * (Math.exp(log(i)) * (1 + Math.abs(from[i]!)) + Math.abs(to[i]!) + 1);
  const bounds = {
    forward: roundings(x, y, (i) => logDerivative[i]!),
    inverse: roundings(y, x, (i) => -logDerivative[i]!),
  };

  test.each([
    ["forward", x, y, 1],
    ["inverse", y, x, -1],
  ] as const)("%s: values and log derivatives", async (direction, from, to, sign) => {
    const image = await subject.image(direction, values, { x: from });
    expectClose(image.value, to, bounds[direction]);
    // A log derivative that is steep in its argument moves by as much as the argument's roundings.
    const slopes = logDerivative.map((log) => sign * log);
    expectClose(
      image.logAbsDet,
      slopes,
      (i) => 16 * bounds[direction](i) + 64 * double * Math.abs(slopes[i]!),
    );
  });
});
