/** The law that engines agree with the reference engine, in values, logAbsDets and gradients. */

import { test } from "vitest";
import type { EngineCase } from "../engines.ts";
import type { BijectionCase } from "./cases/bijectionCase.ts";
import { type Direction, expectBelow, norm, rowOf, type Subject } from "./harness.ts";
import { randomParameters, stream, type Values } from "./parameters.ts";

const directions: readonly Direction[] = ["forward", "inverse"];

const roundedValues = new WeakMap<Values, Values>();

/** Parameters that float32 holds exactly, so that both engines get the same; one object for the same values. */
function rounded(values: Values): Values {
  const known = roundedValues.get(values);
  if (known) return known;
  const result = Object.fromEntries(
    Object.entries(values).map(([name, data]) => [name, data.map(Math.fround)]),
  );
  roundedValues.set(values, result);
  return result;
}

/** Declares these laws of a case: an engine's subject, beside that of the reference engine. */
export function engineLaws(
  name: string,
  row: BijectionCase,
  { epsilon }: EngineCase,
  subject: Subject,
  oracle: Subject,
): void {
  const isSingle = epsilon > 1e-10;
  const { bijection, edges = [], within = (_, point) => point } = row;
  const n = bijection.features;

  /** 150 rows: more than two tiles and a rest; the last ones on edges and far out. */
  function rowsFor(
    seed: number,
    direction: Direction = "forward",
  ): { x: Float64Array; context: Float64Array } {
    const source = stream(seed, name);
    const far = [...edges, 20, -20, 1e4, 0];
    const x = Float64Array.from({ length: 150 * n }, (_, i) =>
      Math.fround(i < 120 * n ? 1.5 * source.normal() : far[Math.floor(source.uniform() * far.length)]!),
    );
    const context = Float64Array.from({ length: 150 * bijection.context }, () =>
      Math.fround(source.normal()),
    );
    const placed = Array.from({ length: 150 }, (_, row) =>
      within(direction, Array.from(x.subarray(row * n, (row + 1) * n))),
    );
    return { x: Float64Array.from(placed.flat(), Math.fround), context };
  }

  test.each(directions)(
    "%s: agrees to 1e-9 (float32: 1e-4) a feature near the identity",
    async (direction) => {
      const own = rounded(randomParameters(bijection, 1, 0.1));
      const at = rowsFor(1, direction);
      const expected = await oracle.image(direction, own, at);
      const actual = await subject.image(direction, own, at);
      const bound = (isSingle ? 1e-4 : 1e-9) * n;
      expected.value.forEach((value, i) => {
        expectBelow(Math.abs(actual.value[i]! - value), bound * (1 + Math.abs(value)), `value ${i}`);
      });
      expected.logAbsDet.forEach((value, row) => {
        expectBelow(
          Math.abs(actual.logAbsDet[row]! - value),
          bound * (1 + Math.abs(value)),
          `logAbsDet ${row}`,
        );
      });
    },
  );

  test.each([
    ["forward", 0.3],
    ["inverse", 0.3],
    ["forward", 1],
    ["inverse", 1],
  ] as const)(
    "%s: agrees within the condition of the Jacobian, parameters of size %d",
    async (direction, scale) => {
      const own = rounded(randomParameters(bijection, 2, scale));
      const at = rowsFor(2, direction);
      const expected = await oracle.image(direction, own, at);
      const actual = await subject.image(direction, own, at);
      const jacobians = await oracle.jacobian(direction, own, at);
      const gradient = await oracle.gradient(direction, own, at);
      jacobians.forEach((jacobian, row) => {
        const point = rowOf(at.x, row, n);
        const [value, other] = [rowOf(expected.value, row, n), rowOf(actual.value, row, n)];
        const roundings = 256 * epsilon * (1 + norm(jacobian) * (1 + norm(point)) + norm(value));
        value.forEach((v, i) => {
          expectBelow(Math.abs(other[i]! - v), roundings, `row ${row}, value ${i}`);
        });
        // What the roundings of the row itself move in logAbsDet, and those of logAbsDet's own terms.
        const slope = norm(rowOf(gradient.x!, row, n)) + norm(jacobian);
        const slopeOfContext =
          bijection.context > 0 ? norm(rowOf(gradient.context!, row, bijection.context)) : 0;
        const moved =
          slope * (1 + norm(point)) + slopeOfContext * (1 + norm(rowOf(at.context, row, bijection.context)));
        const log = expected.logAbsDet[row]!;
        const bound = 256 * epsilon * (n + Math.abs(log) + moved);
        expectBelow(Math.abs(actual.logAbsDet[row]! - log), bound, `row ${row}, logAbsDet`);
      });
    },
  );

  test.each(directions)("%s: gradients of a sum over rows agree", async (direction) => {
    const own = rounded(randomParameters(bijection, 3, 0.1));
    const all = rowsFor(3);
    // Rows near 0 alone: a far row's share of a sum would hide the others'.
    const at = {
      x: all.x.subarray(0, 120 * n),
      context: all.context.subarray(0, 120 * bijection.context),
    };
    const expected = await oracle.gradient(direction, own, at);
    const actual = await subject.gradient(direction, own, at);
    for (const [leaf, data] of Object.entries(expected)) {
      const size = 1 + Math.max(0, ...Array.from(data, Math.abs));
      data.forEach((value, i) => {
        const bound = (isSingle ? 1e-4 : 1e-9) * n * size;
        expectBelow(Math.abs(actual[leaf]![i]! - value), bound, `d / d ${leaf}[${i}]`);
      });
    }
  });
}
