/**
 * One step of expectation-maximization for a mixture of Gaussians, the place where its fit spends its time.
 *
 * A Gaussian is an exponential family: log w_k N(x; m_k, S_k) is linear in the features t(x) = (x_i, x_i x_j for j <= i),
 *
 *     log w_k N(x; m_k, S_k) = b_k + h_k . t(x),    P = S_k^-1,   h_k = (P m_k; -P_ij for j < i; -P_ii / 2),
 *     b_k = log w_k - (log det(2 pi S_k) + m_k' P m_k) / 2
 *
 * so that the E-step is a product of two matrices, and the M-step, sum_i r_ik t(x_i), another: half the work of squared
 * distances, and in tiles that stay in registers. Sums about the origin lose
 * eps |x|^2 of a covariance whose eigenvalues are at least the floor: nothing, for standardized rows.
 *
 * @module
 */

import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { logTwoPi } from "../../numerics/constants.ts";
import { choleskyFactor, type NormalComponent, whitening } from "../../numerics/normalDistributions.ts";
import type { Pieces } from "../../platform/pieces.ts";
import type { Weights } from "./mixtureDensity.ts";
import { type ProductsOf, type TileProducts, tileRows } from "./tileProducts.ts";

/** A responsibility below this adds nothing to a sum that matters: a ten-billionth of a row. */
const negligible = 1e-10;

/** What the M-step needs: for each component its mass, and the sums of the features with its responsibilities. */
export interface Moments {
  /** Sums of responsibilities, one per component. */
  readonly mass: Float64Array;
  /** Sums of responsibilities times features, `features` numbers per component. */
  readonly sums: Float64Array;
}

/** Places for the features of a row: the row, the products of its values, and a 0 where these are odd in number. */
export const featureCount = (width: number): number => 2 * Math.ceil((width + (width * (width + 1)) / 2) / 2);

/** Writes the features of a row. */
function writeFeatures(rows: Float64Array, row: number, width: number, out: Float64Array, to: number): void {
  const from = row * width;
  let at = to + width;
  for (let i = 0; i < width; i++) {
    const value = rows[from + i]!;
    out[to + i] = value;
    for (let j = 0; j <= i; j++) out[at++] = value * rows[from + j]!;
  }
}

/** The sums of clusters: each row counts for one component. */
export function clusterMoments(
  rows: Float64Array,
  width: number,
  count: number,
  cluster: Int32Array,
  weights: Weights,
): Moments {
  const features = featureCount(width);
  const mass = new Float64Array(count);
  const sums = new Float64Array(count * features);
  const center = new Float64Array(features);
  for (let row = 0; row < cluster.length; row++) {
    const k = cluster[row]!;
    const weight = weights?.[row] ?? 1;
    writeFeatures(rows, row, width, center, 0);
    mass[k]! += weight;
    for (let f = 0, at = k * features; f < features; f++, at++) sums[at]! += weight * center[f]!;
  }
  return { mass, sums };
}

/** Writes the linear forms of components, in groups of four, filled up with some that have no density. */
function writeForms(components: readonly NormalComponent[], width: number, forms: Float64Array): void {
  const features = featureCount(width);
  const group = 4 * (features + 1);
  const padded = forms.length / (features + 1);
  forms.fill(0);
  for (let k = components.length; k < padded; k++)
    forms[Math.floor(k / 4) * group + (k % 4)] = Number.NEGATIVE_INFINITY;
  const precision = new Float64Array(width * width);
  components.forEach(({ mean, whiten, offset }, k) => {
    for (let i = 0; i < width; i++)
      for (let j = 0; j <= i; j++) {
        let sum = 0;
        for (let line = i; line < width; line++) sum += whiten[line * width + i]! * whiten[line * width + j]!;
        precision[i * width + j] = sum;
        precision[j * width + i] = sum;
      }
    const level = Math.floor(k / 4) * group + (k % 4);
    const slopes = level + 4;
    let squares = 0;
    let at = slopes + 4 * width;
    for (let i = 0; i < width; i++) {
      let product = 0;
      for (let j = 0; j < width; j++) product += precision[i * width + j]! * mean[j]!;
      forms[slopes + 4 * i] = product;
      squares += product * mean[i]!;
      for (let j = 0; j <= i; j++, at += 4) forms[at] = (i === j ? -0.5 : -1) * precision[i * width + j]!;
    }
    forms[level] = offset - 0.5 * squares;
  });
}

/** Responsibilities of a tile's rows in the place of the terms; returns the weighted sum of their log p. */
function respond(
  terms: Float64Array,
  padded: number,
  count: number,
  here: number,
  weights: Weights,
  start: number,
): number {
  let total = 0;
  for (let row = 0; row < here; row++) {
    const from = row * padded;
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = from; k < from + count; k++) if (terms[k]! > largest) largest = terms[k]!;
    let sum = 0;
    for (let k = from; k < from + count; k++) {
      const below = terms[k]! - largest;
      // e^-40 is below the last place of 1.
      const share = below > -40 ? Math.exp(below) : 0;
      terms[k] = share;
      sum += share;
    }
    const weight = weights === undefined ? 1 : weights[start + row]!;
    for (let k = from; k < from + count; k++) terms[k]! /= sum;
    for (let k = from + count; k < from + padded; k++) terms[k] = 0;
    total += weight * (largest + Math.log(sum));
  }
  return total;
}

