/**
 * Named architectures: flows before they are fitted.
 *
 * @module
 */

import type { Bijection } from "../bijections/bijection.ts";
import { aDistribution, type Distribution } from "../distributions/distribution.ts";
import { UsageError } from "../errors.ts";
import { aConditioner, type Conditioner } from "../networks/conditionerContract.ts";
import {
  anyNumber,
  anything,
  checkedOptions,
  flag,
  listOf,
  type OptionTable,
  refuse,
  required,
} from "../options.ts";
import { affineTransformer } from "../transformers/affineTransformer.ts";
import { chainTransformer } from "../transformers/chainTransformer.ts";
import { rationalQuadraticTransformer } from "../transformers/rationalQuadraticTransformer.ts";
import type { Tails } from "../transformers/splineTails.ts";
import { aTransformer, type Transformer } from "../transformers/transformer.ts";
import type { Training } from "./training.ts";
import { transformerFlow } from "./transformerFlow.ts";

/** An unfitted flow: a base and a bijection as descriptions, no parameter values. */
export interface Architecture {
  /**
   * Name of the architecture, as on the command line. A model is saved under it where the bijection is the one that this
   * architecture made; otherwise it is saved as `custom`.
   */
  readonly kind: string;
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Size of what a conditional flow is given; 0 where unconditional. */
  readonly context: number;
  /** Number of transforms in the chain. */
  readonly transforms: number;
  /** Sizes of the hidden layers of each conditioner. */
  readonly hidden: readonly number[];
  /** What is pushed forward. */
  readonly base: Distribution;
  /** Base to data; the identity before it is fitted. */
  readonly bijection: Bijection;
  /**
   * How data may be prepared for it: `columns`, each by itself, or `none`, not at all (default: columns may be mixed, so that they are not
   * correlated).
   */
  readonly preparation?: "columns" | "none" | undefined;
  /** How it is trained, where that is not by its own log-density. */
  readonly training?: Training | undefined;
}

/** Options of all named architectures. */
export interface ArchitectureOptions {
  /** Size of one sample. */
  readonly features: number;
  /** Size of what the flow is conditioned on (default 0: unconditional). */
  readonly context?: number | undefined;
  /** Number of transforms; each sees the features in another order or split than the one before. */
  readonly transforms?: number | undefined;
  /** Sizes of the hidden layers of each conditioner (default 64, 64). */
  readonly hidden?: readonly number[] | undefined;
  /**
   * What is pushed forward (default `standardNormal`): a distribution of as many features, or a function of the number of features
   * that makes one, such as `diagonalNormal`.
   */
  readonly base?: Distribution | BaseMaker | undefined;
}

/** Makes a base for so many features. */
export type BaseMaker = (sizes: { readonly features: number }) => Distribution;

/** Options of flows that apply a monotone map of one number, the transformer, to each feature. */
export interface TransformerFlowOptions extends ArchitectureOptions {
  /**
   * The monotone map: one of ours or your own. With another one than its own, {@link realNVP} is saved as the kind that it then
   * is, such as `coupling`.
   */
  readonly transformer?: Transformer | undefined;
  /** What gives the transformer its parameters, in place of dense layers of the sizes `hidden`. */
  readonly conditioner?: Conditioner | undefined;
}

/** Options of {@link neuralSplineFlow}; those of the spline mean nothing where another transformer is given. */
export interface NeuralSplineFlowOptions extends TransformerFlowOptions {
  /** Masked autoregressive transforms instead of couplings (default false). */
  readonly autoregressive?: boolean | undefined;
  /** Bins of each spline (default 8, as in the paper). */
  readonly bins?: number | undefined;
  /** Half-width of the box of each spline, in standard deviations of the data (default 5). */
  readonly bound?: number | undefined;
  /** Beyond the box: a square root (default), a straight line of learned slope, or the identity as in the paper. */
  readonly tails?: Tails | undefined;
}

/** What each option of all named architectures may be; sizes say more of themselves later. */
export const architectureOptionTable: OptionTable<ArchitectureOptions> = {
  features: required(anyNumber),
  context: anyNumber,
  transforms: anyNumber,
  hidden: listOf(anyNumber, "an array of sizes, such as [64, 64]"),
  base: {
    expected: "a distribution, or a function of { features } that makes one, such as diagonalNormal",
    accepts: (value) => typeof value === "function" || aDistribution.accepts(value),
  },
};
const transformerFlowOptionTable: OptionTable<TransformerFlowOptions> = {
  ...architectureOptionTable,
  transformer: aTransformer,
  conditioner: aConditioner,
};
const neuralSplineOptionTable: OptionTable<NeuralSplineFlowOptions> = {
  ...transformerFlowOptionTable,
  autoregressive: flag,
  bins: anyNumber,
  bound: anyNumber,
  tails: anything,
};

/** Sizes that a table decides: its fitted columns, and those that it is conditioned on. */
export interface ArchitectureSizes {
  /** Size of one sample. */
  readonly features: number;
  /** Size of what the flow is conditioned on; 0 for nothing. */
  readonly context: number;
}

