/**
 * Elementary and special functions on vectors, `(v, x) => y`, in both precisions.
 *
 * @module
 */

export {
  exp,
  expm1,
  fastExp,
  fastExpRange,
  log,
  log1p,
  logSigmoid,
  sigmoid,
  softplus,
  tanh,
} from "./exponential.ts";
