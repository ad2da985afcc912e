/** The products of expectation-maximization in WebAssembly give the bits of the plain loops. */

import { afterEach, expect, test, vi } from "vitest";
import { clusters } from "../../src/fitting/statistics/kMeans.ts";
import { expectation, featureCount, maximization } from "../../src/fitting/statistics/mixtureSteps.ts";
import { productsFor } from "../../src/fitting/statistics/simdProducts.ts";
import { plainProducts, type TileProducts, tileRows } from "../../src/fitting/statistics/tileProducts.ts";
import { inOnePiece } from "../../src/platform/pieces.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";

const normals = (length: number, seed: number): Float64Array => {
  const values = new Float64Array(length);
  new RandomStream(randomKey(seed)).fillNormal(values);
  return values;
};

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([1, 2, 3, 5, 10])("of rows with %i columns", async (width) => {
  const features = featureCount(width);
  const [plain, simd] = [plainProducts(features), await productsFor(features)];
  for (const components of [4, 24]) {
    const results = [plain(components), simd(components)].map((products: TileProducts) => {
      products.tile.set(normals(tileRows * features, 1));
      products.forms.set(normals(components * (features + 1), 2));
      products.forms[1] = Number.NEGATIVE_INFINITY;
      products.shares.set(normals(4 * tileRows, 3));
      products.places.set(Array.from({ length: tileRows }, (_, i) => features * ((7 * i) % tileRows)));
      products.multiply(tileRows);
      for (const count of [0, 1, 19]) products.accumulate(components - 4, count);
      return [products.terms, products.sums].map((values) => values.slice());
    });
    expect(results[1]).toEqual(results[0]);
    expect(results[0]![0]!.some((value) => value !== 0)).toBe(true);
    expect(results[0]![1]!.slice(0, features * (components - 4)).every((value) => value === 0)).toBe(true);
    expect(results[0]![1]!.some((value) => value !== 0)).toBe(true);
  }
});

test("steps of a mixture are the same, whatever the number of rows and components", async () => {
  const width = 3;
  const features = featureCount(width);
  for (const [rows, count] of [
    [1, 1],
    [33, 2],
    [70, 5],
    [64, 9],
  ] as const) {
    const values = normals(rows * width, rows);
    const weights = Float64Array.from({ length: rows }, (_, i) => 0.5 + (i % 3));
    const moments = inOnePiece(clusters(values, width, count, new RandomStream(randomKey(1)), weights));
    const components = maximization(moments, width, rows, 0.1);
    const [plain, simd] = [plainProducts(features), await productsFor(features)].map((products) =>
      inOnePiece(expectation(values, width, components, weights, products)),
    );
    expect(simd).toEqual(plain);
    expect(Number.isFinite(plain!.mean)).toBe(true);
  }
});

test("without room for a memory of WebAssembly's the plain loops do it", async () => {
  vi.spyOn(WebAssembly, "Memory").mockImplementation(() => {
    throw new RangeError("WebAssembly.Memory(): could not allocate memory");
  });
  const products = (await productsFor(4))(4);
  products.tile.fill(1);
  products.forms.fill(2);
  products.multiply(2);
  expect([...products.terms.subarray(0, 4)]).toEqual([10, 10, 10, 10]);
});
