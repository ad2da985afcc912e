/**
 * The bijections by type: how a saved description becomes a bijection again.
 *
 * @module
 */

import { absoluteValue } from "./absoluteValue.ts";
import { type AffineOptions, affine } from "./affine.ts";
import { type Bijection, type BijectionReader, readBijection } from "./bijection.ts";
import { type BoundedOptions, bounded } from "./bounded.ts";
import { chain } from "./chain.ts";
import { continuousFromJson } from "./continuous.ts";
import { couplingFromJson } from "./coupling.ts";
import { type DirectionalMapOptions, directionalMap } from "./directionalMap.ts";
import { elementwiseFromJson } from "./elementwise.ts";
import { type HeavyTailsOptions, heavyTails } from "./heavyTails.ts";
import { invert } from "./invert.ts";
import { luAffine } from "./luAffine.ts";
import { type MarginalSplineOptions, marginalSpline } from "./marginalSpline.ts";
import { maskedAutoregressiveFromJson } from "./maskedAutoregressive.ts";
import { permutation } from "./permutation.ts";
import { type PlanarOptions, planar } from "./planar.ts";
import { type RadialOptions, radial } from "./radial.ts";
import { radialMapFromJson } from "./radialMap.ts";
import { repeatedFromJson } from "./repeated.ts";
import { residualFromJson } from "./residual.ts";
import { type RotationOptions, rotation } from "./rotation.ts";
import { type SlicedSplineOptions, slicedSpline } from "./slicedSpline.ts";
import { standardization } from "./standardization.ts";
import { type SylvesterOptions, sylvester } from "./sylvester.ts";
import { type TriangularAffineOptions, triangularAffine } from "./triangularAffine.ts";

/** One row a type; a test fails when an exported bijection has none. */
export const bijectionReaders: Readonly<Record<string, BijectionReader>> = {
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

/**
 * The bijection that a description stands for.
 * @throws FormatError for an unknown type.
 */
export function bijectionFromJson(json: unknown): Bijection {
  return readBijection(json, bijectionReaders);
}
