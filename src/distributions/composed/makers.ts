/**
 * The index of this family, of distributions that are made of others: one line for each. Public, tried by the laws and read from model
 * files is what stands here; its name is its type.
 *
 * @module
 */

export { type MixtureOfOptions, mixtureOf } from "./mixtureOf.ts";
export { type PushforwardOptions, pushforward } from "./pushforward.ts";
