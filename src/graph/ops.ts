/**
 * The operations: constructors of graph nodes that check shapes and fold what is free to fold.
 *
 * Operands may be numbers. Every result is batched if an operand is. All errors are ShapeErrors that show both shapes.
 *
 * @module
 */

export {
  abs,
  add,
  apply,
  cos,
  div,
  erf,
  exp,
  expm1,
  floor,
  less,
  lessEqual,
  log,
  log1p,
  logAddExp,
  max,
  min,
  mul,
  neg,
  normalQuantile,
  pow,
  relu,
  select,
  sigmoid,
  sign,
  sin,
  softplus,
  sqrt,
  square,
  stopGradient,
  sub,
  tanh,
  uniformConstant,
} from "./arithmetic.ts";
export {
  mapFeatures,
  mapOf,
  project,
  scan,
  scanOf,
  unrolledScan,
} from "./bodies.ts";
export {
  fixedPoint,
  fixedPointOf,
  implicit,
  implicitOf,
  iterate,
  iterateOf,
  type RootOptions,
  root,
  roundingUnit,
} from "./iteration.ts";
export { asExpr, constant, input, parameter, rowMark, slot, stepInput, type Value, zeros } from "./leaves.ts";
export { bernoulliLogProb, normalLogProb, poissonLogProb } from "./likelihoods.ts";
export { logGamma } from "./logGamma.ts";
export { logSumExp, maximum } from "./logSumExp.ts";
export { broadcastTo, concatenate, gather, reshape, scatter, slice, transpose } from "./movement.ts";
export { normalLogCdf } from "./normalLogCdf.ts";
export {
  type OdeMethod,
  type OdeOptions,
  type OdeSolution,
  odeSolutionOf,
  solveOde,
} from "./ode.ts";
export { linear, matrixProduct, solveTriangular, sum, sumOuter, sumRows } from "./products.ts";
export { randomNormal, randomSign, randomUniform } from "./randomness.ts";
