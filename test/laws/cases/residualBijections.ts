/**
 * Rows of bijections/residual.
 *
 * @module
 */

import { directionalMap } from "../../../src/bijections/residual/directionalMap.ts";
import { planar } from "../../../src/bijections/residual/planar.ts";
import { radial } from "../../../src/bijections/residual/radial.ts";
import { radialMap } from "../../../src/bijections/residual/radialMap.ts";
import { radialProfiles } from "../../../src/bijections/residual/radialProfiles.ts";
import { residual } from "../../../src/bijections/residual/residual.ts";
import { sylvester } from "../../../src/bijections/residual/sylvester.ts";
import type { BijectionCase, BijectionCases } from "./bijectionCase.ts";

/** Rows by type. */
export const residualCases: Readonly<
  Record<keyof typeof import("../../../src/bijections/residual/makers.ts"), BijectionCases>
> = {
  directionalMap: {
    "three features": {
      bijection: directionalMap({ features: 3 }),
      startsAsIdentity: false,
      largestParameter: 8,
      edges: [0],
    },
    "one feature": {
      bijection: directionalMap({ features: 1 }),
      startsAsIdentity: false,
      largestParameter: 8,
      edges: [0],
    },
  },
  planar: {
    "three features": { bijection: planar({ features: 3 }), startsAsIdentity: true },
    "leaky, two features": { bijection: planar({ features: 2, slope: 0.2 }), startsAsIdentity: true },
    "one feature, with context": {
      bijection: planar({ features: 1, context: 1, hidden: [5] }),
      startsAsIdentity: true,
    },
  },
  radial: {
    "three features": { bijection: radial({ features: 3 }), startsAsIdentity: true },
    "with context": { bijection: radial({ features: 2, context: 1 }), startsAsIdentity: true },
  },
  radialMap: {
    ...Object.fromEntries(
      radialProfiles.flatMap((profile) =>
        [1, 2, 3].map((features): [string, BijectionCase] => [
          `${profile}, ${features} feature${features > 1 ? "s" : ""}`,
          {
            bijection: radialMap({ features, profile }),
            startsAsIdentity: true,
            largestParameter: 8,
            edges: [0, 1, -1, 2 / 3],
          },
        ]),
      ),
    ),
  },
  residual: {
    "three features": {
      bijection: residual({ features: 3, hidden: [6, 5], lipschitz: 0.9 }),
      startsAsIdentity: true,
    },
    "one feature, ELU": {
      bijection: residual({ features: 1, hidden: [5], lipschitz: 0.8, activation: "elu" }),
      startsAsIdentity: true,
    },
    "with context, learned norms": {
      bijection: residual({
        features: 2,
        context: 1,
        hidden: [5, 4],
        contextHidden: [4],
        lipschitz: 0.8,
        norm: "learned",
      }),
      startsAsIdentity: true,
    },
  },
  sylvester: {
    "four features": {
      bijection: sylvester({ features: 4, units: 3 }),
      startsAsIdentity: true,
    },
    "one feature": { bijection: sylvester({ features: 1 }), startsAsIdentity: true },
    "with context": {
      bijection: sylvester({ features: 3, units: 2, context: 2, hidden: [4] }),
      startsAsIdentity: true,
    },
  },
};