/** An architecture that waits for its sizes, as the option `flow` of a fit takes it. */
export type ArchitectureMaker = (sizes: ArchitectureSizes) => Architecture;

/** Options of an architecture whose sizes the table decides. */
export type Unsized<Options> = Omit<Options, "features" | "context">;

/**
 * The architecture of some options; without `features`, the function that makes it when the sizes are known.
 * @throws UsageError for an option that is not known, at once.
 */
export function sized<Options extends ArchitectureOptions>(
  where: string,
  options: Options | Unsized<Options> | undefined,
  table: OptionTable<Options>,
  make: (checked: Options) => Architecture,
): Architecture | ArchitectureMaker {
  const partialOptions = (options ?? {}) as Partial<Options>;
  if (partialOptions.features !== undefined)
    return make(checkedOptions(where, partialOptions as Options, table));
  const optional = { ...table, features: anyNumber } as unknown as OptionTable<Partial<Options>>;
  const checked = checkedOptions(where, partialOptions, optional);
  if (checked.context !== undefined)
    refuse(where, "features", "a number", undefined, "or leave out context, too, and the table decides both");
  return ({ features, context }) =>
    make(checkedOptions(where, { ...checked, features, context } as unknown as Options, table));
}

/**
 * RealNVP: affine couplings (Dinh et al. 2017, https://arxiv.org/abs/1605.08803). Both directions cost one network
 * pass per transform; default 8 transforms.
 * @throws UsageError if a size is not a positive integer.
 */
export function realNVP(options: TransformerFlowOptions): Architecture;
export function realNVP(options?: Unsized<TransformerFlowOptions>): ArchitectureMaker;
export function realNVP(
  options?: TransformerFlowOptions | Unsized<TransformerFlowOptions>,
): Architecture | ArchitectureMaker {
  return sized("realNVP", options, transformerFlowOptionTable, (checked) =>
    transformerFlow(checked, {
      named: "realnvp",
      isAutoregressive: false,
      transformer: checked.transformer ?? affineTransformer(),
      usualTransforms: 8,
    }),
  );
}

/**
 * Masked autoregressive flow (Papamakarios et al. 2017, https://arxiv.org/abs/1705.07057): both directions cost about
 * one network pass per transform; default 5 transforms.
 * @throws UsageError if a size is not a positive integer.
 */
export function maskedAutoregressiveFlow(options: TransformerFlowOptions): Architecture;
export function maskedAutoregressiveFlow(options?: Unsized<TransformerFlowOptions>): ArchitectureMaker;
export function maskedAutoregressiveFlow(
  options?: TransformerFlowOptions | Unsized<TransformerFlowOptions>,
): Architecture | ArchitectureMaker {
  return sized("maskedAutoregressiveFlow", options, transformerFlowOptionTable, (checked) =>
    transformerFlow(checked, {
      named: "maf",
      isAutoregressive: true,
      transformer: checked.transformer ?? affineTransformer(),
      usualTransforms: 5,
    }),
  );
}

/** How much slower a conditional spline changes its shape than its place and its width. */
const shapeSensitivity = 0.1;

/**
 * Neural spline flow (Durkan et al. 2019, https://arxiv.org/abs/1906.04032): rational-quadratic splines in couplings
 * or, with `autoregressive`, in masked autoregressive transforms; default 5 transforms of 8 bins.
 *
 * Given a context, each spline has an affine map of its own on its data side, which brings the box to the place and the
 * width that the density has there. A box of the width of the whole column would have to hold all of the column
 * besides: base numbers beyond 3 would come out anywhere in it.
 *
 * @throws UsageError if a size is not a positive integer.
 */
export function neuralSplineFlow(options: NeuralSplineFlowOptions): Architecture;
export function neuralSplineFlow(options?: Unsized<NeuralSplineFlowOptions>): ArchitectureMaker;
export function neuralSplineFlow(
  options?: NeuralSplineFlowOptions | Unsized<NeuralSplineFlowOptions>,
): Architecture | ArchitectureMaker {
  return sized("neuralSplineFlow", options, neuralSplineOptionTable, (checked) => {
    const { autoregressive = false, transformer } = checked;
    const idle = (["bins", "bound", "tails"] as const).find((name) => checked[name] !== undefined);
    if (transformer && idle)
      throw new UsageError({
        where: "neuralSplineFlow",
        problem: `${idle} is an option of its spline, and another transformer is given`,
        expected: `no ${idle} beside a transformer`,
        received: "both",
        remedy: "leave it out",
      });
    return transformerFlow(checked, {
      named: autoregressive ? "nsf-ar" : "nsf",
      isAutoregressive: autoregressive,
      transformer: transformer ?? splineOf(checked),
      usualTransforms: 5,
    });
  });
}

function splineOf({
  bins = 8,
  bound = 5,
  tails = "root",
  context = 0,
}: NeuralSplineFlowOptions): Transformer {
  if (context === 0) return rationalQuadraticTransformer({ bins, bound, tails });
  const spline = rationalQuadraticTransformer({ bins, bound, tails, sensitivity: shapeSensitivity });
  return chainTransformer([spline, affineTransformer()]);
}
