/**
 * Flows that are known by their papers' names, each a chain of couplings or of masked autoregressive maps: additive couplings (NICE),
 * inverted autoregressive maps (IAF), autoregressive maps of three transformers: mixtures of sigmoids (NAF), sums of squares
 * (SOSPF) and Bernstein polynomials (BPF), and of splines before a map of tails (TTF); of maps of each feature and rotations (GF), and mixtures
 * of flows.
 *
 * @module
 */

import { elementwise } from "../bijections/autoregressive/elementwise.ts";
import { chain } from "../bijections/combinators/chain.ts";
import { invert } from "../bijections/combinators/invert.ts";
import { affine } from "../bijections/linear/affine.ts";
import { permutation } from "../bijections/linear/permutation.ts";
import { orthogonal } from "../bijections/orthogonal/orthogonal.ts";
import { mixtureOf } from "../distributions/composed/mixtureOf.ts";
import { pushforward } from "../distributions/composed/pushforward.ts";
import { UsageError } from "../errors.ts";
import { callback, count, type OptionTable, wholeNumber } from "../options.ts";
import { RandomStream, randomKey } from "../random/philox.ts";
import { affineTransformer } from "../transformers/affineTransformer.ts";
import { chainTransformer } from "../transformers/chainTransformer.ts";
import { shiftTransformer } from "../transformers/elementary/shiftTransformer.ts";
import { mixtureTransformer } from "../transformers/mixtures/mixtureTransformer.ts";
import { bernstein } from "../transformers/polynomials/bernstein.ts";
import { sumOfSquares } from "../transformers/polynomials/sumOfSquares.ts";
import { rationalQuadraticTransformer } from "../transformers/rationalQuadraticTransformer.ts";
import { tailTransform } from "../transformers/tails/tailTransform.ts";
import {
  type Architecture,
  type ArchitectureMaker,
  type ArchitectureOptions,
  architectureOptionTable,
  neuralSplineFlow,
  sized,
  type Unsized,
} from "./architecture.ts";
import { baseOf, checkArchitecture } from "./checkedParts.ts";
import { madeAs } from "./kindOf.ts";
import { transformerFlow } from "./transformerFlow.ts";

/** Options of {@link neuralAutoregressiveFlow}. */
export interface NeuralAutoregressiveFlowOptions extends ArchitectureOptions {
  /** Sigmoids of each transformer, at least 1 (default 8). */
  readonly units?: number | undefined;
}

/** Options of {@link sumOfSquaresFlow}. */
export interface SumOfSquaresFlowOptions extends ArchitectureOptions {
  /** Polynomials of each transformer, at least 1 (default 3). */
  readonly polynomials?: number | undefined;
  /** Their degree, from 1 to 12 (default 4). */
  readonly degree?: number | undefined;
}

/** Options of {@link bernsteinFlow}. */
export interface BernsteinFlowOptions extends ArchitectureOptions {
  /** Degree of each polynomial (default 16). */
  readonly degree?: number | undefined;
}

/** Options of {@link gaussianizationFlow}. */
export interface GaussianizationFlowOptions extends ArchitectureOptions {
  /** Components of the mixture of each feature, at least 1 (default 8). */
  readonly components?: number | undefined;
}

/** Options of {@link tailTransformFlow}. */
export interface TailTransformFlowOptions extends ArchitectureOptions {
  /** Bins of each spline (default 8). */
  readonly bins?: number | undefined;
}

/** Options of {@link mixtureOfFlows}; those of a flow are those of its components, and have no say where `flow` is given. */
export interface MixtureOfFlowsOptions extends ArchitectureOptions {
  /** Number of flows, at least 1 (default 3). */
  readonly components?: number | undefined;
  /** Bins of each spline (default 8). */
  readonly bins?: number | undefined;
  /** The flow that each component is, such as `realNVP()` gives (default: autoregressive splines). */
  readonly flow?: ArchitectureMaker | undefined;
}

