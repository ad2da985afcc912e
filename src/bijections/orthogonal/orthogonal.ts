/**
 * A trained orthogonal map, in one of three forms.
 *
 *     forward    y = Q x         logAbsDet = 0
 *     inverse    x = Q^T y       logAbsDet = 0
 *
 *     householder   Q = H(K-1) ... H(0),  H(k) = I - 2 v(k) v(k)^T / v(k)^T v(k)     (Tomczak & Welling 2016; nflows)
 *     cayley        Q = (I - A)(I + A)^-1,  A skew-symmetric                         (every rotation without the eigenvalue -1)
 *     exponential   Q = exp(A),  A skew-symmetric, shortened to a norm below 2 pi sqrt(n)   (every rotation)
 *
 * Parameters: `vectors` `[K, n]`, added to unit vectors in equal pairs; or `lower` `[n, n]`, whose entries below the diagonal are those of
 * A. All zero is the identity, or with an odd number of reflections one reflection.
 *
 * @see https://arxiv.org/abs/1611.09630
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, trained } from "../../graph/parameters.ts";
import { checkedOptions, count, type OptionTable, oneOf, refuse, required } from "../../options.ts";
import type { Bijection } from "../bijection.ts";
import { reflectedColumns, usualReflections } from "../matrices/reflections.ts";
import { cayley, exponentialOf, pairedVectors, shortened, skewMatrix } from "./matrixFunctions.ts";

/** Options of {@link orthogonal}. */
export interface OrthogonalOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** How the matrix is made (default `householder`). */
  readonly form?: "householder" | "cayley" | "exponential" | undefined;
  /**
   * Householder reflections K (default: `features`, or one more where that is odd, so that it starts as the identity). An even number gives
   * rotations alone, an odd one what reflects.
   */
  readonly reflections?: number | undefined;
}

const orthogonalOptionTable: OptionTable<OrthogonalOptions> = {
  features: required(count),
  form: oneOf(["householder", "cayley", "exponential"]),
  reflections: count,
};

/**
 * Multiplication by a trained orthogonal matrix. Both directions cost O(features^2) per row; making the matrix costs O(reflections
 * features^2), or O(features^3), once per step.
 * @throws UsageError if a number is not a positive integer, or `reflections` are given with another form.
 * @cost forward O(features^2) per row, and O(reflections features^2) or O(features^3) once per step; inverse the same
 * @example
 * const bijection = orthogonal({ features: 2, form: "cayley" });
 */
export function orthogonal(options: OrthogonalOptions): Bijection {
  const checked = checkedOptions("orthogonal", options, orthogonalOptionTable);
  const { features, form = "householder" } = checked;
  if (form !== "householder" && checked.reflections !== undefined)
    refuse("orthogonal", "reflections", `absent with form "${form}"`, checked.reflections);
  const { reflections = usualReflections(features) } = checked;
  const matrix = (p: Bound): Expr => {
    if (form === "householder")
      return reflectedColumns(pairedVectors(leafOf(p, "vectors"), features), features);
    const skew = skewMatrix(leafOf(p, "lower"), features);
    if (form === "cayley") return cayley(skew);
    const limit = 2 * Math.PI * Math.sqrt(features);
    // The spectral norm of a skew-symmetric matrix is at most its Frobenius norm over sqrt 2.
    return exponentialOf(shortened(skew, limit), limit / Math.SQRT2);
  };
  return {
    type: "orthogonal",
    features,
    context: 0,
    parameters:
      form === "householder"
        ? { vectors: trained([reflections, features]) }
        : { lower: { ...trained([features, features]), used: (features * (features - 1)) / 2 } },
    forward: (x, p) => ({ value: g.linear(x, matrix(p)), logAbsDet: g.constant(0) }),
    inverse: (y, p) => ({
      value: g.linear(y, matrix(p), undefined, { transposed: true }),
      logAbsDet: g.constant(0),
    }),
    toJSON: () => ({
      type: "orthogonal",
      features,
      form,
      ...(form === "householder" ? { reflections } : {}),
    }),
  };
}
