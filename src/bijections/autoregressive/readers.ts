/**
 * How saved descriptions become bijections of this family again.
 *
 * @module
 */

import type { Readers } from "../../registry.ts";
import type { Bijection } from "../bijection.ts";
import { couplingFromJson } from "./coupling.ts";
import { elementwiseFromJson } from "./elementwise.ts";
import { type MarginalSplineOptions, marginalSpline } from "./marginalSpline.ts";
import { maskedAutoregressiveFromJson } from "./maskedAutoregressive.ts";
import { type SlicedSplineOptions, slicedSpline } from "./slicedSpline.ts";

/** One row per type. */
export const readers: Readers<Bijection> = {
  coupling: couplingFromJson,
  elementwise: elementwiseFromJson,
  marginalSpline: (json) => marginalSpline(json as unknown as MarginalSplineOptions),
  maskedAutoregressive: maskedAutoregressiveFromJson,
  slicedSpline: (json) => slicedSpline(json as unknown as SlicedSplineOptions),
};
