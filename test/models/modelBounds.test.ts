/** Models that claim much for little, and damaged ones: test/files/faults. */

import { readdirSync, readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { describe, expect, test } from "vitest";
import { invert } from "../../src/bijections/combinators/invert.ts";
import { repeated } from "../../src/bijections/combinators/repeated.ts";
import { absoluteValue } from "../../src/bijections/piecewise/absoluteValue.ts";
import { partial } from "../../src/bijections/structure/partial.ts";
import { FormatError, NumericalError, PushforwardError } from "../../src/errors.ts";
import { checkModelBounds, modelBounds } from "../../src/models/files/modelBounds.ts";
import { load } from "../../src/models/flow.ts";

const folder = new URL("../files/faults/", import.meta.url);
const bytes = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, folder)));

describe("a model that claims much for little is refused at once", () => {
  test.each([
    ["chain-of-20-absoluteValue", /bijection has branches .*the bound is 1024/],
    ["chain-of-40-absoluteValue-2-40-branches", /bijection has branches .*the bound is 1024/],
    ["repeated-1e9-of-a-permutation", /bijection has count 1000000000, the bound is 100000/],
    ["repeated-nested-1e6-x-1e6", /bijection.layer has count 1000000, the bound is 100000/],
    ["cnf-fixed-1e9-steps", /bijection.solver has steps 1000000000, the bound is 10000/],
    ["cnf-tolerance-1e-300-most-1e9", /bijection.solver has most 1000000000, the bound is 100000/],
    ["residual-roulette-stop-1e-9", /logDet.kind must be exact or series, got "roulette"/],
    ["residual-series-of-1e6-terms", /logDet has terms times probes 16000000, the bound is 16384/],
  ])("%s", async (name, message) => {
    const start = performance.now();
    const error = await load(bytes(`model-${name}.safetensors`)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(FormatError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain("\n");
    expect(performance.now() - start).toBeLessThan(1000);
  });

  test("a base that is a flow itself", async () => {
    const file = bytes("model-repeated-1e9-of-a-permutation.safetensors");
    const length = Number(new DataView(file.buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
    const [name] = Object.keys(header.__metadata__).filter((key) =>
      header.__metadata__[key].includes("repeated"),
    );
    const model = JSON.parse(header.__metadata__[name!]);
    const { base, bijection } = model;
    const moved = { ...model, base: { type: "pushforward", base, bijection }, bijection: bijection.layer };
    header.__metadata__[name!] = JSON.stringify(moved);
    const text = new TextEncoder().encode(JSON.stringify(header));
    const start = Uint8Array.from({ length: 8 + text.length }, (_, i) => text[i - 8] ?? 0);
    new DataView(start.buffer).setBigUint64(0, BigInt(text.length), true);
    await expect(load(Buffer.concat([start, file.subarray(8 + length)]))).rejects.toThrow(
      /its base has count 1000000000, the bound is 100000/,
    );
  });

  test("a chain of 10^5 permutations", () => {
    const parts = Array.from({ length: 1e5 }, () => ({ type: "permutation", order: [1, 0] }));
    expect(() => checkModelBounds({ type: "chain", parts }, "bijection")).toThrow(
      /parts 100000, the bound is 4096/,
    );
    const nested = {
      type: "repeated",
      count: 1000,
      layer: { type: "repeated", count: 1000, layer: parts[0] },
    };
    expect(() => checkModelBounds(nested, "bijection")).toThrow(/layers 1000000, the bound is 100000/);
  });

  test("a chain of sorts, which goes through all orders of one for each of another: 80,640 at most", () => {
    const refused = (...sizes: number[]): boolean => {
      const parts = sizes.filter(Boolean).map((features) => ({ type: "sort", features }));
      try {
        checkModelBounds({ type: "chain", parts }, "bijection");
        return false;
      } catch {
        return true;
      }
    };
    const orders = (n: number): number => (n > 1 ? n * orders(n - 1) : 1);
    let most = 0;
    for (let a = 1; a <= 8; a++)
      for (let b = 1; b <= a; b++)
        for (let c = 0; c <= b; c++)
          if (!refused(a, b, c)) most = Math.max(most, orders(a) * orders(b) * orders(c));
    expect(most).toBe(80_640);
    expect(refused(6, 6)).toBe(true);
  });

  test("a chain as long as a fit may make is none", () => {
    const parts = Array.from({ length: modelBounds.parts }, () => ({ type: "permutation", order: [1, 0] }));
    expect(() => checkModelBounds({ type: "chain", parts }, "bijection")).not.toThrow();
  });

  const folded = absoluteValue({ features: 1 });
  test.each([
    ["repeated", () => repeated({ layer: folded, count: 2 })],
    ["invert", () => invert(folded)],
    ["partial", () => partial({ features: 2, places: [1], inner: folded })],
  ])("what is not one to one is refused by %s", (where, make) =>
    expect(make).toThrow(`${where}: absoluteValue must be one to one, got a map of several branches`),
  );
});

describe("a damaged model is refused, or gives numbers and errors", () => {
  const names = readdirSync(folder).filter((name) => /^fuzz1-|1e308|scale/.test(name));
  test("there are seven", () => expect(names.length).toBe(7));
  test.each(names)("%s", async (name) => {
    const found = await load(bytes(name)).catch((caught: unknown) => caught);
    if (found instanceof Error) {
      expect(found).toBeInstanceOf(FormatError);
      return;
    }
    const flow = found as Awaited<ReturnType<typeof load>>;
    const width = flow.columns.length + flow.given.length;
    const given = Object.fromEntries(flow.given.map((column) => [column, 0.5]));
    for (const call of [
      async () => await flow.logProb(new Float64Array(3 * width).fill(0.3), { threads: 1 }),
      async () => (await flow.sample(5, { given, threads: 1 })).values,
    ]) {
      const values = await call().catch((caught: unknown) => caught);
      if (values instanceof Error) expect(values).toBeInstanceOf(PushforwardError);
      else expect((values as Float64Array).some(Number.isNaN)).toBe(false);
    }
  });
});

test.each([
  ["fuzz1-1408-gaussianization", "a"],
  ["fuzz1-913-mixture", "a"],
])(
  "samples of a damaged model that are infinite are an error that names the column: %s",
  async (name, column) => {
    const flow = await load(bytes(`${name}.safetensors`));
    const error = await flow.sample(50, { threads: 1 }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(NumericalError);
    expect((error as Error).message).toMatch(
      new RegExp(`^sample: 50 of 50 rows are infinite, the first in column "${column}"`),
    );
  },
);
