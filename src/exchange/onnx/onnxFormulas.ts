/**
 * Element-wise operations in those operators of ONNX that onnxruntime has in float64, too. Formulas hold their digits where a direct
 * one would lose them, and no branch that is not taken makes a value that is not a number out of one that is.
 *
 * @module
 */

import { excessPlace, excessTerms } from "../../engines/wasm/emit/normalTail.ts";
import type { ElementwiseName } from "../../graph/ops/elementwise.ts";
import type { OnnxGraph } from "./onnxGraph.ts";

/** Numbers that a graph computes with. */
export type Precision = "float" | "double";

/** Writes formulas into a graph. */
export class OnnxFormulas {
  readonly graph: OnnxGraph;
  readonly type: Precision;
  /** Conditions behind numbers that are 1 or 0, by the name of the number. */
  readonly #conditions = new Map<string, string>();
  /** Operands a and b of conditions a <= b. */
  readonly #atMost = new Map<string, readonly [a: string, b: string]>();

  constructor(graph: OnnxGraph, type: Precision) {
    this.graph = graph;
    this.type = type;
  }

  /** One number, which stands for each element. */
  number(value: number): string {
    return this.graph.constant(this.type, [value], [1, 1]);
  }

  /** A condition as 1 or 0. */
  asNumber(condition: string): string {
    const name = this.graph.node("Cast", [condition], { to: { elements: this.type } });
    this.#conditions.set(name, condition);
    return name;
  }

  /** The condition behind a number that {@link asNumber} gave. */
  conditionOf(value: string): string | undefined {
    return this.#conditions.get(value);
  }

  /** A number as a condition: whether it is not 0. */
  asCondition(value: string): string {
    return (
      this.#conditions.get(value) ??
      this.graph.node("Not", [this.graph.node("Equal", [value, this.number(0)])])
    );
  }

  /** Whether both of two conditions hold; undefined of other numbers. */
  #both(a: string, b: string): string | undefined {
    const [one, other] = [this.conditionOf(a), this.conditionOf(b)];
    if (one === undefined || other === undefined) return undefined;
    const [[low, high] = [], [otherLow, otherHigh] = []] = [this.#atMost.get(one), this.#atMost.get(other)];
    const isEqual = low !== undefined && high !== undefined && low === otherHigh && high === otherLow;
    return this.asNumber(
      isEqual ? this.graph.node("Equal", [low, high]) : this.graph.node("And", [one, other]),
    );
  }