/** Chooses the rows of a tile that have a share in one of the components k to k + 3, for their sums; returns how many. */
function choose(
  { terms, places, shares }: TileProducts,
  k: number,
  features: number,
  padded: number,
  here: number,
  weights: Weights,
  start: number,
  mass: Float64Array,
): number {
  let count = 0;
  for (let row = 0, at = k; row < here; row++, at += padded) {
    const r0 = terms[at]!;
    const r1 = terms[at + 1]!;
    const r2 = terms[at + 2]!;
    const r3 = terms[at + 3]!;
    if (!(r0 > negligible || r1 > negligible || r2 > negligible || r3 > negligible)) continue;
    const weight = weights === undefined ? 1 : weights[start + row]!;
    const to = 4 * count;
    shares[to] = r0 * weight;
    shares[to + 1] = r1 * weight;
    shares[to + 2] = r2 * weight;
    shares[to + 3] = r3 * weight;
    places[count++] = row * features;
  }
  for (let i = 0; i < 4 * count; i++) mass[k + (i & 3)]! += shares[i]!;
  return count;
}

/**
 * The E-step over all rows, a tile at a time: their mean log-likelihood under the components, and the moments of the next ones.
 * O(rows components columns^2).
 * @param weights - Of mean 1.
 * @param productsOf - Of rows with {@link featureCount} features.
 */
export function* expectation(
  rows: Float64Array,
  width: number,
  components: readonly NormalComponent[],
  weights: Weights,
  productsOf: ProductsOf,
): Pieces<{ readonly mean: number; readonly moments: Moments }> {
  const total = rows.length / width;
  const features = featureCount(width);
  const count = components.length;
  const padded = 4 * Math.ceil(count / 4);
  const products = productsOf(padded);
  const { tile, terms } = products;
  writeForms(components, width, products.forms);
  tile.fill(0);
  const mass = new Float64Array(padded);
  let sum = 0;
  for (let start = 0; start < total; start += tileRows) {
    const here = Math.min(tileRows, total - start);
    for (let row = 0; row < here; row++) writeFeatures(rows, start + row, width, tile, row * features);
    products.multiply(here);
    sum += respond(terms, padded, count, here, weights, start);
    for (let k = 0; k < padded; k += 4)
      products.accumulate(k, choose(products, k, features, padded, here, weights, start, mass));
    yield;
  }
  return { mean: sum / total, moments: { mass: mass.subarray(0, count), sums: products.sums.slice() } };
}

/** Less than a thousandth of a row: nothing determines a component's covariance. */
const leastMass = 1e-3;

/** The M-step: the components of the likeliest covariances with eigenvalues of at least `floor`. */
export function maximization(
  { mass, sums }: Moments,
  width: number,
  rows: number,
  floor: number,
): NormalComponent[] {
  const features = featureCount(width);
  const components: NormalComponent[] = [];
  for (let k = 0; k < mass.length; k++) {
    const componentMass = mass[k]!;
    if (!(componentMass > leastMass)) continue;
    const mean = sums.slice(k * features, k * features + width).map((value) => value / componentMass);
    const covariance = new Float64Array(width * width);
    let at = k * features + width;
    for (let i = 0; i < width; i++)
      for (let j = 0; j <= i; j++) {
        const value = sums[at++]! / componentMass - mean[i]! * mean[j]!;
        covariance[i * width + j] = value;
        covariance[j * width + i] = value;
      }
    const whiten = new Float64Array(width * width);
    const logDeterminant = whitening(raised(covariance, width, floor), width, whiten);
    const weight = componentMass / rows;
    components.push({
      weight,
      mean,
      whiten,
      offset: Math.log(weight) - 0.5 * (width * logTwoPi + logDeterminant),
    });
  }
  // A component that died leaves its weight to the others.
  const sum = components.reduce((total, { weight }) => total + weight, 0);
  if (Math.abs(sum - 1) < 1e-12) return components;
  return components.map((each) => ({
    ...each,
    weight: each.weight / sum,
    offset: each.offset - Math.log(sum),
  }));
}

/** The symmetric matrix with eigenvalues below `floor` raised to it. */
function raised(covariance: Float64Array, width: number, floor: number): Float64Array {
  // Positive less the floor: no eigenvalue is below it. Much cheaper than to compute them.
  if (choleskyFactor(covariance, width, floor)) return covariance;
  const matrix = Matrix.from1DArray(width, width, covariance);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, {
    assumeSymmetric: true,
  });
  if (realEigenvalues.every((value) => value >= floor)) return covariance;
  const diagonal = Matrix.diag(realEigenvalues.map((value) => Math.max(value, floor)));
  const clipped = eigenvectorMatrix.mmul(diagonal).mmul(eigenvectorMatrix.transpose());
  // The products round differently above and below the diagonal.
  return Float64Array.from(clipped.add(clipped.transpose()).mul(0.5).to1DArray());
}
