/**
 * Gradient boosted trees that tell two classes apart.
 *
 * The log-odds of a row are a sum of trees; each tree follows the gradient of the log-likelihood at the sum so far (J. Friedman, "Greedy
 * function approximation: a gradient boosting machine", 2001). Of a node with the sum of gradients G and of second derivatives H the best
 * value is G / (H + l), and a split is worth
 *
 *   GL^2 / (HL + l) + GR^2 / (HR + l) - G^2 / (H + l)
 *
 * (T. Chen, C. Guestrin, "XGBoost: a scalable tree boosting system", 2016, eq. 7, https://arxiv.org/abs/1603.02754). Values are put into
 * bins of about as many rows once, so that a split costs one pass over the rows and one over the bins (G. Ke et al., "LightGBM", 2017). A
 * missing value has the first bin to itself: a tree can ask for it as for any other.
 *
 * @module
 */

import { sigmoid } from "./special.ts";

/** How trees are grown. */
export interface BoostingOptions {
  /** Number of trees. */
  readonly trees: number;
  /** Questions from the root to a leaf, at most. */
  readonly depth: number;
  /** Share of a tree's values that is added. */
  readonly rate: number;
  /** Rows of a leaf, at least. */
  readonly leafRows: number;
}

/** Bins of a feature, the missing values' included. */
const maximumBins = 64;
/** l in the head of this file: a leaf of few rows is drawn toward 0. */
const shrinkage = 1;

/** Features of rows in bins. */
export interface BinnedRows {
  /** Number of rows. */
  readonly rows: number;
  /** Per feature the bin of each row. */
  readonly bins: readonly Uint8Array[];
  /** Per feature the number of its bins. */
  readonly counts: readonly number[];
}

/** Upper ends of the bins of sorted values: each different value where they are few, else quantiles. */
function binEnds(sorted: Float64Array): Float64Array {
  const distinctValues = sorted.filter((value, i) => i === 0 || value !== sorted[i - 1]);
  if (distinctValues.length < maximumBins) return distinctValues;
  const ends = new Set<number>();
  for (let bin = 1; bin < maximumBins; bin++)
    ends.add(sorted[Math.ceil((bin * sorted.length) / (maximumBins - 1)) - 1]!);
  return Float64Array.from(ends).sort();
}

/** Puts features into bins: 0 of a missing value, from 1 on in ascending order. O(rows log rows) per feature. */
export function binnedRows(features: readonly Float64Array[]): BinnedRows {
  const ends = features.map((values) => binEnds(values.filter((value) => !Number.isNaN(value)).sort()));
  return {
    rows: features[0]?.length ?? 0,
    bins: features.map((values, feature) => {
      const featureEnds = ends[feature]!;
      return Uint8Array.from(values, (value) => {
        if (Number.isNaN(value)) return 0;
        let low = 0;
        let high = featureEnds.length - 1;
        while (low < high) {
          const middle = (low + high) >> 1;
          if (featureEnds[middle]! < value) low = middle + 1;
          else high = middle;
        }
        return low + 1;
      });
    }),
    counts: ends.map((featureEnds) => featureEnds.length + 1),
  };
}

/** What a trained classifier says. */
export interface Boosted {
  /** Log-odds of the second class, of the rows that were asked for. */
  readonly logOdds: Float64Array;
  /** Per feature what its splits were worth. */
  readonly gains: Float64Array;
}

interface Node {
  /** Places in `order`, from and to. */
  readonly from: number;
  readonly to: number;
  readonly gradient: number;
  readonly curvature: number;
  readonly depth: number;
}

interface Split {
  readonly feature: number;
  /** Rows up to this bin go to the left. */
  readonly bin: number;
  readonly gain: number;
  readonly gradient: number;
  readonly curvature: number;
}

const worth = (gradient: number, curvature: number): number => gradient ** 2 / (curvature + shrinkage);

/**
 * Trains on some rows and says the log-odds of others. O(trees depth rows features).
 * @param labels - Per row 0 or 1.
 * @param trainRows - Rows to train on; of both classes.
 * @param scoredRows - Rows whose log-odds are wanted.
 */
