/**
 * The bijections by type: how a saved description becomes a bijection again.
 *
 * @module
 */

import { type Reader, Registry } from "../registry.ts";
import { couplingFromJson } from "./autoregressive/coupling.ts";
import { elementwiseFromJson } from "./autoregressive/elementwise.ts";
import { type MarginalSplineOptions, marginalSpline } from "./autoregressive/marginalSpline.ts";
import { maskedAutoregressiveFromJson } from "./autoregressive/maskedAutoregressive.ts";
import { type SlicedSplineOptions, slicedSpline } from "./autoregressive/slicedSpline.ts";
import type { Bijection } from "./bijection.ts";
import { chain } from "./combinators/chain.ts";
import { invert } from "./combinators/invert.ts";
import { repeatedFromJson } from "./combinators/repeated.ts";
import { continuousFromJson } from "./continuous/continuous.ts";
import { type BoundedOptions, bounded } from "./domains/bounded.ts";
import { type HeavyTailsOptions, heavyTails } from "./domains/heavyTails.ts";
import { type AffineOptions, affine } from "./linear/affine.ts";
import { luAffine } from "./linear/luAffine.ts";
import { permutation } from "./linear/permutation.ts";
import { type RotationOptions, rotation } from "./linear/rotation.ts";
import { standardization } from "./linear/standardization.ts";
import { type TriangularAffineOptions, triangularAffine } from "./linear/triangularAffine.ts";
import { absoluteValue } from "./piecewise/absoluteValue.ts";
import { type DirectionalMapOptions, directionalMap } from "./residual/directionalMap.ts";
import { type PlanarOptions, planar } from "./residual/planar.ts";
import { type RadialOptions, radial } from "./residual/radial.ts";
import { radialMapFromJson } from "./residual/radialMap.ts";
import { residualFromJson } from "./residual/residual.ts";
import { type SylvesterOptions, sylvester } from "./residual/sylvester.ts";

/** One row per type. */
const readers: Readonly<Record<string, Reader<Bijection>>> = {
  absoluteValue: (json) => absoluteValue(json as unknown as { features: number }),
  affine: (json) => affine(json as unknown as AffineOptions),
  bounded: (json) => bounded(json as unknown as BoundedOptions),
  chain: (json, read) => chain((json.parts as unknown[]).map(read)),
  continuous: continuousFromJson,
  coupling: couplingFromJson,
  directionalMap: (json) => directionalMap(json as unknown as DirectionalMapOptions),
  elementwise: elementwiseFromJson,
  heavyTails: (json) => heavyTails(json as unknown as HeavyTailsOptions),
  invert: (json, read) => invert(read(json.inner)),
  luAffine: (json) => luAffine(json as unknown as { features: number }),
  marginalSpline: (json) => marginalSpline(json as unknown as MarginalSplineOptions),
  maskedAutoregressive: maskedAutoregressiveFromJson,
  permutation: (json) => permutation(json.order as number[]),
  planar: (json) => planar(json as unknown as PlanarOptions),
  radial: (json) => radial(json as unknown as RadialOptions),
  radialMap: radialMapFromJson,
  repeated: repeatedFromJson,
  residual: residualFromJson,
  rotation: (json) => rotation(json as unknown as RotationOptions),
  slicedSpline: (json) => slicedSpline(json as unknown as SlicedSplineOptions),
  standardization: (json) => standardization(json as unknown as { features: number }),
  sylvester: (json) => sylvester(json as unknown as SylvesterOptions),
  triangularAffine: (json) => triangularAffine(json as unknown as TriangularAffineOptions),
};

/** All bijections that a model file may hold, those that users have registered among them. */
export const bijectionRegistry: Registry<Bijection> = /* @__PURE__ */ new Registry(
  "bijection",
  "bijections",
  readers,
);

/**
 * The bijection that a description stands for.
 * @throws FormatError for an unknown type.
 */
export function bijectionFromJson(json: unknown): Bijection {
  return bijectionRegistry.read(json);
}
