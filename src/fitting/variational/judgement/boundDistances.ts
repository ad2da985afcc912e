/**
 * Distances to bounds without cancellation.
 *
 * Near its upper bound b a parameter rounds to b, and `sub(b, p)`, written by the user, to 0, where log(b - p) is infinite: of a
 * beta(0.05, 0.05) that is where 8 % of the mass lies. The map that p comes from knows b - p to all digits. So, in a density that
 * has been written, each polynomial of up to the second degree in one parameter that is 0 at a bound is replaced by a product
 * with the distance to that bound:
 *
 *     c0 + c1 p            = c1 (p - a)                or -c1 (b - p)
 *     c0 + c1 p + c2 p^2   = -c2 (p - a)(b - p)        where both bounds are roots
 *                          = (p - a)(c2 p + c1 + c2 a) or -(b - p)(c2 p + c1 + c2 b)
 *
 * and log1p(q) by log of such a product where 1 + q is one.
 *
 * @module
 */

import { type Expr, sameShape, sizeOf, topologicalOrder } from "../../../graph/expr.ts";
import * as g from "../../../graph/ops.ts";
import { substitute } from "../../../graph/rebuild.ts";

/** All parameters in one vector, and how far each of their numbers is from its bounds. */
export interface Bounded {
  /** `[features]`, in the parameters' own units. */
  readonly value: Expr;
  /** p - lower, `[features]`; without meaning where there is no lower bound. */
  readonly low: Expr;
  /** upper - p, `[features]`; without meaning where there is no upper bound. */
  readonly high: Expr;
  /** log abs(det J) of the map that they come from, in nats. */
  readonly logAbsDet: Expr;
  /** Lower bound of each number, or null. */
  readonly lower: readonly (number | null)[];
  /** Upper bound of each number, or null. */
  readonly upper: readonly (number | null)[];
}

/** Elements of a value as polynomials: which parameter each is one of, and its coefficients. */
interface Polynomial {
  readonly index: readonly number[];
  readonly coefficients: readonly (readonly [number, number, number])[];
}

type Coefficients = readonly [number, number, number];
/** The parameter that an element without one is of. */
const none = -1;

/** The same value, with distances to bounds in the place of differences. */
export function withBoundDistances(value: Expr, bounded: Bounded): Expr {
  if ([...bounded.lower, ...bounded.upper].every((bound) => bound === null)) return value;
  const known = new Map<Expr, Polynomial>();
  const replacements = new Map<Expr, Expr>();
  for (const node of topologicalOrder([value])) {
    if (node === bounded.value) {
      const index = bounded.lower.map((_, i) => i);
      known.set(node, { index, coefficients: index.map(() => [0, 1, 0]) });
      continue;
    }
    const polynomial = polynomialOf(node, known);
    if (polynomial) {
      known.set(node, polynomial);
      const product = productOf(polynomial, node, bounded);
      if (product) replacements.set(node, product);
    } else if (node.op === "elementwise" && node.name === "log1p") {
      const inner = known.get(node.inputs[0]!);
      const shifted = inner && combined(inner, one(inner), (a, b) => [a[0] + b[0], a[1], a[2]]);
      const product = shifted && productOf(shifted, node, bounded);
      if (product) replacements.set(node, g.log(product));
    }
  }
  return replacements.size === 0 ? value : substitute([value], replacements)[0]!;
}

const one = ({ index }: Polynomial): Polynomial => ({
  index: index.map(() => none),
  coefficients: index.map(() => [1, 0, 0]),
});

