/**
 * The families of bijections that few models have: which types each has, and where its readers are.
 *
 * @module
 */

import { partialReaders } from "../partialReaders.ts";
import type { Family, Readers } from "../registry.ts";
import type { Bijection } from "./bijection.ts";

/** Types of a family, each a line of its index. */
type TypesOf<Makers> = readonly (keyof Makers & string)[];

/** A model that holds a type of a list loads that family. */
const families: readonly Family<Bijection>[] = [
  {
    types: ["continuous"] satisfies TypesOf<typeof import("./continuous/makers.ts")>,
    load: () => import("./continuous/readers.ts"),
  },
  {
    types: [
      "additiveLogistic",
      "bounded",
      "correlationFactor",
      "covarianceFactor",
      "heavyTails",
      "ordered",
    ] satisfies TypesOf<typeof import("./domains/makers.ts")>,
    load: () => import("./domains/readers.ts"),
  },
  {
    types: [
      "channelAffine",
      "discreteCosine",
      "haarWavelets",
      "lowRankAffine",
      "matrixExponential",
      "qrAffine",
      "svdAffine",
    ] satisfies TypesOf<typeof import("./matrices/makers.ts")>,
    load: () => import("./matrices/readers.ts"),
  },
  {
    types: ["orthogonal"] satisfies TypesOf<typeof import("./orthogonal/makers.ts")>,
    load: () => import("./orthogonal/readers.ts"),
  },
  {
    types: ["blockAutoregressive"] satisfies TypesOf<typeof import("./blocks/makers.ts")>,
    load: () => import("./blocks/readers.ts"),
  },
  // Without a list: loaded where no family lists a type.
  { load: () => import("./normalization/readers.ts") },
  { load: () => import("./piecewise/readers.ts") },
  { load: () => import("./structure/readers.ts") },
];

/** The readers of the families that list a type of a set; where none does, of those without a list; without a set of all. */
export function readersOf(types?: ReadonlySet<string>): Promise<{ readonly readers: Readers<Bijection> }> {
  return partialReaders(families, types);
}
