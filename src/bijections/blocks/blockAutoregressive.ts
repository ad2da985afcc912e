/**
 * A block neural autoregressive map (De Cao, Titov, Aziz 2019, section 3): one network of all features whose weights are matrices of
 * blocks, one block for each pair of features. Blocks above the diagonal are 0, those on it positive, so that output i depends on the
 * features up to i, and increases in feature i.
 *
 *     inverse   x = W_n h_(n-1) + b_n,   h_l = a(W_l h_(l-1) + b_l),   h_0 = y, with V c added to the first layer
 *               a(u) = tanh(u) + leak u
 *               log abs det = sum_i log dx_i / dy_i, of which each is a product of the blocks (i, i) and of the slopes of a
 *     forward   feature by feature, each by a root
 *
 * Gated (section 3.3), it is t x + (1 - t) y of that x, with t = sigmoid(gate), 1/2 at the start.
 *
 * The leak is that of FlowJAX: with it the map is onto all numbers. Diagonal blocks are softplus(raw).
 *
 * @see https://arxiv.org/abs/1904.04676
 * @module
 */

import { ShapeError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import { root } from "../../graph/library/root.ts";
import {
  add,
  constant,
  div,
  gather,
  implicit,
  linear,
  log,
  max,
  min,
  mul,
  neg,
  reshape,
  scan,
  sigmoid,
  softplus,
  square,
  stopGradient,
  sub,
  sum,
  tanh,
  zeros,
} from "../../graph/ops.ts";
import { type Bound, leafOf, type ParameterTree, trained, trainedUniform } from "../../graph/parameters.ts";
import {
  anyNumber,
  checkContext,
  checkCount,
  checkedOptions,
  flag,
  listOf,
  type OptionTable,
  positive,
  required,
} from "../../options.ts";
import type { Bijection, Mapped } from "../bijection.ts";
import { checkOrder, inverseOrder } from "../linear/permutation.ts";

/** Options of {@link blockAutoregressive}. */
export interface BlockAutoregressiveOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Size of what it is conditioned on (default 0: nothing). */
  readonly context?: number | undefined;
  /** Units of each hidden layer for each feature (default 8); `[]` for a triangular matrix alone. */
  readonly units?: readonly number[] | undefined;
  /** Slope that is added to that of the hyperbolic tangent, above 0 (default 0.01). */
  readonly leak?: number | undefined;
  /** Whether a learned share of the features passes beside the network (default false). */
  readonly gated?: boolean | undefined;
  /** Features from first to last conditioned, counted from 0 (default 0, 1, ...). */
  readonly order?: readonly number[] | undefined;
}

const blockAutoregressiveOptionTable: OptionTable<BlockAutoregressiveOptions> = {
  features: required(anyNumber),
  context: anyNumber,
  units: listOf(anyNumber, "an array of sizes, such as [8]"),
  leak: positive,
  gated: flag,
  order: listOf(anyNumber, "an array of numbers"),
};

const where = "blockAutoregressive";

/** A derivative below it counts as it: its logarithm, and one over it, are finite in float32. */
const least = 1e-30;

/** The number whose softplus is x. */
const inverseSoftplus = (x: number): number => x + Math.log(-Math.expm1(-x));

/** A layer of blocks of this many rows and columns each. */
interface Layer {
  readonly rows: number;
  readonly columns: number;
  readonly name: string;
}

/** A layer's matrix of all features, its diagonal blocks `[features, rows, columns]`, and its bias. */
interface BoundLayer extends Layer {
  readonly matrix: Expr;
  readonly diagonal: Expr;
  readonly bias: Expr;
}

