import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors.ts";
import {
  normalsAt,
  philox4x32,
  RandomStream,
  randomKey,
  split,
  uniformsAt,
} from "../../src/random/philox.ts";
import vectors from "../golden/philox.json" with { type: "json" };

const block = (counter: number[], key: number[]): number[] => {
  const out = new Uint32Array(4);
  philox4x32(counter[0]!, counter[1]!, counter[2]!, counter[3]!, key[0]!, key[1]!, out);
  return [...out];
};
const hex = (text: string): number[] => text.split(" ").map((word) => Number.parseInt(word, 16));
const normalsOfRow = (seed: number, row: number, count: number): number[] => {
  const out = new Float64Array(count);
  normalsAt(randomKey(seed), row, count, out);
  return [...out];
};

describe("the block function", () => {
  // Random123 1.14.0, tests/kat_vectors, "philox4x32 10".
  test.each([
    ["00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"],
    ["ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"],
    ["243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"],
  ])("gives the published words for counter %s", (counter, key, output) => {
    expect(block(hex(counter), hex(key))).toEqual(hex(output));
  });

  test("gives the words of an independent transcription", () => {
    for (const { counter, key, output } of vectors.more) expect(block(counter, key)).toEqual(output);
  });
});

describe("keys", () => {
  test("a seed gives its 64 bits in two's complement", () => {
    expect(randomKey(7)).toEqual({ k0: 7, k1: 0 });
    expect(randomKey(-1)).toEqual({ k0: 0xffffffff, k1: 0xffffffff });
    expect(randomKey(2 ** 40 + 5)).toEqual({ k0: 5, k1: 256 });
  });

  test.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])("seed %s is refused", (seed) => {
    expect(() => randomKey(seed)).toThrow(UsageError);
    expect(() => split(randomKey(0), seed)).toThrow(UsageError);
  });

  test("different labels give different keys, and the same label the same", () => {
    const key = randomKey(3);
    const labels = [0, 1, -1, 2 ** 40, "", "1", "a", "b", "a\0", "abcdefghijkl", "abcdefghijklm", "\u00e9"];
    const keys = labels.map((label) => split(key, label));
    expect(new Set(keys.map(({ k0, k1 }) => `${k0},${k1}`)).size).toBe(labels.length);
    expect(split(key, "abcdefghijklm")).toEqual(keys[10]);
    expect(split(randomKey(4), "a")).not.toEqual(split(key, "a"));
  });
});

describe("a stream", () => {
  test("continues from the position where another stopped", () => {
    const key = randomKey(11);
    const whole = new RandomStream(key);
    const words = Array.from({ length: 25 }, () => whole.nextUint32());
    for (let position = 0; position < 25; position++) {
      const rest = new RandomStream(key, position);
      expect(rest.nextUint32()).toBe(words[position]);
      expect(rest.position).toBe(position + 1);
    }
  });

  test("gives uniforms inside the open unit interval with the right mean and variance", () => {
    const values = new Float64Array(40_000);
    new RandomStream(randomKey(1)).fillUniform(values);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(values.every((value) => value > 0 && value < 1)).toBe(true);
    // Five standard errors: sqrt(1/12/n) and sqrt(1/180/n).
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / values.length));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / values.length));
  });

  test("gives normals whose first four moments are those of a standard normal", () => {
    const values = new Float64Array(100_000);
    new RandomStream(randomKey(2)).fillNormal(values);
    const moment = (power: number): number =>
      values.reduce((sum, value) => sum + value ** power, 0) / values.length;
    const error = (variance: number): number => 5 * Math.sqrt(variance / values.length);
    expect(Math.abs(moment(1))).toBeLessThan(error(1));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(error(2));
    expect(Math.abs(moment(3))).toBeLessThan(error(15));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(error(96));
  });

  test("fills as single draws do, across calls of odd length", () => {
    const one = new RandomStream(randomKey(5));
    const other = new RandomStream(randomKey(5));
    const parts = [new Float64Array(3), new Float64Array(4)];
    for (const part of parts) one.fillNormal(part);
    expect(parts.flatMap((part) => [...part])).toEqual(Array.from({ length: 7 }, () => other.normal()));
  });

  test("permutes without loss, and each order is equally likely", () => {
    const stream = new RandomStream(randomKey(8));
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = stream.permutation(3).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // Chi-square with 5 degrees of freedom exceeds 25.7 once in 10 000.
    let chiSquare = 0;
    for (const count of counts.values()) chiSquare += (count - 1000) ** 2 / 1000;
    expect(chiSquare).toBeLessThan(25.7);
    expect([...stream.permutation(0)]).toEqual([]);
    expect([...stream.permutation(100)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 100 }, (_, i) => i),
    );
  });

  test("keeps whole numbers below the bound, up to 2^32", () => {
    const stream = new RandomStream(randomKey(9));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 }), (bound) => {
        const value = stream.integerBelow(bound);
        return Number.isInteger(value) && value >= 0 && value < bound;
      }),
    );
    expect(() => stream.integerBelow(0)).toThrow(UsageError);
    expect(() => stream.permutation(-1)).toThrow(UsageError);
    expect(() => new RandomStream(randomKey(9), -1)).toThrow(UsageError);
  });
});

describe("draws keyed by row", () => {
  test("a row's normals do not depend on how many are drawn", () => {
    const many = normalsOfRow(4, 17, 11);
    for (let count = 0; count < 11; count++) expect(normalsOfRow(4, 17, count)).toEqual(many.slice(0, count));
  });

  test("rows, keys and large row numbers give different noise", () => {
    const draws = [
      normalsOfRow(4, 0, 1),
      normalsOfRow(4, 1, 1),
      normalsOfRow(5, 0, 1),
      normalsOfRow(4, 2 ** 32, 1),
    ];
    expect(new Set(draws.flat()).size).toBe(4);
  });

  test("writes its own part of the output alone", () => {
    const out = new Float64Array(7).fill(9);
    normalsAt(randomKey(4), 3, 3, out, 2);
    expect([...out.subarray(0, 2), ...out.subarray(5)]).toEqual([9, 9, 9, 9]);
    expect([...out.subarray(2, 5)]).toEqual(normalsOfRow(4, 3, 3));
    uniformsAt(randomKey(4), 3, 1, out, 6);
    expect(out[6]).toBeGreaterThan(0);
    expect(out[6]).toBeLessThan(1);
  });

  test("pooled over rows they are standard normal", () => {
    const pooled = Array.from({ length: 20_000 }, (_, row) => normalsOfRow(6, row, 3)).flat();
    const mean = pooled.reduce((sum, value) => sum + value, 0) / pooled.length;
    const variance = pooled.reduce((sum, value) => sum + value * value, 0) / pooled.length;
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(pooled.length));
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / pooled.length));
  });

  test("a negative row is refused", () => {
    expect(() => normalsAt(randomKey(0), -1, 1, new Float64Array(1))).toThrow(UsageError);
  });
});
