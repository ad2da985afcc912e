/**
 * The index of this family: one line for each bijection. Public, tried by the laws and read from model files is what stands here;
 * its name is its type.
 *
 * @module
 */

export { type AdditiveLogisticOptions, additiveLogistic } from "./additiveLogistic.ts";
export { type BoundedOptions, bounded } from "./bounded.ts";
export { correlationFactor, covarianceFactor, type FactorOptions } from "./choleskyFactors.ts";
export { type HeavyTailsOptions, heavyTails } from "./heavyTails.ts";
export { ordered } from "./ordered.ts";
