/**
 * The index of the conditioners of features that have a shape: one line for each, as in `../makers.ts`.
 *
 * @module
 */

export { type ConvolutionConditionerOptions, convolutionConditioner } from "./convolutionConditioner.ts";
