/**
 * Rows of bijections/matrices.
 *
 * @module
 */

import { channelAffine } from "../../../src/bijections/matrices/channelAffine.ts";
import { lowRankAffine } from "../../../src/bijections/matrices/lowRankAffine.ts";
import { matrixExponential } from "../../../src/bijections/matrices/matrixExponential.ts";
import { qrAffine } from "../../../src/bijections/matrices/qrAffine.ts";
import { discreteCosine, haarWavelets } from "../../../src/bijections/matrices/spectra.ts";
import { svdAffine } from "../../../src/bijections/matrices/svdAffine.ts";
import { orthogonal } from "../../../src/bijections/orthogonal/orthogonal.ts";
import { type BijectionCases, hidesTriangles, unclippedLogScale } from "./bijectionCase.ts";

const few = { draws: 20, startsAsIdentity: true } as const;

/** Rows by type. */
export const matrixCases: Readonly<
  Record<
    | keyof typeof import("../../../src/bijections/matrices/makers.ts")
    | keyof typeof import("../../../src/bijections/orthogonal/makers.ts"),
    BijectionCases
  >
> = {
  channelAffine: {
    "three channels, two by two": {
      bijection: channelAffine({ features: [2, 2, 3] }),
      ...few,
      largestParameter: 20,
      hides: hidesTriangles(3),
    },
    "two channels, three positions": {
      bijection: channelAffine({ features: [3, 2] }),
      ...few,
      largestParameter: 50,
      hides: hidesTriangles(2),
    },
  },
  discreteCosine: {
    "three features": { bijection: discreteCosine({ features: 3 }), draws: 20, startsAsIdentity: false },
  },
  haarWavelets: {
    "five features": { bijection: haarWavelets({ features: 5 }), draws: 20, startsAsIdentity: false },
  },
  lowRankAffine: {
    "rank 2 of 3": {
      bijection: lowRankAffine({ features: 3, rank: 2 }),
      draws: 20,
      startsAsIdentity: false,
    },
    "one feature": { bijection: lowRankAffine({ features: 1 }), draws: 20, startsAsIdentity: false },
  },
  matrixExponential: {
    "three features": { bijection: matrixExponential({ features: 3 }), ...few },
  },
  orthogonal: {
    "householder, three features": { bijection: orthogonal({ features: 3 }), ...few },
    "one reflection": {
      bijection: orthogonal({ features: 2, reflections: 1 }),
      draws: 20,
      startsAsIdentity: false,
    },
    cayley: {
      bijection: orthogonal({ features: 3, form: "cayley" }),
      ...few,
      hides: hidesTriangles(3),
    },
    exponential: {
      bijection: orthogonal({ features: 3, form: "exponential" }),
      ...few,
      hides: hidesTriangles(3),
    },
  },
  qrAffine: {
    "three features": {
      bijection: qrAffine({ features: 3 }),
      ...few,
      largestParameter: unclippedLogScale,
      hides: hidesTriangles(3),
    },
  },
  svdAffine: {
    "three features, two reflections": {
      bijection: svdAffine({ features: 3, reflections: 2 }),
      ...few,
      largestParameter: unclippedLogScale,
    },
  },
};
