/**
 * The index of this family: the base of flows of angles, whose pages load it alone. Public, tried by the laws and read from model files
 * is what stands here; its name is its type.
 *
 * @module
 */

export { type UniformOptions, uniform } from "./uniform.ts";
