/**
 * A deep dense sigmoidal flow (Huang et al. 2018, section 3.2, eq. 13): layers of sigmoids whose units see all of the layer before.
 *
 *     inverse   h_0 = y,   h_(l+1) = logit(W_l sigmoid(a_l * (U_l h_l) + b_l)),   x = (1 - d) h_L + d y
 *     log derivative: the sum over paths, taken of logarithms from layer to layer
 *     forward   by a root
 *
 * Rows of W and U are softmaxes, so that each layer is increasing in each of its inputs; the first has one input and the last one output. A network
 * gives a, b and what is added to the columns of W and U; what else these are is trained for each feature, the same for every row. The least slope d
 * keeps the map invertible in numbers. From |y| = 30 on it goes on straight, with the slope of there.
 *
 * Raw parameters, layer by layer: log a, clipped softly to +-log 1000, b, logits of W, and but for the first layer logits of U. To b is added what lays
 * the sigmoids apart: all zero is near the identity.
 *
 * @see https://arxiv.org/abs/1804.00779
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { root } from "../../graph/library/root.ts";
import { bodyOfFeatures, mapFeaturesOf } from "../../graph/ops/bodies.ts";
import type { ScalarBody } from "../../graph/ops/maps.ts";
import {
  add,
  asExpr,
  clamp,
  concatenate,
  exp,
  logAddExp,
  logSumExp,
  mul,
  neg,
  reshape,
  softplus,
  sub,
  total,
} from "../../graph/ops.ts";
import { type Bound, leafOf, type ParameterTree, trainedUniform } from "../../graph/parameters.ts";
import { checkedOptions, count, numberOf, type OptionTable, refuse } from "../../options.ts";
import { logisticLogSlope } from "../elementary/sigmoidTransformer.ts";
import { softClip } from "../softClip.ts";
import { bracketOfSlope } from "../solvedTransformer.ts";
import { straightBeyond } from "../straightBeyond.ts";
import type { FeaturesMapped, ScalarMapped, Transformer } from "../transformer.ts";

/** Options of {@link denseSigmoidal}. */
export interface DenseSigmoidalOptions {
  /** Sigmoids of each layer, at least 1 (default 8). */
  readonly units?: number | undefined;
  /** Layers L, at least 1 (default 2). */
  readonly layers?: number | undefined;
  /** Least slope d, above 0 and below 1 (default 1e-3). */
  readonly leastSlope?: number | undefined;
}

const denseSigmoidalOptionTable: OptionTable<DenseSigmoidalOptions> = {
  units: count,
  layers: count,
  leastSlope: numberOf("above 0 and below 1", (x) => x > 0 && x < 1),
};

const reach = 30;
const largestLogScale = Math.log(1000);
/** Deviation of the places of the sigmoids where all parameters are zero, in those of the logistic law. */
const spread = 0.3;

/** log(sum e^v) of scalars. */
function logSum(values: readonly Expr[]): Expr {
  return values.length === 1
    ? values[0]!
    : logSumExp(concatenate(values.map((value) => reshape(value, [1]))));
}

/** Logarithms of the shares of some logits. */
function logShares(logits: readonly Expr[]): readonly Expr[] {
  const all = logSum(logits);
  return logits.map((value) => sub(value, all));
}

/**
 * The deep dense sigmoidal map; (3 units + inputs of the layer) parameters per feature and layer, and weights of units^2. `inverse` costs
 * O(layers units^2), `forward` some ten times as much.
 * @throws UsageError for an option out of its range.
 * @cost inverse O(layers units^2), forward some ten times as much
 * @example
 * const transformer = denseSigmoidal();
 */
