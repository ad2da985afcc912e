/**
 * Expressions: what densities, bijections and losses are written in, their derivatives, and parameters.
 *
 * @module pushforward/graph
 */

export { jvp, vjp } from "../graph/derivative/derivative.ts";
export type { Expr, Shape } from "../graph/expr.ts";
export { formulaFunctions } from "../graph/library/formula.ts";
export {
  type Bound,
  bindTree,
  flattenTree,
  type Initializer,
  leafOf,
  type ParameterSpec,
  type ParameterTree,
  statistics,
  subtreeOf,
  trained,
  trainedUniform,
} from "../graph/parameters.ts";
export type { Program, Update } from "../graph/program.ts";
export * as ops from "../graph/publicOps.ts";
export { initialValues, type ParameterValues } from "../models/parameters.ts";
