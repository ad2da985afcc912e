/**
 * How saved descriptions become bijections of this family again.
 *
 * @module
 */

import type { Readers } from "../../registry.ts";
import type { Bijection } from "../bijection.ts";
import { type AffineOptions, affine } from "./affine.ts";
import { luAffine } from "./luAffine.ts";
import { permutation } from "./permutation.ts";
import { type RotationOptions, rotation } from "./rotation.ts";
import { standardization } from "./standardization.ts";
import { type TriangularAffineOptions, triangularAffine } from "./triangularAffine.ts";

/** One row per type. */
export const readers: Readers<Bijection> = {
  affine: (json) => affine(json as unknown as AffineOptions),
  luAffine: (json) => luAffine(json as unknown as { features: number }),
  permutation: (json) => permutation(json.order as number[]),
  rotation: (json) => rotation(json as unknown as RotationOptions),
  standardization: (json) => standardization(json as unknown as { features: number }),
  triangularAffine: (json) => triangularAffine(json as unknown as TriangularAffineOptions),
};
