/**
 * The operations: constructors of graph nodes that check shapes and fold what is free to fold.
 *
 * Operands may be numbers. A result is one of each row if an operand is. All errors are ShapeErrors that show both shapes.
 *
 * @module
 */

export { logSumExp, maximum } from "./library/logSumExp.ts";
export type { OdeMethod, OdeOptions, OdeSolution } from "./library/ode.ts";
export * from "./ops/arithmetic.ts";
export {
  mapFeatures,
  scan,
} from "./ops/bodies.ts";
export {
  fixedPoint,
  implicit,
  iterate,
  roundingUnit,
} from "./ops/iteration.ts";
export {
  asExpr,
  constant,
  input,
  parameter,
  rowMark,
  stepInput,
  type Value,
  zeros,
} from "./ops/leaves.ts";
export { linear, sumOuter } from "./ops/linear.ts";
export { matrixProduct, solveTriangular } from "./ops/matrices.ts";
export { broadcastTo, transpose } from "./ops/movement.ts";
export { concatenate, gather, reshape, scatter, slice } from "./ops/moves.ts";
export { randomNormal, randomSign, randomUniform } from "./ops/randomness.ts";
export { sum, sumRows } from "./ops/sums.ts";
