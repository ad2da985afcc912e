/**
 * What random programs are made of: choices, the values made so far, and functions of numbers.
 *
 * @module
 */

import type { Expr, ParameterExpr, Shape } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/publicOps.ts";
import type { RandomStream } from "../../src/random/philox.ts";

/** What choices are drawn by. */
export class Choices {
  readonly #stream: RandomStream;
  constructor(stream: RandomStream) {
    this.#stream = stream;
  }
  /** A whole number from 0 to below `count`. */
  below(count: number): number {
    return Math.min(count - 1, Math.floor(this.#stream.uniform() * count));
  }
  /** Whether a coin falls on its head. */
  get isHeads(): boolean {
    return this.below(2) === 0;
  }
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
  numbers(count: number): Float64Array {
    return Float64Array.from({ length: count }, () => Math.fround(0.5 * this.#stream.normal()));
  }
}

/** Functions of numbers whose values stay near 1, and whose steps are where no two values meet but by chance. */
export const unary: readonly ((a: Expr) => Expr)[] = [
  g.tanh,
  g.sin,
  g.cos,
  g.sigmoid,
  g.softplus,
  g.erf,
  g.neg,
  (a) => g.exp(g.neg(g.square(a))),
  (a) => g.exp(g.mul(0.5, g.tanh(a))),
  (a) => g.log1p(g.square(a)),
  (a) => g.sqrt(g.add(1.5, g.sin(a))),
  (a) => g.div(1, g.add(2, g.cos(a))),
  (a) => g.expm1(g.mul(0.3, g.tanh(a))),
  (a) => g.normalQuantile(g.add(0.1, g.mul(0.8, g.sigmoid(a)))),
  g.normalLogCdf,
  (a) => g.mul(a, g.sign(g.add(a, 0.137))),
  (a) => g.sub(a, g.floor(g.add(a, 0.2719))),
  (a) => g.add(a, g.stopGradient(g.sin(a))),
  (a) => g.abs(g.add(a, 0.137)),
  // Branches that are not finite where they are not taken.
  (a) => g.select(g.less(0.1, a), g.log(g.max(a, 0.05)), g.mul(0.5, a)),
  (a) => g.select(g.less(0, a), g.mul(a, g.log(a)), g.sin(a)),
  (a) => g.select(g.lessEqual(a, -0.0713), 0.2, g.sqrt(g.add(a, 0.0713))),
  (a) => g.max(g.tanh(a), -0.3),
  (a) => g.clamp(a, -0.6, 0.9),
];

/** Functions of two. */
export const binary: readonly ((a: Expr, b: Expr) => Expr)[] = [
  g.add,
  g.sub,
  (a, b) => g.mul(g.tanh(a), b),
  (a, b) => g.div(a, g.add(1.2, g.square(b))),
  (a, b) => g.pow(g.add(0.5, g.sigmoid(a)), g.tanh(b)),
  g.logAddExp,
  (a, b) => g.select(g.less(a, g.add(b, 0.0193)), g.sin(a), g.cos(b)),
  (a, b) => g.mul(0.5, g.max(a, g.add(b, 0.0193))),
  (a, b) => g.min(g.sin(a), g.sub(b, 0.0193)),
  // The numbers of comparisons, and a choice that they make together.
  (a, b) => g.select(g.max(g.less(a, 0.311), g.less(b, -0.213)), a, g.mul(0.3, b)),
];

/** A vector that no step makes large. */
export const small = (a: Expr): Expr => g.mul(0.3, g.tanh(a));

/** A program while it is made: its choices, and vectors of `n` numbers, some of rows and some shared. */
export class Making {
  readonly choices: Choices;
  readonly n: number;
  readonly parameters: ParameterExpr[] = [];
  readonly vectors: Expr[] = [];
  readonly x: Expr;
  /** Shared, `[n, n]`. */
  readonly matrices: readonly Expr[];
  #streams = 0;

  constructor(stream: RandomStream) {
    this.choices = new Choices(stream);
    this.n = 1 + this.choices.below(5);
    this.x = g.input("x", [this.n]);
    this.matrices = [0, 1].map(() => g.mul(0.5, this.parameter([this.n, this.n])));
    this.vectors.push(this.x, g.mul(0.5, this.x), this.parameter([this.n]));
  }

  parameter(shape: Shape): ParameterExpr {
    const made = g.parameter(`p${this.parameters.length}`, shape);
    this.parameters.push(made);
    return made;
  }

  vector(): Expr {
    return this.choices.of(this.vectors);
  }

  /** Of rows: what a solver or a scan starts from. */
  ofRows(): Expr {
    return g.add(this.x, this.vector());
  }

  matrix(): Expr {
    return this.choices.of(this.matrices);
  }

  draws(): Expr {
    const name = `draw ${this.#streams++}`;
    return this.choices.isHeads
      ? g.randomUniform([this.n], name)
      : g.mul(0.3, g.randomNormal([this.n], name));
  }

  /** 0 or 1 at each place of a matrix. */
  mask(): Expr {
    const { n, choices } = this;
    const kind = choices.below(4);
    const lets = (i: number): boolean =>
      [i % n <= Math.floor(i / n), i % n > Math.floor(i / n), choices.isHeads, i % n === 0][kind]!;
    return this.matrixOf((i) => (lets(i) ? 1 : 0));
  }

  /** A constant matrix, from the place of each number. */
  matrixOf(at: (i: number) => number): Expr {
    const { n } = this;
    return g.constant(
      Float64Array.from({ length: n * n }, (_, i) => at(i)),
      [n, n],
    );
  }

  /** Places in a vector, -1 among them. */
  places(count: number = this.n): number[] {
    return Array.from({ length: count }, () => this.choices.below(this.n + 1) - 1);
  }
}

/** Makes one vector of those that there are. */
export type Part = (making: Making) => Expr;