const unitsOptionTable: OptionTable<NeuralAutoregressiveFlowOptions> = {
  ...architectureOptionTable,
  units: count,
};
const componentsOptionTable: OptionTable<GaussianizationFlowOptions> = {
  ...architectureOptionTable,
  components: count,
};
const binsOptionTable: OptionTable<TailTransformFlowOptions> = { ...architectureOptionTable, bins: count };
const sumOfSquaresFlowOptionTable: OptionTable<SumOfSquaresFlowOptions> = {
  ...architectureOptionTable,
  polynomials: count,
  degree: wholeNumber("an integer from 1 to 12", 1, 12),
};
const bernsteinFlowOptionTable: OptionTable<BernsteinFlowOptions> = {
  ...architectureOptionTable,
  degree: count,
};

const mixtureOfFlowsOptionTable: OptionTable<MixtureOfFlowsOptions> = {
  ...architectureOptionTable,
  components: count,
  bins: count,
  flow: callback,
};

/**
 * NICE: additive couplings, which keep volumes, and one scale for each feature (Dinh et al. 2015, https://arxiv.org/abs/1410.8516). Both
 * directions cost one network pass per transform; default 8 transforms. The paper's base is logistic; the default here is normal.
 * @throws UsageError if a size is not a positive integer.
 */
export function nice(options: ArchitectureOptions): Architecture;
export function nice(options?: Unsized<ArchitectureOptions>): ArchitectureMaker;
export function nice(
  options?: ArchitectureOptions | Unsized<ArchitectureOptions>,
): Architecture | ArchitectureMaker {
  return sized("nice", options, architectureOptionTable, (checked) =>
    transformerFlow(checked, {
      named: "nice",
      kind: "nice",
      isAutoregressive: false,
      transformer: shiftTransformer(),
      usualTransforms: 8,
      arranged: (parts) => [affine({ features: checked.features }), ...parts],
    }),
  );
}

/**
 * Inverse autoregressive flow (Kingma et al. 2016, https://arxiv.org/abs/1606.04934): affine maps whose parameters are computed from the
 * base's features. A sample costs one network pass per transform in any engine, a density about as much in ours; default 5 transforms.
 * @throws UsageError if a size is not a positive integer.
 */
export function inverseAutoregressiveFlow(options: ArchitectureOptions): Architecture;
export function inverseAutoregressiveFlow(options?: Unsized<ArchitectureOptions>): ArchitectureMaker;
export function inverseAutoregressiveFlow(
  options?: ArchitectureOptions | Unsized<ArchitectureOptions>,
): Architecture | ArchitectureMaker {
  return sized("inverseAutoregressiveFlow", options, architectureOptionTable, (checked) =>
    transformerFlow(checked, {
      named: "iaf",
      kind: "iaf",
      isAutoregressive: true,
      transformer: affineTransformer(),
      usualTransforms: 5,
      arranged: (parts) => parts.map(invert),
    }),
  );
}

/**
 * Neural autoregressive flow of deep sigmoidal maps (Huang et al. 2018, https://arxiv.org/abs/1804.00779, section 3.1), whose sigmoids all
 * come from the conditioner. A density costs one network pass per transform, a sample some ten evaluations of the transformer more; default
 * 5 transforms. For the positive weights of zuko's NAF give `monotonicNetwork()` to `maskedAutoregressiveFlow`.
 * @throws UsageError if a size is not a positive integer.
 */
export function neuralAutoregressiveFlow(options: NeuralAutoregressiveFlowOptions): Architecture;
export function neuralAutoregressiveFlow(
  options?: Unsized<NeuralAutoregressiveFlowOptions>,
): ArchitectureMaker;
export function neuralAutoregressiveFlow(
  options?: NeuralAutoregressiveFlowOptions | Unsized<NeuralAutoregressiveFlowOptions>,
): Architecture | ArchitectureMaker {
  return sized("neuralAutoregressiveFlow", options, unitsOptionTable, ({ units = 8, ...rest }) =>
    transformerFlow(rest, {
      named: "naf",
      kind: "naf",
      isAutoregressive: true,
      transformer: mixtureTransformer({ components: units, form: "slopes" }),
      usualTransforms: 5,
    }),
  );
}

