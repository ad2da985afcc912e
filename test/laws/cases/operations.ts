/**
 * The table that drives the laws of operations: a row for every function of `ops` that gives an expression. One without a row
 * does not compile.
 *
 * @module
 */

import type { Expr } from "../../../src/graph/expr.ts";
import * as g from "../../../src/graph/publicOps.ts";
import type { FunctionCase } from "../functionLaws.ts";
import type { OperationName } from "./exported.ts";

/** What says how a value is drawn, or holds it: no function of a vector. Each is tested where it is used. */
type Leaf =
  | "asExpr"
  | "constant"
  | "input"
  | "parameter"
  | "slot"
  | "stepInput"
  | "zeros"
  | "rowMark"
  | "roundingUnit";
/** Draws of random numbers: engines agree in `engines/random.test.ts`. */
type Random = "randomNormal" | "randomSign" | "randomUniform";
/** Built from bodies or solvers, with files of laws of their own: `graph/`, `engines/iterations.test.ts`, `engines/solvers.test.ts`. */
type WithBody =
  | "fixedPoint"
  | "fixedPointOf"
  | "implicit"
  | "implicitOf"
  | "iterate"
  | "iterateOf"
  | "mapOf"
  | "odeSolutionOf"
  | "project"
  | "root"
  | "scan"
  | "scanOf"
  | "unrolledScan";
/** Sums over rows, which are no values of a row: the gradients of every law are made of them. */
type OverRows = "sumRows" | "sumOuter";

const unary = (run: (x: Expr) => Expr, more: Partial<FunctionCase> = {}): FunctionCase => ({
  inputs: 3,
  run,
  ...more,
});
const binary = (run: (a: Expr, b: Expr) => Expr, more: Partial<FunctionCase> = {}): FunctionCase => ({
  inputs: 4,
  run: (x) => run(g.slice(x, 0, 2), g.slice(x, 2, 4)),
  ...more,
});
const positive = { domain: [0.2, 3] } as const;
const steps = { isDifferentiable: false } as const;
const matrix = (x: Expr): Expr => g.reshape(g.slice(x, 0, 4), [2, 2]);
const definite = (x: Expr): Expr =>
  g.add(g.matrixProduct(matrix(x), g.transpose(matrix(x))), g.constant([1, 0, 0, 1], [2, 2]));
/** A shared matrix, of parameters. */
const withMatrix = (run: (x: Expr, weights: Expr) => Expr): FunctionCase => ({
  inputs: 2,
  parameters: { weights: { shape: [2, 2], initializer: { kind: "constant", value: 0 }, kind: "trained" } },
  run: (x, p) => run(x, p.weights as Expr),
});

/** Rows by name. */
export const operationCases: Readonly<
  Record<Exclude<OperationName, Leaf | Random | WithBody | OverRows>, FunctionCase>
> = {
  abs: unary(g.abs),
  add: binary(g.add),
  apply: binary((a, b) => g.apply("mul", a, b)),
  bernoulliLogProb: binary((a, b) => g.bernoulliLogProb(g.less(a, 0), b), steps),
  broadcastTo: unary((x) => g.broadcastTo(x, [2, 3])),
  cholesky: { inputs: 4, run: (x) => g.cholesky(definite(x)) },
  clamp: unary((x) => g.clamp(x, -0.9, 0.7)),
  concatenate: binary((a, b) => g.concatenate([b, a])),
  convolution: {
    inputs: 12,
    parameters: { w: { shape: [2, 2, 2, 2], initializer: { kind: "constant", value: 0 }, kind: "trained" } },
    run: (x, { w }) =>
      g.reshape(g.convolution(g.reshape(x, [2, 3, 2]), w as Expr, undefined, { padding: [1, 0] }), [12]),
  },
  cos: unary(g.cos),
  div: binary(g.div, positive),
  erf: unary(g.erf),
  exp: unary(g.exp),
  expm1: unary(g.expm1),
  floor: unary(g.floor, steps),
  gather: unary((x) => g.gather(x, [2, -1, 0, 0], [2, 2])),
  less: binary(g.less, steps),
  lessEqual: binary(g.lessEqual, steps),
  linear: withMatrix((x, w) => g.linear(x, w, g.slice(g.reshape(w, [4]), 0, 2))),
  log: unary(g.log, positive),
  log1p: unary(g.log1p, positive),
  logAbsDeterminant: { inputs: 4, run: (x) => g.logAbsDeterminant(definite(x)) },
  logAddExp: binary(g.logAddExp),
  logGamma: unary(g.logGamma, positive),
  logSumExp: unary((x) => g.logSumExp(x)),
  matrixProduct: withMatrix((x, w) => g.linear(x, g.matrixProduct(w, w))),
  max: binary(g.max),
  maximum: unary((x) => g.maximum(x)),
  min: binary(g.min),
  mul: binary(g.mul),
  neg: unary(g.neg),
  normalLogCdf: unary((x) => g.normalLogCdf(x)),
  normalLogProb: binary((a, b) => g.normalLogProb(a, b, 0.8)),
  normalQuantile: unary(g.normalQuantile, { domain: [0.05, 0.95] }),
  poissonLogProb: binary((a, b) => g.poissonLogProb(g.floor(a), b), { ...positive, isDifferentiable: false }),
  pow: unary((x) => g.pow(x, 3)),
  product: binary((a, b) => g.product(a, b, a, 2)),
  relu: unary(g.relu),
  reshape: unary((x) => g.reshape(x, [3, 1])),
  scatter: unary((x) => g.scatter(x, [1, 1, 0], [2])),
  select: binary((a, b) => g.select(g.less(a, 0), b, a)),
  sigmoid: unary(g.sigmoid),
  sign: unary(g.sign, steps),
  sin: unary(g.sin),
  slice: unary((x) => g.slice(x, 1, 3)),
  softplus: unary(g.softplus),
  solveTriangular: withMatrix((x, w) => {
    const unit = g.add(g.mul(w, g.constant([0, 0, 1, 0], [2, 2])), g.constant([1, 0, 0, 1], [2, 2]));
    return g.solveTriangular(unit, x, { lower: true });
  }),
  sqrt: unary(g.sqrt, positive),
  square: unary(g.square),
  stopGradient: unary(g.stopGradient, steps),
  sub: binary(g.sub),
  sum: unary((x) => g.sum(x)),
  tanh: unary(g.tanh),
  total: binary((a, b) => g.total(a, b, 1, a)),
  transpose: { inputs: 4, run: (x) => g.transpose(matrix(x)) },
};
