/**
 * Flows that are known by their papers' names, each a chain of couplings or of masked autoregressive maps: additive couplings (NICE),
 * inverted autoregressive maps (IAF), and autoregressive maps of three transformers: mixtures of sigmoids (NAF), sums of squares
 * (SOSPF) and Bernstein polynomials (BPF).
 *
 * @module
 */

import { invert } from "../bijections/combinators/invert.ts";
import { affine } from "../bijections/linear/affine.ts";
import { count, type OptionTable, wholeNumber } from "../options.ts";
import { affineTransformer } from "../transformers/affineTransformer.ts";
import { shiftTransformer } from "../transformers/elementary/shiftTransformer.ts";
import { mixtureTransformer } from "../transformers/mixtures/mixtureTransformer.ts";
import { bernstein } from "../transformers/polynomials/bernstein.ts";
import { sumOfSquares } from "../transformers/polynomials/sumOfSquares.ts";
import {
  type Architecture,
  type ArchitectureMaker,
  type ArchitectureOptions,
  architectureOptionTable,
  sized,
  type Unsized,
} from "./architecture.ts";
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

const unitsOptionTable: OptionTable<NeuralAutoregressiveFlowOptions> = {
  ...architectureOptionTable,
  units: count,
};
const sumOfSquaresFlowOptionTable: OptionTable<SumOfSquaresFlowOptions> = {
  ...architectureOptionTable,
  polynomials: count,
  degree: wholeNumber("an integer from 1 to 12", 1, 12),
};
const bernsteinFlowOptionTable: OptionTable<BernsteinFlowOptions> = {
  ...architectureOptionTable,
  degree: count,
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
