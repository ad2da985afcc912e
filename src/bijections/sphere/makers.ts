/**
 * The index of this family: one line for each bijection. Public, tried by the laws and read from model files is what stands here;
 * its name is its type.
 *
 * @module
 */

export { type OnSphereOptions, onSphere } from "./onSphere.ts";