export function denseSigmoidal(options: DenseSigmoidalOptions = {}): Transformer {
  const {
    units = 8,
    layers: depth = 2,
    leastSlope = 1e-3,
  } = checkedOptions("denseSigmoidal", options, denseSigmoidalOptionTable);
  const layers = Array.from({ length: depth }, (_, l) => ({
    inputs: l === 0 ? 1 : units,
    outputs: l === depth - 1 ? 1 : units,
    // With one input its share is 1.
    shares: l === 0 ? 0 : units,
  }));
  const parameterCount = layers.reduce((sum, { shares }) => sum + 3 * units + shares, 0);
  const weightCount = layers.reduce((sum, { outputs, shares }) => sum + units * (outputs + shares), 0);
  const logits = Array.from({ length: units }, (_, i) => Math.log((i + 0.5) / (units - i - 0.5)));
  const perLogit = (spread * Math.PI) / Math.sqrt(3) / (Math.hypot(...logits) / Math.sqrt(units) || 1);
  const logWidth = units > 1 ? 0.5 * Math.log1p(-spread * spread) : 0;
  const mapped = (y: Expr, parameters: readonly Expr[], weights: readonly Expr[]): ScalarMapped => {
    let [own, shared] = [0, 0];
    const take = (size: number): readonly Expr[] => parameters.slice(own, (own += size));
    const takeWeights = (size: number): readonly Expr[] => weights.slice(shared, (shared += size));
    // Values of the units, and logarithms of their derivatives.
    let values: readonly Expr[] = [y];
    let slopes: readonly Expr[] = [asExpr(0)];
    for (const { outputs, shares } of layers) {
      const logScales = take(units).map((raw) => sub(softClip(raw, largestLogScale), logWidth));
      const shifts = take(units).map((raw, i) => sub(raw, (perLogit * logits[i]!) / Math.exp(logWidth)));
      const [ofOutputs, ofInputs] = [take(units), take(shares)];
      const columns = takeWeights(units * outputs);
      const rows = takeWeights(units * shares);
      const each = logScales.map((logScale, i) => {
        let [inner, slope] = [values[0]!, slopes[0]!];
        if (shares > 0) {
          const logU = logShares(ofInputs.map((raw, k) => add(raw, rows[i * shares + k]!)));
          const terms = logU.map((logShare, k) => mul(exp(logShare), values[k]!));
          inner = total(terms[0]!, ...terms.slice(1));
          slope = logSum(logU.map((logShare, k) => add(logShare, slopes[k]!)));
        }
        const u = add(mul(exp(logScale), inner), shifts[i]!);
        return {
          lower: neg(softplus(neg(u))),
          upper: neg(softplus(u)),
          logSlope: total(logisticLogSlope(u), logScale, slope),
        };
      });
      const next = Array.from({ length: outputs }, (_, j) => {
        const logW = logShares(ofOutputs.map((raw, i) => add(raw, columns[j * units + i]!)));
        const sumOf = (name: "lower" | "upper" | "logSlope"): Expr =>
          logSum(each.map((unit, i) => add(logW[i]!, unit[name])));
        const [lower, upper] = [sumOf("lower"), sumOf("upper")];
        return { value: sub(lower, upper), slope: sub(sumOf("logSlope"), add(lower, upper)) };
      });
      values = next.map(({ value }) => value);
      slopes = next.map(({ slope }) => slope);
    }
    return {
      value: add(mul(1 - leastSlope, values[0]!), mul(leastSlope, y)),
      logDerivative: logAddExp(add(Math.log1p(-leastSlope), slopes[0]!), asExpr(Math.log(leastSlope))),
    };
  };
  let body: ScalarBody | undefined;
  const mapAll = (y: Expr, parameters: Expr, weights: Bound): FeaturesMapped => {
    const blocks = [y, parameters, leafOf(weights, "shares")];
    body ??= bodyOfFeatures(blocks, ([at], own = [], shared = []) => {
      const inside = clamp(at!, -reach, reach);
      const { value, logDerivative } = straightBeyond(at!, inside, mapped(inside, own, shared));
      return [[value], [logDerivative]];
    });
    const [value, logDerivative] = mapFeaturesOf(blocks, body);
    return { value: value!, logDerivative: logDerivative! };
  };
  const needsFeatures = (): never =>
    refuse("denseSigmoidal", "a map of one number", "used by ofFeatures, as it has weights", undefined);
  return {
    type: "denseSigmoidal",
    parameterCount,
    forward: needsFeatures,
    inverse: needsFeatures,
    weights: (features): ParameterTree => ({ shares: trainedUniform([features, weightCount], 1) }),
    ofFeatures(direction, values, parameters, weights) {
      if (direction === "inverse") return mapAll(values, parameters!, weights);
      const [low, high] = bracketOfSlope(
        values,
        mapAll(mul(values, 0), parameters!, weights).value,
        leastSlope,
      );
      const y = root(low, high, (at) => sub(mapAll(at, parameters!, weights).value, values));
      return { value: y, logDerivative: neg(mapAll(y, parameters!, weights).logDerivative) };
    },
    toJSON: () => ({ type: "denseSigmoidal", units, layers: depth, leastSlope }),
  };
}