export function boostedLogOdds(
  { bins, counts }: BinnedRows,
  labels: Uint8Array,
  trainRows: Int32Array,
  scoredRows: Int32Array,
  { trees, depth, rate, leafRows }: BoostingOptions,
): Boosted {
  const score = new Float64Array(labels.length);
  const ones = trainRows.reduce((sum, row) => sum + labels[row]!, 0);
  score.fill(Math.log(ones / (trainRows.length - ones)));
  const gradients = new Float64Array(labels.length);
  const curvatures = new Float64Array(labels.length);
  const gains = new Float64Array(bins.length);
  const [sums, weights, sizes] = [
    new Float64Array(maximumBins),
    new Float64Array(maximumBins),
    new Int32Array(maximumBins),
  ];

  const bestSplit = (order: Int32Array, { from, to, gradient, curvature }: Node): Split | undefined => {
    let best: Split | undefined;
    const nodeWorth = worth(gradient, curvature);
    for (let feature = 0; feature < bins.length; feature++) {
      const featureBins = bins[feature]!;
      const count = counts[feature]!;
      sums.fill(0, 0, count);
      weights.fill(0, 0, count);
      sizes.fill(0, 0, count);
      for (let i = from; i < to; i++) {
        const row = order[i]!;
        const bin = featureBins[row]!;
        sums[bin]! += gradients[row]!;
        weights[bin]! += curvatures[row]!;
        sizes[bin]!++;
      }
      let [left, leftWeight, leftSize] = [0, 0, 0];
      for (let bin = 0; bin < count - 1; bin++) {
        left += sums[bin]!;
        leftWeight += weights[bin]!;
        leftSize += sizes[bin]!;
        if (leftSize < leafRows || to - from - leftSize < leafRows) continue;
        const gain = worth(left, leftWeight) + worth(gradient - left, curvature - leftWeight) - nodeWorth;
        if (gain > (best?.gain ?? 1e-9)) best = { feature, bin, gain, gradient: left, curvature: leftWeight };
      }
    }
    return best;
  };

  /** Moves the rows of a node that go to the left before the others; where the others begin. */
  const divided = (order: Int32Array, from: number, to: number, { feature, bin }: Split): number => {
    const featureBins = bins[feature]!;
    let [low, high] = [from, to - 1];
    while (low <= high) {
      if (featureBins[order[low]!]! <= bin) low++;
      else {
        const row = order[low]!;
        order[low] = order[high]!;
        order[high--] = row;
      }
    }
    return low;
  };

  for (let tree = 0; tree < trees; tree++) {
    let [gradient, curvature] = [0, 0];
    for (const row of trainRows) {
      const p = sigmoid(score[row]!);
      gradients[row] = labels[row]! - p;
      curvatures[row] = p * (1 - p);
      gradient += gradients[row]!;
      curvature += curvatures[row]!;
    }
    const order = trainRows.slice();
    // Rows that are asked go the way of the splits, beside those that are trained on.
    const scoredOrder = scoredRows.slice();
    const grow = (node: Node, from: number, to: number): void => {
      const split = node.depth < depth ? bestSplit(order, node) : undefined;
      if (!split) {
        const value = (rate * node.gradient) / (node.curvature + shrinkage);
        for (let i = node.from; i < node.to; i++) score[order[i]!]! += value;
        for (let i = from; i < to; i++) score[scoredOrder[i]!]! += value;
        return;
      }
      gains[split.feature]! += split.gain;
      const middle = divided(order, node.from, node.to, split);
      const between = divided(scoredOrder, from, to, split);
      const { gradient: left, curvature: weight } = split;
      const below = node.depth + 1;
      grow({ from: node.from, to: middle, gradient: left, curvature: weight, depth: below }, from, between);
      grow(
        {
          from: middle,
          to: node.to,
          gradient: node.gradient - left,
          curvature: node.curvature - weight,
          depth: below,
        },
        between,
        to,
      );
    };
    grow({ from: 0, to: order.length, gradient, curvature, depth: 0 }, 0, scoredOrder.length);
  }
  return { logOdds: Float64Array.from(scoredRows, (row) => score[row]!), gains };
}
