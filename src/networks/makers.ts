/**
 * The index of the conditioners: one line for each. Public, tried by the laws and read from model files is what stands here; its type
 * is its name without "Conditioner".
 *
 * @module
 */

export { type DenseConditionerOptions, denseConditioner } from "./denseConditioner.ts";
export { type LayeredConditionerOptions, layeredConditioner } from "./layeredConditioner.ts";
