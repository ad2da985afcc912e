/**
 * The index of the conditioners of angles: one line for each, as in `../makers.ts`.
 *
 * @module
 */

export { type CircularConditionerOptions, circularConditioner } from "./circularConditioner.ts";