/**
 * Sum-of-squares polynomial flow (Jaini et al. 2019, https://arxiv.org/abs/1905.02325): autoregressive maps that are integrals of sums of
 * squares. A density costs one network pass per transform, a sample some ten evaluations of the polynomials more; default 3 transforms.
 * @throws UsageError if a size is not a positive integer.
 */
export function sumOfSquaresFlow(options: SumOfSquaresFlowOptions): Architecture;
export function sumOfSquaresFlow(options?: Unsized<SumOfSquaresFlowOptions>): ArchitectureMaker;
export function sumOfSquaresFlow(
  options?: SumOfSquaresFlowOptions | Unsized<SumOfSquaresFlowOptions>,
): Architecture | ArchitectureMaker {
  const table = sumOfSquaresFlowOptionTable;
  return sized("sumOfSquaresFlow", options, table, ({ polynomials = 3, degree = 4, ...rest }) =>
    transformerFlow(rest, {
      named: "sospf",
      kind: "sospf",
      isAutoregressive: true,
      transformer: sumOfSquares({ polynomials, degree }),
      usualTransforms: 3,
    }),
  );
}

/**
 * Bernstein polynomial flow (Sick et al. 2020, https://arxiv.org/abs/2004.00464; Ramasinghe et al. 2021), autoregressive: polynomials of a
 * box of 5 standard deviations, the identity beyond. A density costs one network pass per transform, a sample some ten
 * evaluations of the polynomials more; default 3 transforms.
 * @throws UsageError if a size is not a positive integer.
 */
export function bernsteinFlow(options: BernsteinFlowOptions): Architecture;
export function bernsteinFlow(options?: Unsized<BernsteinFlowOptions>): ArchitectureMaker;
export function bernsteinFlow(
  options?: BernsteinFlowOptions | Unsized<BernsteinFlowOptions>,
): Architecture | ArchitectureMaker {
  return sized("bernsteinFlow", options, bernsteinFlowOptionTable, ({ degree = 16, ...rest }) =>
    transformerFlow(rest, {
      named: "bpf",
      kind: "bpf",
      isAutoregressive: true,
      transformer: bernstein({ degree }),
      usualTransforms: 3,
    }),
  );
}

/**
 * Gaussianization flow (Meng et al. 2020, https://arxiv.org/abs/2003.01941): each transform is a mixture's distribution function in normal units
 * for every feature, and a trained rotation between two. A density costs one evaluation of the mixtures per transform, a sample some ten; default
 * 5 transforms, as in the paper's experiments. Given columns make the mixtures, by a network of `hidden` layers; without them it has none.
 * @throws UsageError if a size is not a positive integer.
 */
export function gaussianizationFlow(options: GaussianizationFlowOptions): Architecture;
export function gaussianizationFlow(options?: Unsized<GaussianizationFlowOptions>): ArchitectureMaker;
export function gaussianizationFlow(
  options?: GaussianizationFlowOptions | Unsized<GaussianizationFlowOptions>,
): Architecture | ArchitectureMaker {
  return sized("gaussianizationFlow", options, componentsOptionTable, (checked) => {
    const { features, context = 0, transforms = 5, hidden = [64, 64], components = 8 } = checked;
    checkArchitecture("gf", { features, context, transforms, hidden });
    const transformer = mixtureTransformer({ components, law: "normal", weights: "equal", spread: 0.7 });
    return madeAs({
      kind: "gf",
      features,
      context,
      transforms,
      hidden: context > 0 ? hidden : [],
      base: baseOf("gf", checked),
      bijection: chain(
        Array.from({ length: transforms }, (_, t) => [
          ...(t > 0 && features > 1 ? [orthogonal({ features })] : []),
          elementwise({ features, context, transformer, hidden: context > 0 ? hidden : [] }),
        ]).flat(),
      ),
    });
  });
}

