/**
 * The architectures for variational inference: those that draw samples with their log-densities in one pass.
 *
 * @module
 */

import {
  type Architecture,
  type ArchitectureOptions,
  neuralSplineFlow,
  realNVP,
} from "../../architectures/architecture.ts";
import { planarFlow, radialFlow, sylvesterFlow } from "../../architectures/elementaryFlows.ts";
import type { VariationalKind } from "../../architectures/kinds.ts";
import { chain } from "../../bijections/combinators/chain.ts";

/**
 * The architecture of a kind, with sizes that suit variational inference: 8 affine couplings, or 16 elementary maps (8 of
 * Sylvester) whose cheap direction is that of sampling. `nsf` is splines in 4 couplings, and behind them, next to the data, as
 * many affine ones: a spline bends within a box, and what lies outside of it a reverse divergence would never miss; on the
 * funnel of Neal, where splines alone keep half of the mass without any sign of it, both together find all of it.
 * @throws UsageError if a size is not a positive integer.
 */
export function variationalArchitecture(kind: VariationalKind, options: ArchitectureOptions): Architecture {
  const direction = "forward";
  switch (kind) {
    case "nsf":
      return splinesAndScales({ transforms: 4, hidden: [32, 32], ...options });
    case "realnvp":
      return realNVP({ transforms: 8, hidden: [32, 32], ...options });
    case "planar":
      return planarFlow({ transforms: 16, ...options, direction });
    case "radial":
      return radialFlow({ transforms: 16, ...options, direction });
    case "sylvester":
      return sylvesterFlow({ transforms: 8, ...options, direction });
  }
}

function splinesAndScales(options: ArchitectureOptions): Architecture {
  const splines = neuralSplineFlow(options);
  return { ...splines, bijection: chain([splines.bijection, realNVP(options).bijection]) };
}