  /** 1 less a condition; undefined of other numbers. */
  #opposite(a: string, b: string): string | undefined {
    const condition = this.conditionOf(b);
    if (condition === undefined || a !== this.number(1)) return undefined;
    return this.asNumber(this.graph.node("Not", [condition]));
  }

  add = (a: string, b: string): string => this.graph.node("Add", [a, b]);
  sub = (a: string, b: string): string => this.graph.node("Sub", [a, b]);
  mul = (a: string, b: string): string => this.graph.node("Mul", [a, b]);
  div = (a: string, b: string): string => this.graph.node("Div", [a, b]);
  less = (a: string, b: string): string => this.graph.node("Less", [a, b]);
  where = (condition: string, a: string, b: string): string => this.graph.node("Where", [condition, a, b]);
  exp = (a: string): string => this.graph.node("Exp", [a]);
  log = (a: string): string => this.graph.node("Log", [a]);
  abs = (a: string): string => this.graph.node("Abs", [a]);
  neg = (a: string): string => this.graph.node("Neg", [a]);

  /** The operation of a graph by name. */
  elementwise(name: ElementwiseName, operands: readonly string[]): string {
    const [a = "", b = "", c = ""] = operands;
    switch (name) {
      case "add":
        return this.add(a, b);
      case "sub":
        return this.#opposite(a, b) ?? this.sub(a, b);
      case "mul":
        return this.#both(a, b) ?? this.mul(a, b);
      case "mulOrZero":
        return this.where(this.asCondition(b), this.mul(a, b), this.number(0));
      case "div":
        return this.div(a, b);
      case "max":
        return this.graph.node("Max", [a, b]);
      case "min":
        return this.graph.node("Min", [a, b]);
      case "less":
        return this.asNumber(this.less(a, b));
      case "lessEqual": {
        const condition = this.graph.node("LessOrEqual", [a, b]);
        this.#atMost.set(condition, [a, b]);
        return this.asNumber(condition);
      }
      case "select":
        return this.where(this.asCondition(a), b, c);
      case "neg":
        return this.neg(a);
      case "abs":
        return this.abs(a);
      case "sign":
        return this.graph.node("Sign", [a]);
      case "floor":
        return this.graph.node("Floor", [a]);
      case "sqrt":
        return this.graph.node("Sqrt", [a]);
      case "exp":
        return this.exp(a);
      case "log":
        return this.log(a);
      case "tanh":
        return this.graph.node("Tanh", [a]);
      case "sin":
        return this.graph.node("Sin", [a]);
      case "cos":
        return this.graph.node("Cos", [a]);
      case "stopGradient":
        return a;
      case "log1p":
        return this.log1p(a);
      case "expm1":
        return this.expm1(a);
      case "sigmoid":
        return this.sigmoid(a);
      case "softplus":
        return this.softplus(a);
      case "erf":
        return this.erf(a);
      case "normalExcess":
        return this.where(this.less(a, this.number(0)), this.number(Number.NaN), this.#normalExcess(a));
      case "normalQuantile":
        return this.normalQuantile(a);
    }
  }

  /** log(1 + a) a / ((1 + a) - 1), which cancels the rounding of 1 + a (Goldberg 1991, theorem 4), for |a| of at most about 1. */
  #log1pNear(a: string): string {
    const sum = this.add(this.number(1), a);
    const rounded = this.sub(sum, this.number(1));
    const isLost = this.graph.node("Equal", [rounded, this.number(0)]);
    const divisor = this.where(isLost, this.number(1), rounded);
    return this.where(isLost, a, this.div(this.mul(this.log(sum), a), divisor));
  }

  log1p(a: string): string {
    const isNear = this.less(a, this.number(1));
    const near = this.#log1pNear(this.where(isNear, a, this.number(1)));
    return this.where(isNear, near, this.log(this.add(this.number(1), a)));
  }

  /** (e^a - 1) a / log(e^a), where a is near 0 (W. Kahan). */
  expm1(a: string): string {
    const isNear = this.less(this.abs(a), this.number(1));
    const near = this.where(isNear, a, this.number(0.5));
    const power = this.exp(near);
    const logOfPower = this.log(power);
    const isLost = this.graph.node("Equal", [logOfPower, this.number(0)]);
    const quotient = this.div(
      this.mul(this.sub(power, this.number(1)), near),
      this.where(isLost, this.number(1), logOfPower),
    );
    const far = this.sub(this.exp(a), this.number(1));
    return this.where(isNear, this.where(isLost, near, quotient), far);
  }

  /** e^-|a|, by which neither the logistic function nor softplus overflows. */
  #decay(a: string): string {
    return this.exp(this.neg(this.abs(a)));
  }

  sigmoid(a: string): string {
    const decay = this.#decay(a);
    const larger = this.div(this.number(1), this.add(this.number(1), decay));
    return this.where(this.less(a, this.number(0)), this.mul(decay, larger), larger);
  }

  softplus(a: string): string {
    const positive = this.graph.node("Max", [a, this.number(0)]);
    return this.add(positive, this.#log1pNear(this.#decay(a)));
  }

  /** A polynomial, the highest power first. */
  polynomial(coefficients: readonly number[], x: string): string {
    const [first, ...others] = coefficients;
    return others.reduce((sum, c) => this.add(this.mul(sum, x), this.number(c)), this.number(first!));
  }

  /** The mean excess over a of 0 or more, by the polynomial of the kernel in float64. */
  #normalExcess(a: string): string {
    const w = this.div(this.number(1), this.add(a, this.number(excessPlace)));
    const u = this.sub(this.number(1), this.mul(this.number(2 * excessPlace), w));
    return this.mul(w, this.polynomial(excessTerms.float64.toReversed(), u));
  }

  /** e^(x^2) erfc(x) for x of 0 or more, of the hazard of the normal distribution at sqrt(2) x. */
  #scaledErfc(x: string): string {
    const at = this.mul(this.number(Math.SQRT2), x);
    return this.div(this.number(Math.sqrt(2 / Math.PI)), this.add(at, this.#normalExcess(at)));
  }

  /** erfc(x) for x of 0 or more; the square of x is split, so that e^-x^2 keeps its digits. */
  #erfcBeyond(x: string): string {
    const coarse = this.div(this.graph.node("Floor", [this.mul(x, this.number(16))]), this.number(16));
    const rest = this.mul(this.sub(x, coarse), this.add(x, coarse));
    const power = this.mul(this.exp(this.neg(this.mul(coarse, coarse))), this.exp(this.neg(rest)));
    return this.mul(power, this.#scaledErfc(x));
  }

  erf(a: string): string {
    const size = this.graph.node("Min", [this.abs(a), this.number(6)]);
    const far = this.sub(this.number(1), this.#erfcBeyond(size));
    const square = this.mul(size, size);
    const near = this.mul(size, this.polynomial(erfSeries, square));
    const positive = this.where(this.less(size, this.number(0.5)), near, far);
    return this.mul(this.graph.node("Sign", [a]), positive);
  }

  /**
   * A rational function of sqrt(-2 log p) (Abramowitz & Stegun 26.2.23, to 4.5e-4), and two of Halley's steps on the distribution function,
   * which has all its digits below 1/2.
   */
  normalQuantile(p: string): string {
    const half = this.number(0.5);
    const isUpper = this.less(half, p);
    const nearer = this.where(isUpper, this.sub(this.number(1), p), p);
    const isInside = this.less(this.number(0), nearer);
    const q = this.where(isInside, nearer, half);
    const root = this.graph.node("Sqrt", [this.mul(this.number(-2), this.log(q))]);
    const rough = this.div(
      this.polynomial([0.010328, 0.802853, 2.515517], root),
      this.polynomial([0.001308, 0.189269, 1.432788, 1], root),
    );
    let x = this.graph.node("Min", [this.sub(rough, root), this.number(0)]);
    for (let step = 0; step < 2; step++) {
      // x is at most 0, so that the distribution function is 1/2 erfc(|x| / sqrt 2).
      const size = this.neg(x);
      const cdf = this.mul(half, this.#erfcBeyond(this.mul(size, this.number(Math.SQRT1_2))));
      const density = this.mul(
        this.exp(this.mul(this.number(-0.5), this.mul(x, x))),
        this.number(1 / Math.sqrt(2 * Math.PI)),
      );
      const isFlat = this.graph.node("Equal", [density, this.number(0)]);
      const move = this.div(this.sub(cdf, q), this.where(isFlat, this.number(1), density));
      const next = this.sub(x, this.div(move, this.add(this.number(1), this.mul(half, this.mul(x, move)))));
      x = this.graph.node("Min", [this.where(isFlat, x, next), this.number(0)]);
    }
    const outside = this.where(
      this.graph.node("Equal", [nearer, this.number(0)]),
      this.number(Number.NEGATIVE_INFINITY),
      this.number(Number.NaN),
    );
    const lower = this.where(isInside, x, outside);
    return this.where(isUpper, this.neg(lower), lower);
  }
}

/** erf(x) / x as powers of x^2, the highest first: enough of them for |x| of at most 1/2. */
const erfSeries: readonly number[] = Array.from({ length: 14 }, (_, n) => n)
  .map((n) => {
    let factorial = 1;
    for (let k = 2; k <= n; k++) factorial *= k;
    return ((n % 2 === 0 ? 1 : -1) * 2) / (Math.sqrt(Math.PI) * factorial * (2 * n + 1));
  })
  .reverse();
