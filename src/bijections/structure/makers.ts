/**
 * The index of this family: one line for each bijection. Public, tried by the laws and read from model files is what stands here.
 *
 * @module
 */

export { type Embedded, type EmbeddedOptions, embedded } from "./embedded.ts";
export { type PartialOptions, partial } from "./partial.ts";
