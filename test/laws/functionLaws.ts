/**
 * Laws of what is a function of a vector and of parameters: ops, networks, log-densities and samples of distributions.
 *
 * @module
 */

import { afterAll, describe, expect, test } from "vitest";
import type { Expr } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/ops.ts";
import type { Bound, ParameterTree } from "../../src/graph/parameters.ts";
import { engines } from "../engines.ts";
import { expectBelow, Subject } from "./harness.ts";
import { randomParameters, stream, type Values } from "./parameters.ts";

/** One row: a function, and what its laws must know of it. */
export interface FunctionCase {
  /** Size of the input. */
  readonly inputs: number;
  /** What it needs besides; default none. */
  readonly parameters?: ParameterTree;
  /** The function, of an input `[inputs]`. */
  run(x: Expr, parameters: Bound): Expr;
  /** Numbers are drawn uniformly from here (default -2 to 2). */
  readonly domain?: readonly [number, number];
  /** Whether derivatives are those of differences (default true); not so where a gradient is stopped. */
  readonly isDifferentiable?: boolean;
}

/** Declares the laws of each case: engines agree, and gradients are those of differences. */
export function functionLaws(cases: Readonly<Record<string, FunctionCase>>): void {
  describe.each(Object.entries(cases))("%s", (name, row) => {
    const { inputs, parameters = {}, domain: [low, high] = [-2, 2], isDifferentiable = true } = row;
    const map = (x: Expr, p: Bound) => {
      const value = row.run(x, p);
      const size = value.shape.reduce((product, extent) => product * extent, 1);
      return { value: g.reshape(value, [size]), logAbsDet: g.constant(0) };
    };
    const asBijection = {
      type: "function",
      features: inputs,
      context: 0,
      parameters,
      forward: map,
      inverse: map,
      toJSON: () => ({ type: "function" }),
    };
    const subjects = engines.map(({ engine }) => new Subject(asBijection, engine));
    afterAll(async () => {
      for (const subject of subjects) await subject.dispose();
    });
    const drawn = (rows: number, seed: number): Float64Array => {
      const source = stream(seed, name);
      return Float64Array.from({ length: rows * inputs }, () =>
        Math.fround(low + (high - low) * source.uniform()),
      );
    };
    const values: Values = Object.fromEntries(
      Object.entries(randomParameters(asBijection, 1, 0.4)).map(([leaf, data]) => [
        leaf,
        data.map(Math.fround),
      ]),
    );

    test("engines agree, in values and gradients", async () => {
      const at = { x: drawn(70, 1) };
      const expected = await subjects[0]!.image("forward", values, at);
      const slopes = await subjects[0]!.gradient("forward", values, at);
      for (const [i, { epsilon }] of engines.entries()) {
        const bound = epsilon > 1e-10 ? 2e-4 : 1e-9;
        const found = await subjects[i]!.image("forward", values, at);
        expected.value.forEach((value, k) => {
          expectBelow(Math.abs(found.value[k]! - value), bound * (1 + Math.abs(value)), `value ${k}`);
        });
        const gradient = await subjects[i]!.gradient("forward", values, at);
        for (const [leaf, data] of Object.entries(slopes)) {
          const size = 1 + data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
          data.forEach((value, k) => {
            expectBelow(Math.abs(gradient[leaf]![k]! - value), bound * size, `d / d ${leaf}[${k}]`);
          });
        }
      }
    });

    test.runIf(isDifferentiable)("gradients agree with differences", async () => {
      const at = { x: drawn(1, 2) };
      const subject = subjects[0]!;
      const gradient = await subject.gradient("forward", values, at);
      const leaves: Values = { ...values, x: at.x };
      for (const [leaf, data] of Object.entries(leaves))
        for (let k = 0; k < Math.min(data.length, 6); k++) {
          const lossAt = async (by: number): Promise<number> => {
            const moved = data.slice();
            moved[k]! += by;
            const x = leaf === "x" ? moved : at.x;
            const own = leaf === "x" ? values : { ...values, [leaf]: moved };
            return (await subject.losses("forward", own, { x }))[0]!;
          };
          const h = 2 ** -17;
          const difference = ((await lossAt(h)) - (await lossAt(-h))) / (2 * h);
          // Curvature of h^2, and roundings divided by h.
          expect(Math.abs(gradient[leaf]![k]! - difference), `${leaf}[${k}]`).toBeLessThan(
            1e-6 * (1 + Math.abs(difference)),
          );
        }
    });
  });
}