/**
 * Tail transform flow (Hickling and Prangle 2025, https://arxiv.org/abs/2406.16971): masked autoregressive splines, and on their data side a map of
 * each feature whose tails fall off with learned indices, and its place and width. Both directions cost one network pass per transform;
 * default 3 transforms of 8 bins.
 * @throws UsageError if a size is not a positive integer.
 */
export function tailTransformFlow(options: TailTransformFlowOptions): Architecture;
export function tailTransformFlow(options?: Unsized<TailTransformFlowOptions>): ArchitectureMaker;
export function tailTransformFlow(
  options?: TailTransformFlowOptions | Unsized<TailTransformFlowOptions>,
): Architecture | ArchitectureMaker {
  return sized("tailTransformFlow", options, binsOptionTable, ({ bins = 8, ...rest }) => {
    const { features, context = 0, hidden } = rest;
    return transformerFlow(rest, {
      named: "ttf",
      kind: "ttf",
      isAutoregressive: true,
      transformer: rationalQuadraticTransformer({ bins, bound: 5 }),
      usualTransforms: 3,
      arranged: (parts) => [
        ...parts,
        elementwise({
          features,
          context,
          transformer: chainTransformer([tailTransform(), affineTransformer()]),
          hidden: context > 0 ? hidden : [],
        }),
      ],
    });
  });
}

/** Deviation of the places at which components start, in deviations of the data. */
const spread = 0.7;

/**
 * A mixture of flows. Its density is the exact sum over the components, weighted by the softmax of learned numbers, given columns by a network;
 * a sample picks one. Both directions cost those of all components; default 3 components of 2 autoregressive spline transforms. The components start at
 * different places, drawn once: alike, they would learn the same.
 * @throws UsageError if a size is not a positive integer, for a flow that is not trained by its likelihood, or sizes beside a `flow`.
 * @example
 * const architecture = mixtureOfFlows({ features: 2, components: 4, flow: realNVP({ transforms: 4 }) });
 */
export function mixtureOfFlows(options: MixtureOfFlowsOptions): Architecture;
export function mixtureOfFlows(options?: Unsized<MixtureOfFlowsOptions>): ArchitectureMaker;
export function mixtureOfFlows(
  options?: MixtureOfFlowsOptions | Unsized<MixtureOfFlowsOptions>,
): Architecture | ArchitectureMaker {
  return sized("mixtureOfFlows", options, mixtureOfFlowsOptionTable, (checked) => {
    const { features, context = 0, components = 3, flow, transforms, hidden, bins, base } = checked;
    const idle = Object.entries({ transforms, hidden, bins, base }).find(([, value]) => value !== undefined);
    if (flow && idle)
      throw new UsageError({
        where: "mixtureOfFlows",
        problem: `${idle[0]} is an option of its own flow, and another flow is given`,
        expected: `no ${idle[0]} beside a flow`,
        received: "both",
        remedy: "give it to the flow",
      });
    const usual = { transforms: transforms ?? 2, hidden: hidden ?? [64, 64] };
    checkArchitecture("mixture-of-flows", { features, context, ...usual });
    const stream = new RandomStream(randomKey(0));
    const sizes = { features, context };
    const parts = Array.from({ length: components }, () => {
      const own = flow?.(sizes) ?? neuralSplineFlow({ ...sizes, ...usual, bins, base, autoregressive: true });
      if (own.training)
        throw new UsageError({
          where: "mixtureOfFlows",
          subject: "flow",
          expected: "one that is trained by its own likelihood",
          received: own.kind,
        });
      const place = Array.from({ length: features }, () => spread * stream.normal());
      return { own, part: pushforward({ base: own.base, bijection: own.bijection, place }) };
    });
    const { own } = parts[0]!;
    return madeAs({
      kind: "mixture-of-flows",
      ...sizes,
      transforms: own.transforms,
      hidden: own.hidden,
      base: mixtureOf({
        parts: parts.map(({ part }) => part),
        ...(context > 0 ? { hidden: own.hidden } : {}),
      }),
      bijection: permutation(Array.from({ length: features }, (_, i) => i)),
    });
  });
}
