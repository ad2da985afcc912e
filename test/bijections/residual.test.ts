/** Residual maps: the inverse's promise, and options. */

import { describe, expect, test } from "vitest";
import { type ResidualOptions, residual } from "../../src/bijections/residual/residual.ts";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import { UsageError } from "../../src/errors.ts";
import * as g from "../../src/graph/ops.ts";
import { bindTree } from "../../src/graph/parameters.ts";
import { randomParameters, type Values } from "../laws/parameters.ts";

import { float32, float64, normals, partsOf } from "./residualParts.ts";

describe("sampling", () => {
  const features = 3;
  const lipschitz = 0.9;
  const { map, bound } = partsOf({ features, hidden: [20], lipschitz });
  const values = randomParameters(map, 6, 3);
  const rows = 50;
  const x = normals(rows * features, 12);

  const roundTrip = async (
    options: Partial<ResidualOptions>,
    engine = float64,
  ): Promise<{ value: Float64Array; back: Float64Array }> => {
    const own = residual({ features, hidden: [20], lipschitz, ...options });
    const value = own.forward(g.input("x", [features]), bound).value;
    const compiled = await engine.compile({ rows: { value, back: own.inverse(value, bound).value } });
    await setKnownParameters(compiled, values);
    const outputs = (await compiled.run({ rows, inputs: { x } })).rows;
    compiled.dispose();
    return { value: outputs.value!, back: outputs.back! };
  };
  const errorOf = (back: Float64Array): number =>
    Math.max(...Array.from(back, (value, i) => Math.abs(value - x[i]!)));

  test("an iterate is off by at most L^k / (1 - L) times the first step", async () => {
    const state = g.input("state", [features]);
    const next = g.sub(g.input("x", [features]), g.sub(map.inverse(state, bound).value, state));
    const compiled = await float64.compile({ rows: { next } });
    await setKnownParameters(compiled, values);
    const { value: exact } = await roundTrip({});
    const distance = (a: Float64Array, b: Float64Array, row: number): number =>
      Math.hypot(
        ...Array.from({ length: features }, (_, i) => a[row * features + i]! - b[row * features + i]!),
      );
    let at = x;
    const first: number[] = [];
    for (let k = 1; k <= 40; k++) {
      const after = (await compiled.run({ rows, inputs: { state: at, x } })).rows.next!;
      if (k === 1) for (let row = 0; row < rows; row++) first.push(distance(after, at, row));
      at = after;
      for (let row = 0; row < rows; row++)
        expect(distance(at, exact, row)).toBeLessThanOrEqual(
          (lipschitz ** k / (1 - lipschitz)) * first[row]! + 1e-13,
        );
    }
    compiled.dispose();
  });

  test("meets the arithmetic's precision by itself, or the tolerance that is given", async () => {
    expect(errorOf((await roundTrip({})).back)).toBeLessThan(1e-13);
    expect(errorOf((await roundTrip({}, float32)).back)).toBeLessThan(1e-4);
    const rough = await roundTrip({ tolerance: 1e-3 });
    const exact = (await roundTrip({})).value;
    const error = Math.max(...Array.from(rough.value, (value, i) => Math.abs(value - exact[i]!)));
    expect(error).toBeGreaterThan(1e-9);
    expect(error).toBeLessThan(1e-3 * (1 + Math.max(...x.map(Math.abs))));
  });

  describe.each(["spectral", "one", "infinity", "learned"] as const)("in the %s norm", (norm) => {
    const size = 4;
    const hard = { features: size, hidden: [size], lipschitz, norm, activation: "elu" } as const;
    // ELU with a large bias is the identity. g = -c y: all rounds move the same way, as slowly as the constant allows.
    const slow: Values = {
      weight0: Float64Array.from({ length: size * size }, (_, i) => Number(i % (size + 1) === 0)),
      weight1: Float64Array.from({ length: size * size }, (_, i) => -Number(i % (size + 1) === 0)),
      bias0: new Float64Array(size).fill(100),
      bias1: new Float64Array(size),
      ...(norm === "learned" ? { order: Float64Array.of(0.5, -0.5) } : {}),
    };
    const start = normals(rows * size, 13);
    const solve = async (own: Values, options: Partial<ResidualOptions>): Promise<Float64Array> => {
      const map = residual({ ...hard, ...options });
      const { value } = map.forward(g.input("x", [size]), bindTree(map.parameters));
      const compiled = await float64.compile({ rows: { value } });
      await setKnownParameters(compiled, own);
      const outputs = (await compiled.run({ rows, inputs: { x: start } })).rows;
      compiled.dispose();
      return outputs.value!;
    };
    /** The largest error of rows that are numbers, as a share of what their tolerance allows; and how many are not. */
    const judge = (found: Float64Array, exact: Float64Array, tolerance: number): [number, number] => {
      let most = 0;
      let missing = 0;
      for (let row = 0; row < rows; row++) {
        const range = Array.from({ length: size }, (_, i) => row * size + i);
        if (Number.isNaN(found[row * size]!)) missing++;
        else {
          const allowed = tolerance * (1 + Math.max(...range.map((k) => Math.abs(exact[k]!))));
          most = Math.max(most, ...range.map((k) => Math.abs(found[k]! - exact[k]!) / allowed));
        }
      }
      return [most, missing];
    };

    test("meets its tolerance, whatever the map, and says so where it does not", async () => {
      const random = randomParameters(residual(hard), 6, 3);
      for (const own of [slow, random]) {
        const exact = await solve(own, {});
        for (const tolerance of [1e-2, 1e-4]) {
          const [most, missing] = judge(await solve(own, { tolerance }), exact, tolerance);
          expect(missing).toBe(0);
          expect(most).toBeLessThanOrEqual(1);
          // It ends before the last digit.
          if (own === slow) expect(most).toBeGreaterThan(0.01);
        }
        const counts = [];
        for (let iterations = 1; iterations < 300; iterations = Math.ceil(1.5 * iterations)) {
          const [most, missing] = judge(await solve(own, { tolerance: 1e-3, iterations }), exact, 1e-3);
          expect(most).toBeLessThanOrEqual(1);
          counts.push(missing);
        }
        expect(counts[0]).toBe(rows);
        expect(counts.at(-1)).toBe(0);
      }
    });
  });

  test("is no number where it has not arrived", async () => {
    const { value } = await roundTrip({ iterations: 4 });
    const missing = Array.from({ length: rows }, (_, row) => Number.isNaN(value[row * features]!));
    expect(missing.filter(Boolean).length).toBeGreaterThan(rows / 2);
    const exact = (await roundTrip({})).value;
    missing.forEach((isMissing, row) => {
      if (!isMissing)
        for (let i = 0; i < features; i++)
          expect(value[row * features + i]!).toBeCloseTo(exact[row * features + i]!, 8);
    });
  });
});

test("options out of range are refused", () => {
  const refused: Partial<ResidualOptions>[] = [
    { lipschitz: 1 },
    { lipschitz: 0 },
    { activation: "relu" as never },
    { norm: "frobenius" as never },
    { tolerance: -1 },
  ];
  for (const options of refused) expect(() => residual({ features: 2, ...options })).toThrow(UsageError);
  expect(() => residual({ features: 2, hidden: [0] })).toThrow(/hidden/);
  expect(() => residual({ features: 2, logDet: { kind: "series", terms: 0 } })).toThrow(/terms/);
});
