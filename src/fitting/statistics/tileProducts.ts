/**
 * The two products of matrices of a step of expectation-maximization, on a tile of rows. They are most of its work, so that
 * they run in SIMD WebAssembly where there is such ({@link simdProducts}), else in plain loops, with the same bits.
 *
 * @module
 */

/** Rows of a tile: their features stay in the first cache levels. */
export const tileRows = 32;

/** Linear forms of components in groups of four: for each group four constants, then four slopes for each feature. */
export interface TileProducts {
  /** The features of a tile's rows, one row after another. */
  readonly tile: Float64Array;
  /** `terms[row * components + k]` is the linear form of component k at a row. */
  readonly terms: Float64Array;
  /** Linear forms, in groups of four. */
  readonly forms: Float64Array;
  /** Where the features of rows that have a share in one of four components begin in {@link tile}. */
  readonly places: Int32Array;
  /** Shares of these rows, four numbers per row. */
  readonly shares: Float64Array;
  /** Sums of features times shares, for one component after another. */
  readonly sums: Float64Array;
  /** Computes the terms of the first rows of the tile; those of further ones may change. */
  multiply(rows: number): void;
  /** Adds the features of the first `count` of {@link places}, times their shares, to the sums of components k to k + 3. */
  accumulate(k: number, count: number): void;
}

/** Makes the products of so many components, a multiple of four. */
export type ProductsOf = (components: number) => TileProducts;

/** In plain loops: tiles of four components by two rows, or two features, that stay in registers. */
export function plainProducts(features: number): ProductsOf {
  return (components) => {
    const tile = new Float64Array(tileRows * features);
    const terms = new Float64Array(tileRows * components);
    const forms = new Float64Array(components * (features + 1));
    const places = new Int32Array(tileRows);
    const shares = new Float64Array(4 * tileRows);
    const sums = new Float64Array(components * features);
    return {
      tile,
      terms,
      forms,
      places,
      shares,
      sums,
      multiply(rows) {
        for (let k = 0; k < components; k += 4)
          multiplyFour(tile, features, forms, k * (features + 1), terms, k, components, rows);
      },
      accumulate: (k, count) => accumulateFour(tile, features, places, shares, count, sums, k * features),
    };
  };
}

function multiplyFour(
  tile: Float64Array,
  features: number,
  forms: Float64Array,
  form: number,
  terms: Float64Array,
  k: number,
  components: number,
  rows: number,
): void {
  for (let row = 0; row < rows; row += 2) {
    const first = row * features;
    const second = first + features;
    let a0 = forms[form]!;
    let a1 = forms[form + 1]!;
    let a2 = forms[form + 2]!;
    let a3 = forms[form + 3]!;
    let b0 = a0;
    let b1 = a1;
    let b2 = a2;
    let b3 = a3;
    for (let f = 0, at = form + 4; f < features; f++, at += 4) {
      const x = tile[first + f]!;
      const y = tile[second + f]!;
      const h0 = forms[at]!;
      const h1 = forms[at + 1]!;
      const h2 = forms[at + 2]!;
      const h3 = forms[at + 3]!;
      a0 += h0 * x;
      b0 += h0 * y;
      a1 += h1 * x;
      b1 += h1 * y;
      a2 += h2 * x;
      b2 += h2 * y;
      a3 += h3 * x;
      b3 += h3 * y;
    }
    const to = row * components + k;
    terms[to] = a0;
    terms[to + 1] = a1;
    terms[to + 2] = a2;
    terms[to + 3] = a3;
    terms[to + components] = b0;
    terms[to + components + 1] = b1;
    terms[to + components + 2] = b2;
    terms[to + components + 3] = b3;
  }
}

function accumulateFour(
  tile: Float64Array,
  features: number,
  places: Int32Array,
  shares: Float64Array,
  count: number,
  sums: Float64Array,
  at0: number,
): void {
  const at1 = at0 + features;
  const at2 = at1 + features;
  const at3 = at2 + features;
  for (let f = 0; f < features; f += 2) {
    let a0 = sums[at0 + f]!;
    let a1 = sums[at1 + f]!;
    let a2 = sums[at2 + f]!;
    let a3 = sums[at3 + f]!;
    let b0 = sums[at0 + f + 1]!;
    let b1 = sums[at1 + f + 1]!;
    let b2 = sums[at2 + f + 1]!;
    let b3 = sums[at3 + f + 1]!;
    for (let i = 0, at = 0; i < count; i++, at += 4) {
      const from = places[i]! + f;
      const x = tile[from]!;
      const y = tile[from + 1]!;
      const r0 = shares[at]!;
      const r1 = shares[at + 1]!;
      const r2 = shares[at + 2]!;
      const r3 = shares[at + 3]!;
      a0 += r0 * x;
      b0 += r0 * y;
      a1 += r1 * x;
      b1 += r1 * y;
      a2 += r2 * x;
      b2 += r2 * y;
      a3 += r3 * x;
      b3 += r3 * y;
    }
    sums[at0 + f] = a0;
    sums[at1 + f] = a1;
    sums[at2 + f] = a2;
    sums[at3 + f] = a3;
    sums[at0 + f + 1] = b0;
    sums[at1 + f + 1] = b1;
    sums[at2 + f + 1] = b2;
    sums[at3 + f + 1] = b3;
  }
}
