/**
 * Flows of which all transforms are given what one network makes of the context: for a context that is long, or of which few features matter.
 *
 * Papamakarios and Murray (2016), https://arxiv.org/abs/1605.06376; Greenberg et al. (2019), https://arxiv.org/abs/1905.07488, section 2.3.
 *
 * @module
 */

import { embedded } from "../../bijections/structure/embedded.ts";
import { UsageError } from "../../errors.ts";
import { callback, type OptionTable, required, sizes } from "../../options.ts";
import {
  type Architecture,
  type ArchitectureMaker,
  type ArchitectureSizes,
  architectureOptionTable,
  neuralSplineFlow,
  sized,
} from "../architecture.ts";
import { kindOf, madeAs } from "../kindOf.ts";

/** Options of {@link embeddedFlow}. */
export interface EmbeddedFlowOptions {
  /** Size of one sample. */
  readonly features: number;
  /** Size of the context that the network is given, at least 1. */
  readonly context?: number | undefined;
  /** Sizes of the layers of the network, at least one; the last is how many numbers each transform is given. */
  readonly embedding: readonly number[];
  /** The flow, of a context of as many numbers as the last layer gives (default: autoregressive neural splines). */
  readonly flow?: ArchitectureMaker | undefined;
}

const { features, context } = architectureOptionTable;
const optionTable: OptionTable<EmbeddedFlowOptions> = {
  features,
  context,
  embedding: required(sizes()),
  flow: callback,
};

/**
 * A conditional flow whose context goes through a network once: dense layers with rectifiers, which are trained with the flow. A model is saved under the
 * kind of the flow. Rows are of `features` numbers and a context of `context`; log-densities are those of the flow, in nats. Either direction costs that of
 * the flow and one pass of the network.
 *
 * @throws UsageError for sizes that are not positive integers, without a context, and for a flow whose base has a context or that has a training of its own.
 * @example
 * const flow = embeddedFlow({ embedding: [64, 16], flow: maskedAutoregressiveFlow() });
 * await fit(table, { flow, given: table.columns.slice(2) });
 */
export function embeddedFlow(options: EmbeddedFlowOptions): Architecture;
export function embeddedFlow(options: Omit<EmbeddedFlowOptions, "features" | "context">): ArchitectureMaker;
export function embeddedFlow(
  options: EmbeddedFlowOptions | Omit<EmbeddedFlowOptions, "features" | "context">,
): Architecture | ArchitectureMaker {
  return sized("embeddedFlow", options as EmbeddedFlowOptions, optionTable, (checked) => {
    const { flow = neuralSplineFlow({ autoregressive: true }) } = checked;
    return around(checked, flow(innerSizes(checked)));
  });
}

/** The same of a flow that is loaded when its sizes are known. */
export async function embeddedArchitecture(
  options: EmbeddedFlowOptions,
  make: (sizes: ArchitectureSizes) => Promise<Architecture>,
): Promise<Architecture> {
  return around(options, await make(innerSizes(options)));
}

function innerSizes({ features, context = 0, embedding }: EmbeddedFlowOptions): ArchitectureSizes {
  if (context === 0)
    throw new UsageError({
      where: "embeddedFlow",
      problem: "an embedding is of what a flow is given, and this one is given nothing",
      expected: "given columns, or a context",
      received: "none",
      remedy: "name given columns, or leave the embedding out",
    });
  return { features, context: embedding.at(-1) ?? 0 };
}

function around({ context = 0, embedding }: EmbeddedFlowOptions, inner: Architecture): Architecture {
  const { base, training } = inner;
  if (training || (base.context ?? 0) > 0)
    throw new UsageError({
      where: "embeddedFlow",
      problem: training
        ? `${inner.kind} has a training of its own, by the one network that sees the context`
        : `the base ${base.type} is given the context, too, and the embedding is that of the transforms`,
      expected: "a flow whose transforms alone are given the context",
      received: inner.kind,
      remedy: training ? "give that network more hidden layers" : "take a base without a context",
    });
  return madeAs({
    ...inner,
    kind: kindOf(inner),
    context,
    bijection: embedded({ inner: inner.bijection, context, embedding }),
  });
}
