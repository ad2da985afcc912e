/**
 * Flows of unit vectors: directions, orientations by quaternions (Rezende et al. 2020, https://arxiv.org/abs/2002.02428, section 2.3).
 *
 * @module
 */

import { elementwise } from "../../bijections/autoregressive/elementwise.ts";
import { maskedAutoregressive } from "../../bijections/autoregressive/maskedAutoregressive.ts";
import { chain } from "../../bijections/combinators/chain.ts";
import { onSphere } from "../../bijections/sphere/onSphere.ts";
import { uniformSphere } from "../../distributions/joint/uniformSphere.ts";
import { checkArgument, count, type OptionTable, wholeNumber } from "../../options.ts";
import { chainTransformer } from "../../transformers/chainTransformer.ts";
import { circularShift } from "../../transformers/circular/circularShift.ts";
import { rationalQuadraticTransformer } from "../../transformers/rationalQuadraticTransformer.ts";
import { eachTransformer } from "../../transformers/structure/eachTransformer.ts";
import {
  type Architecture,
  type ArchitectureMaker,
  type ArchitectureOptions,
  architectureOptionTable,
  sized,
  type Unsized,
} from "../architecture.ts";
import { checkArchitecture } from "../checkedParts.ts";

/** Options of {@link sphereFlow}. */
export interface SphereFlowOptions extends Omit<ArchitectureOptions, "base"> {
  /** Bins of each spline (default 8). */
  readonly bins?: number | undefined;
}

const { base: _, ...sizesTable } = architectureOptionTable;
const optionTable: OptionTable<SphereFlowOptions> = { ...sizesTable, bins: count };

/**
 * A flow of unit vectors of two numbers or more: maps of heights and of an angle, each of which depends on the heights before, by splines; in each transform the
 * features take other places, so that its poles are elsewhere. The base is uniform on the sphere; densities are by its surface measure, minus
 * infinity off it. Both directions cost about one network pass per transform; default 3 transforms, as many as there are features at least.
 *
 * `fit(table, { flow: sphereFlow() })` takes the columns as they are: all rows must have the length 1, to a thousandth.
 *
 * @throws UsageError if a size is not a positive integer, or there are less than two features.
 */
export function sphereFlow(options: SphereFlowOptions): Architecture;
export function sphereFlow(options?: Unsized<SphereFlowOptions>): ArchitectureMaker;
export function sphereFlow(
  options?: SphereFlowOptions | Unsized<SphereFlowOptions>,
): Architecture | ArchitectureMaker {
  return sized("sphereFlow", options, optionTable, ({ features, context = 0, bins = 8, ...sizes }) => {
    checkArgument("sphereFlow", "features", features, wholeNumber("an integer of at least 2", 2));
    const { transforms = Math.max(3, features), hidden = [64, 64] } = sizes;
    checkArchitecture("ncsf", { features, context, transforms, hidden });
    const height = rationalQuadraticTransformer({ bins, bound: 1, tails: "none" });
    const angle = chainTransformer([
      circularShift({ bound: 1 }),
      rationalQuadraticTransformer({ bins, bound: 1, tails: "circular" }),
    ]);
    const coordinates = features - 1;
    const transformer =
      coordinates === 1
        ? angle
        : eachTransformer({ parts: [...new Array<typeof height>(coordinates - 1).fill(height), angle] });
    const bijection = chain(
      Array.from({ length: transforms }, (_, t) =>
        onSphere({
          features,
          order: Array.from({ length: features }, (_, i) => (i + t) % features),
          map:
            coordinates === 1
              ? elementwise({ features: 1, context, transformer, ...(context > 0 ? { hidden } : {}) })
              : maskedAutoregressive({ features: coordinates, context, transformer, hidden }),
        }),
      ),
    );
    return {
      kind: "custom",
      features,
      context,
      transforms,
      hidden,
      base: uniformSphere({ features }),
      bijection,
      preparation: "none",
    };
  });
}
