/**
 * All operations, as users have them under `ops`: the library's own files take those of `ops.ts`, and the others, which most flows
 * never need, from their files.
 *
 * @module
 */

export { type ConvolutionOptions, convolution, linear } from "./library/convolution.ts";
export { bernoulliLogProb, normalLogProb, poissonLogProb } from "./library/likelihoods.ts";
export { logGamma } from "./library/logGamma.ts";
export { normalLogCdf } from "./library/normalLogCdf.ts";
export { solveOde } from "./library/ode.ts";
export { pow } from "./library/pow.ts";
export { type RootOptions, root } from "./library/root.ts";
export {
  cholesky,
  type DeterminantOptions,
  logAbsDeterminant,
  matrixProduct,
  solveTriangular,
  type TriangularOptions,
} from "./library/smallMatrices.ts";
export * from "./ops.ts";
