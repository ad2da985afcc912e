/**
 * The index of this family: one line for each bijection. Public, tried by the laws and read from model files is what stands here;
 * its name is its type.
 *
 * @module
 */

export { type DirectionalMapOptions, directionalMap } from "./directionalMap.ts";
export { type PlanarOptions, planar } from "./planar.ts";
export { type RadialOptions, radial } from "./radial.ts";
export { type RadialMapOptions, radialMap } from "./radialMap.ts";
export { type Residual, type ResidualLogDet, type ResidualOptions, residual } from "./residual.ts";
export { type SylvesterOptions, sylvester } from "./sylvester.ts";
