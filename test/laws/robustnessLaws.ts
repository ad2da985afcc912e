/**
 * Laws about what must not happen: a NaN from a finite number, and a row that depends on its neighbors; on every
 * engine.
 */

import { expect, test } from "vitest";
import type { EngineCase } from "../engines.ts";
import type { BijectionCase } from "./cases/bijectionCase.ts";
import type { Direction, Subject } from "./harness.ts";
import { extremeParameters, randomParameters, stream, type Values } from "./parameters.ts";

const directions: readonly Direction[] = ["forward", "inverse"];

/** Declares these laws of a case on an engine. */
export function robustnessLaws(
  name: string,
  row: BijectionCase,
  { epsilon }: EngineCase,
  subject: Subject,
): void {
  const isSingle = epsilon > 1e-10;
  /**
   * The largest and smallest numbers of the law, and the largest parameters. In float32 an affine map multiplies by
   * up to 1000 and an inverse autoregressive map does so once a feature; 3.4e38 is not far from there.
   */
  const largest = isSingle ? 1e20 : 1e30;
  const tiny = isSingle ? [1e-45, -1e-40, 1e-37] : [5e-324, -1e-310, 2e-308];

  const { bijection, edges = [], largestParameter = 1e3, within = (_, point) => point } = row;
  const n = bijection.features;

  /** Every odd number in every feature, the others small, and all features odd at once. */
  function oddRows(): { x: Float64Array; context: Float64Array } {
    const numbers = [0, -0, ...tiny, 1, -1, 20, -20, 1e3, 1e6, -1e6, largest, -largest];
    for (const edge of edges) numbers.push(edge, edge * (1 + epsilon), edge * (1 - epsilon));
    const rows: number[][] = [];
    for (const odd of numbers) {
      for (let k = 0; k < n; k++)
        rows.push(Array.from({ length: n }, (_, i) => (i === k ? odd : 0.3 - 0.2 * i)));
      rows.push(Array.from({ length: n }, () => odd));
      rows.push(Array.from({ length: n }, (_, i) => (i % 2 === 0 ? odd : -odd)));
    }
    const contexts = [0, 1, -2, 1e6, -largest];
    const x = Float64Array.from(rows.flat());
    return {
      x,
      context: Float64Array.from(
        { length: rows.length * bijection.context },
        (_, i) => contexts[Math.floor(i / 2) % contexts.length]!,
      ),
    };
  }

  /** Rows moved to where the direction is defined. */
  function placed(x: Float64Array, direction: Direction): Float64Array {
    const rows = Array.from({ length: x.length / n }, (_, row) =>
      within(direction, Array.from(x.subarray(row * n, (row + 1) * n))),
    );
    return Float64Array.from(rows.flat());
  }

  // In float32 e^88 is the largest power: half of it times the largest number is still one.
  const limit = (size: number): number =>
    Math.min(size, isSingle && largestParameter < 1e3 ? 5 : largestParameter);
  const draws: [string, Values][] = [0.3, 3, 30, 1e3].flatMap((size) => [
    [`normal parameters of size ${size}`, randomParameters(bijection, 7, limit(size) / (size > 3 ? 4 : 1))],
    [`parameters of +-${size}`, extremeParameters(bijection, 8, limit(size))],
  ]);

  test.each(draws)(
    "%s: no finite row gives NaN or infinity, in value, logAbsDet or gradient",
    async (_, own) => {
      const odd = oddRows();
      for (const direction of directions) {
        const at = { ...odd, x: placed(odd.x, direction) };
        const { value, logAbsDet } = await subject.image(direction, own, at);
        const notFinite = (data: Float64Array, width: number): string[] =>
          Array.from(data.keys())
            .filter((i) => !Number.isFinite(data[i]!))
            .slice(0, 2)
            .map((i) => {
              const row = Math.floor(i / width);
              return `${direction} of [${at.x.subarray(row * n, (row + 1) * n).join(", ")}]: ${data[i]}`;
            });
        expect(notFinite(value, n)).toEqual([]);
        expect(notFinite(logAbsDet, 1)).toEqual([]);
        const gradient = await subject.gradient(direction, own, at);
        for (const [leaf, data] of Object.entries(gradient)) {
          const wrong = Array.from(data.keys()).filter((i) => Number.isNaN(data[i]!));
          const width = leaf === "x" ? n : bijection.context;
          const where = leaf === "x" || leaf === "context" ? Math.floor((wrong[0] ?? 0) / width) : 0;
          expect(
            wrong.length,
            `${direction}: d/d ${leaf} is NaN${wrong.length > 0 ? ` (first at row [${at.x.subarray(where * n, where * n + n).join(", ")}])` : ""}`,
          ).toBe(0);
        }
      }
    },
  );

  test("a row's result is the same bits alone, elsewhere, and beside rows that are not numbers", async () => {
    const source = stream(3, name);
    const own = randomParameters(bijection, 5, 1);
    const rows = 131;
    const draw = (width: number): Float64Array =>
      Float64Array.from({ length: rows * width }, () => Math.fround(2 * source.normal()));
    const [x, context] = [draw(n), draw(bijection.context)];
    const pick = (data: Float64Array, width: number, which: readonly number[]): Float64Array =>
      Float64Array.from(which.flatMap((row) => Array.from(data.subarray(row * width, (row + 1) * width))));
    const spoiled = x.slice();
    for (let row = 0; row < rows; row++)
      if (row % 3 !== 0)
        for (let i = 0; i < n; i++)
          spoiled[row * n + i] = [Number.NaN, Number.POSITIVE_INFINITY, 1e300][(row % 7) % 3]!;
    for (const direction of directions) {
      const whole = await subject.image(direction, own, { x, context });
      const beside = await subject.image(direction, own, { x: spoiled, context });
      for (const which of [[0], [66], [130], [129, 3, 69, 0, 0]]) {
        const few = await subject.image(direction, own, {
          x: pick(x, n, which),
          context: pick(context, bijection.context, which),
        });
        expect(few.value).toEqual(pick(whole.value, n, which));
        expect(few.logAbsDet).toEqual(pick(whole.logAbsDet, 1, which));
        const kept = which.filter((row) => row % 3 === 0);
        expect(pick(beside.value, n, kept)).toEqual(pick(whole.value, n, kept));
        expect(pick(beside.logAbsDet, 1, kept)).toEqual(pick(whole.logAbsDet, 1, kept));
      }
    }
  });
}