/** The polynomials that a node's elements are, if they are ones. */
function polynomialOf(node: Expr, known: ReadonlyMap<Expr, Polynomial>): Polynomial | undefined {
  const of = (input: Expr): Polynomial | undefined => {
    const operand = known.get(input);
    if (operand || input.op !== "constant") return operand;
    const data = Array.from(input.data);
    return { index: data.map(() => none), coefficients: data.map((number) => [number, 0, 0]) };
  };
  const [a, b] = node.inputs.map(of);
  if (node.op === "reshape") return a;
  if (node.op === "gather") {
    if (!a || node.indices.some((i) => i < 0)) return undefined;
    const places = Array.from(node.indices);
    return {
      index: places.map((i) => a.index[i]!),
      coefficients: places.map((i) => a.coefficients[i]!),
    };
  }
  if (node.op !== "elementwise" || !a || node.inputs.every(({ op }) => op === "constant")) return undefined;
  if (node.name === "neg") return combined(a, a, ([c0, c1, c2]) => [-c0, -c1, -c2]);
  if (!b || !fits(node, 0) || !fits(node, 1)) return undefined;
  const size = sizeOf(node.shape);
  const [left, right] = [spread(a, size), spread(b, size)];
  switch (node.name) {
    case "add":
      return combined(left, right, (p, q) => [p[0] + q[0], p[1] + q[1], p[2] + q[2]]);
    case "sub":
      return combined(left, right, (p, q) => [p[0] - q[0], p[1] - q[1], p[2] - q[2]]);
    case "mul":
      return combined(left, right, (p, q) =>
        (p[2] !== 0 && (q[1] !== 0 || q[2] !== 0)) || (q[2] !== 0 && p[1] !== 0)
          ? undefined
          : [p[0] * q[0], p[0] * q[1] + p[1] * q[0], p[0] * q[2] + p[1] * q[1] + p[2] * q[0]],
      );
    case "div":
      return combined(left, right, (p, q) =>
        q[1] !== 0 || q[2] !== 0 ? undefined : [p[0] / q[0], p[1] / q[0], p[2] / q[0]],
      );
    default:
      return undefined;
  }
}

/** Whether an operand has the shape of the result, or is one number. */
function fits(node: Expr, operand: number): boolean {
  const { shape } = node.inputs[operand]!;
  return sameShape(shape, node.shape) || sizeOf(shape) === 1;
}

function spread(polynomial: Polynomial, size: number): Polynomial {
  if (polynomial.index.length === size) return polynomial;
  return {
    index: Array.from({ length: size }, () => polynomial.index[0]!),
    coefficients: Array.from({ length: size }, () => polynomial.coefficients[0]!),
  };
}

/** Element by element; undefined unless each is still a polynomial of one parameter. */
function combined(
  a: Polynomial,
  b: Polynomial,
  combine: (a: Coefficients, b: Coefficients) => Coefficients | undefined,
): Polynomial | undefined {
  const index: number[] = [];
  const coefficients: Coefficients[] = [];
  for (let i = 0; i < a.index.length; i++) {
    const [from, other] = [a.index[i]!, b.index[i]!];
    if (from !== none && other !== none && from !== other) return undefined;
    const combined = combine(a.coefficients[i]!, b.coefficients[i]!);
    if (!combined?.every(Number.isFinite)) return undefined;
    index.push(from === none ? other : from);
    coefficients.push(combined);
  }
  return { index, coefficients };
}

/** What is 0 at a bound, as a product with the distance to it: all elements of one form, or undefined. */
function productOf({ index, coefficients }: Polynomial, node: Expr, bounded: Bounded): Expr | undefined {
  if (index.includes(none)) return undefined;
  const isRoot = (i: number, bound: number | null): boolean => {
    const [c0, c1, c2] = coefficients[i]!;
    return bound !== null && c0 + bound * (c1 + bound * c2) === 0;
  };
  const atLow = index.every((from, i) => isRoot(i, bounded.lower[from]!));
  const atHigh = index.every((from, i) => isRoot(i, bounded.upper[from]!));
  if (!atLow && !atHigh) return undefined;
  const places = Int32Array.from(index);
  const of = (vector: Expr): Expr => g.gather(vector, places, node.shape);
  const numbers = (numberAt: (i: number) => number): Expr =>
    g.constant(
      index.map((_, i) => numberAt(i)),
      node.shape,
    );
  const c1 = (i: number): number => coefficients[i]![1];
  const c2 = (i: number): number => coefficients[i]![2];
  const [low, high] = [of(bounded.low), of(bounded.high)];
  const isStraight = coefficients.every((coefficient) => coefficient[2] === 0);
  if (isStraight)
    return coefficients.some((coefficient) => coefficient[1] === 0)
      ? undefined
      : atLow
        ? g.mul(numbers(c1), low)
        : g.mul(
            numbers((i) => -c1(i)),
            high,
          );
  if (coefficients.some((coefficient) => coefficient[2] === 0)) return undefined;
  if (atLow && atHigh)
    return g.mul(
      numbers((i) => -c2(i)),
      g.mul(low, high),
    );
  const bound = (i: number): number => (atLow ? bounded.lower : bounded.upper)[index[i]!]!;
  const rest = g.add(
    g.mul(numbers(c2), of(bounded.value)),
    numbers((i) => c1(i) + c2(i) * bound(i)),
  );
  return atLow
    ? g.mul(low, rest)
    : g.mul(
        numbers(() => -1),
        g.mul(high, rest),
      );
}
