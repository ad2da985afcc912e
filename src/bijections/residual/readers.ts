/**
 * How saved descriptions become bijections of this family again.
 *
 * @module
 */

import type { Readers } from "../../registry.ts";
import type { Bijection } from "../bijection.ts";
import { type DirectionalMapOptions, directionalMap } from "./directionalMap.ts";
import { type PlanarOptions, planar } from "./planar.ts";
import { type RadialOptions, radial } from "./radial.ts";
import { radialMapFromJson } from "./radialMap.ts";
import { residualFromJson } from "./residual.ts";
import { type SylvesterOptions, sylvester } from "./sylvester.ts";

/** One row per type. */
export const readers: Readers<Bijection> = {
  directionalMap: (json) => directionalMap(json as unknown as DirectionalMapOptions),
  planar: (json) => planar(json as unknown as PlanarOptions),
  radial: (json) => radial(json as unknown as RadialOptions),
  radialMap: radialMapFromJson,
  residual: residualFromJson,
  sylvester: (json) => sylvester(json as unknown as SylvesterOptions),
};
