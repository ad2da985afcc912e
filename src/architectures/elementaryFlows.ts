/**
 * Flows of elementary maps, each a small step with few parameters: planar and radial (Rezende & Mohamed 2015,
 * https://arxiv.org/abs/1505.05770) and Sylvester (van den Berg et al. 2018, https://arxiv.org/abs/1803.05649).
 *
 * Such a map is cheap in one direction and the root of an equation in the other. Which of the two goes from base to data is
 * a choice: with `direction: "inverse"` rows are scored in the cheap direction, as maximum likelihood needs; with `"forward"` samples
 * and their log-densities are drawn in it, as variational inference needs, which is what the papers call the flow.
 *
 * @module
 */

import type { Bijection } from "../bijections/bijection.ts";
import { chain } from "../bijections/combinators/chain.ts";
import { invert } from "../bijections/combinators/invert.ts";
import { planar } from "../bijections/residual/planar.ts";
import { radial } from "../bijections/residual/radial.ts";
import { sylvester } from "../bijections/residual/sylvester.ts";
import { anyNumber, type OptionTable, oneOf } from "../options.ts";
import {
  type Architecture,
  type ArchitectureMaker,
  type ArchitectureOptions,
  architectureOptionTable,
  sized,
  type Unsized,
} from "./architecture.ts";
import { baseOf, checkArchitecture } from "./checkedParts.ts";
import { madeAs } from "./kindOf.ts";
import type { FlowKind } from "./kinds.ts";

/** Options of flows of elementary maps. */
export interface ElementaryFlowOptions extends ArchitectureOptions {
  /**
   * The direction that is cheap: `inverse` (default), by which rows are scored, for maximum likelihood; `forward`, by which
   * samples are drawn, for variational inference.
   */
  readonly direction?: "forward" | "inverse" | undefined;
}

/** Options of {@link sylvesterFlow}. */
export interface SylvesterFlowOptions extends ElementaryFlowOptions {
  /** Hidden units of each map, at most `features` (default: the smaller of `features` and 8). */
  readonly units?: number | undefined;
}

const elementaryOptionTable: OptionTable<ElementaryFlowOptions> = {
  ...architectureOptionTable,
  direction: oneOf(["forward", "inverse"]),
};
const sylvesterOptionTable: OptionTable<SylvesterFlowOptions> = {
  ...elementaryOptionTable,
  units: anyNumber,
};

/**
 * A flow of planar maps; default 32 transforms. `hidden` are layers of the network of a context.
 * @throws UsageError if a size is not a positive integer.
 */
export function planarFlow(options: ElementaryFlowOptions): Architecture;
export function planarFlow(options?: Unsized<ElementaryFlowOptions>): ArchitectureMaker;
export function planarFlow(
  options?: ElementaryFlowOptions | Unsized<ElementaryFlowOptions>,
): Architecture | ArchitectureMaker {
  return sized("planarFlow", options, elementaryOptionTable, (checked) =>
    build("planar", checked, 32, planar),
  );
}

/**
 * A flow of radial maps; default 32 transforms. `hidden` are layers of the network of a context.
 * @throws UsageError if a size is not a positive integer.
 */
export function radialFlow(options: ElementaryFlowOptions): Architecture;
export function radialFlow(options?: Unsized<ElementaryFlowOptions>): ArchitectureMaker;
export function radialFlow(
  options?: ElementaryFlowOptions | Unsized<ElementaryFlowOptions>,
): Architecture | ArchitectureMaker {
  return sized("radialFlow", options, elementaryOptionTable, (checked) =>
    build("radial", checked, 32, radial),
  );
}

/**
 * A flow of Sylvester maps; default 8 transforms. `hidden` are layers of the network of a context.
 * @throws UsageError if a size is not a positive integer.
 */
export function sylvesterFlow(options: SylvesterFlowOptions): Architecture;
export function sylvesterFlow(options?: Unsized<SylvesterFlowOptions>): ArchitectureMaker;
export function sylvesterFlow(
  options?: SylvesterFlowOptions | Unsized<SylvesterFlowOptions>,
): Architecture | ArchitectureMaker {
  return sized("sylvesterFlow", options, sylvesterOptionTable, ({ units, ...rest }) => {
    const chosen = units ?? Math.min(rest.features, 8);
    return build("sylvester", rest, 8, (layer) => sylvester({ ...layer, units: chosen }));
  });
}

function build(
  kind: FlowKind,
  options: ElementaryFlowOptions,
  defaultTransforms: number,
  layer: (sizes: {
    readonly features: number;
    readonly context: number;
    readonly hidden: readonly number[];
  }) => Bijection,
): Architecture {
  const {
    features,
    context = 0,
    transforms = defaultTransforms,
    hidden = [64],
    direction = "inverse",
  } = options;
  checkArchitecture(kind, { features, context, transforms, hidden });
  const bijection = layer({ features, context, hidden: context > 0 ? hidden : [] });
  const part = direction === "inverse" ? invert(bijection) : bijection;
  return madeAs({
    kind,
    features,
    context,
    transforms,
    hidden,
    base: baseOf(kind, options),
    bijection: chain(Array.from({ length: transforms }, () => part)),
  });
}