/** Of the parts of a layer: which elements of the matrix are below the diagonal, and where each element of a block on it is. */
function placesOf(features: number, { rows, columns }: Layer): { below: Float64Array; diagonal: Int32Array } {
  const below = new Float64Array(features * rows * features * columns);
  const diagonal = new Int32Array(below.length).fill(-1);
  for (let o = 0; o < features * rows; o++)
    for (let i = 0; i < features * columns; i++) {
      const [to, from] = [Math.floor(o / rows), Math.floor(i / columns)];
      const at = o * features * columns + i;
      if (to > from) below[at] = 1;
      else if (to === from) diagonal[at] = (to * rows + (o % rows)) * columns + (i % columns);
    }
  return { below, diagonal };
}

/**
 * A block neural autoregressive map. `inverse` costs one pass of the network and the product of its diagonal blocks, `forward` some ten
 * passes for each feature.
 * @throws UsageError if a size is not a positive integer, or `leak` is not above 0; {@link ShapeError} if `order` is not a permutation.
 * @cost inverse a network pass and the product of its diagonal blocks, forward some ten passes for each feature
 * @example
 * const bijection = blockAutoregressive({ features: 2 });
 */
export function blockAutoregressive(options: BlockAutoregressiveOptions): Bijection {
  const checked = checkedOptions(where, options, blockAutoregressiveOptionTable);
  const { features, context = 0, units = [8], leak = 0.01, gated = false } = checked;
  checkCount(where, "features", features);
  checkContext(where, context);
  units.forEach((size, i) => {
    checkCount(where, `units[${i}]`, size);
  });
  const { order = Array.from({ length: features }, (_, i) => i) } = checked;
  checkOrder(where, order);
  if (order.length !== features)
    throw new ShapeError({
      where,
      subject: "order",
      expected: `of ${features} features`,
      received: `${order.length}`,
    });
  const originalOrder = inverseOrder(order);
  const sizes = [1, ...units, 1];
  const layers: readonly Layer[] = units
    .concat(1)
    .map((rows, l) => ({ rows, columns: sizes[l]!, name: String(l) }));
  // Made when first used: a description that a file claims must not allocate before its tensors were compared.
  let places: readonly ReturnType<typeof placesOf>[] | undefined;

  const boundLayers = (p: Bound): readonly BoundLayer[] => {
    places ??= layers.map((layer) => placesOf(features, layer));
    return layers.map((layer, l) => {
      const shape = [features * layer.rows, features * layer.columns];
      const diagonal = softplus(leafOf(p, `diagonal${layer.name}`));
      const { below, diagonal: from } = places![l]!;
      const matrix = add(
        mul(leafOf(p, `weight${layer.name}`), constant(below, shape)),
        gather(diagonal, from, shape),
      );
      return { ...layer, matrix, diagonal, bias: leafOf(p, `bias${layer.name}`) };
    });
  };
  /** Images of features in their order, and the derivative of each along its own feature. */
  const mapped = (
    y: Expr,
    bound: readonly BoundLayer[],
    ofContext: Expr | undefined,
    share: Expr | undefined,
  ): { readonly value: Expr; readonly slope: Expr } => {
    let value = y;
    let slope: Expr | undefined;
    bound.forEach(({ matrix, diagonal, bias, rows, columns }, l) => {
      value = linear(value, matrix, bias);
      if (l === 0 && ofContext) value = add(value, ofContext);
      const along = slope
        ? sum(mul(diagonal, reshape(slope, [features, 1, columns])), 2)
        : reshape(diagonal, [features, rows]);
      slope = along;
      if (l === bound.length - 1) return;
      const bent = tanh(value);
      const steep = add(sub(1, square(bent)), leak);
      slope = mul(along, reshape(steep, [features, rows]));
      value = add(bent, mul(leak, value));
    });
    return passedBy(share, value, y, reshape(slope!, [features]));
  };
  /** The image and the slopes with what passes beside the network. */
  const passedBy = (
    share: Expr | undefined,
    value: Expr,
    y: Expr,
    slope: Expr,
  ): { readonly value: Expr; readonly slope: Expr } => {
    if (!share) return { value, slope: max(slope, least) };
    const rest = sub(1, share);
    return { value: add(mul(share, value), mul(rest, y)), slope: max(add(mul(share, slope), rest), least) };
  };
  const shareOf = (p: Bound): Expr | undefined => (gated ? sigmoid(leafOf(p, "gate")) : undefined);
  const contextPart = (p: Bound, c: Expr | undefined): Expr | undefined =>
    context > 0 ? linear(c!, leafOf(p, "contextWeight")) : undefined;
  /** The least slope of each feature: that where all units are far out. */
  const leastSlope = (bound: readonly BoundLayer[], share: Expr | undefined): Expr => {
    let slope: Expr | undefined;
    for (const { diagonal, rows, columns } of bound)
      slope = slope
        ? sum(mul(mul(leak, diagonal), reshape(slope, [features, 1, columns])), 2)
        : reshape(diagonal, [features, rows]);
    const flat = reshape(slope!, [features]);
    return passedBy(share, flat, flat, flat).slope;
  };

  return {
    type: "blockAutoregressive",
    features,
    context,
    parameters: { ...parametersOf(features, context, layers), ...(gated ? { gate: trained([]) } : {}) },
    inverse(y, p, c): Mapped {
      const ordered = gather(y, order, [features]);
      const { value, slope } = mapped(ordered, boundLayers(p), contextPart(p, c), shareOf(p));
      return { value: gather(value, originalOrder, [features]), logAbsDet: sum(log(slope)) };
    },
    forward(x, p, c): Mapped {
      const bound = boundLayers(p);
      const [ofContext, share] = [contextPart(p, c), shareOf(p)];
      const target = gather(x, order, [features]);
      const reach = div(1.001, leastSlope(bound, share));
      const identity = Float64Array.from({ length: features * features }, (_, i) =>
        i % (features + 1) === 0 ? 1 : 0,
      );
      // Feature after feature, given those before it.
      const found = scan(
        mul(target, 0),
        features,
        [constant(identity, [features, features])],
        (state, [chosen]) => {
          const of = (vector: Expr): Expr => reshape(sum(mul(chosen!, vector)), [1]);
          const residual = (at: Expr): Expr =>
            sub(of(mapped(add(state, mul(chosen!, at)), bound, ofContext, share).value), of(target));
          const far = mul(of(reach), neg(residual(zeros([1]))));
          const [low, high] = [sub(min(far, 0), 1e-3), add(max(far, 0), 1e-3)];
          // The bracket holds of the exact function: where rounding hides a sign, an end is as near as it gets.
          const slack = Number.POSITIVE_INFINITY;
          return add(state, mul(chosen!, root(low, high, residual, { slack })));
        },
      );
      // Newton's step is a map whose Jacobian at the solution is strictly triangular.
      const y = implicit(
        found,
        (at) => {
          const { value, slope } = mapped(at, bound, ofContext, share);
          return sub(at, div(sub(value, target), stopGradient(slope)));
        },
        { iterations: features, tolerance: 0 },
      );
      const { slope } = mapped(y, bound, ofContext, share);
      return { value: gather(y, originalOrder, [features]), logAbsDet: neg(sum(log(slope))) };
    },
    toJSON: () => ({ type: "blockAutoregressive", features, context, units, leak, gated, order }),
  };
}

function parametersOf(features: number, context: number, layers: readonly Layer[]): ParameterTree {
  return {
    ...(context > 0
      ? { contextWeight: trainedUniform([features * layers[0]!.rows, context], 1 / Math.sqrt(context)) }
      : {}),
    ...Object.fromEntries(
      layers.flatMap(({ rows, columns, name }, l) => [
        // The start is a mean of shifted tangents of the feature alone, from which units go different ways.
        [`diagonal${name}`, trained([features, rows, columns], inverseSoftplus(1 / columns))],
        [`weight${name}`, trained([features * rows, features * columns])],
        [
          `bias${name}`,
          l === layers.length - 1 ? trained([features]) : trainedUniform([features * rows], 1.5),
        ],
      ]),
    ),
  };
}
