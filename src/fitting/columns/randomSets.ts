/**
 * Random sets of known and hidden columns, by which a density of any order is trained: of each row and step some columns are known ahead of
 * their place in the order, some are hidden from later columns and not asked for, and of the others the loss is
 *
 *     - (1 / s) sum_j asked_j log p(cell j given the cells before that are not hidden, and those that are known ahead)
 *
 * where s is the mean share of columns that are asked for, so that it compares with whole rows. (Uria et al. 2014 divide by the share of
 * each row, which is the mean over orders of one density; here a row that is asked little weighs little.) The rates of both are
 * uniform, so that sets of all sizes are as frequent.
 *
 * @see https://arxiv.org/abs/1310.1757
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import type { ColumnsDensity } from "../../models/columns/columnsDensity.ts";
import { RandomStream, randomKey, split } from "../../random/philox.ts";

/** Share of the rows that are asked for whole, and of the others those of which no column is hidden. */
const wholeShare = 0.3;
const plainShare = 0.5;

/** Sets of a row and step. */
export interface RandomSets {
  /** What the network sees of encoded features. */
  readonly seen: (features: Expr) => Expr;
  /** 1 for columns that are asked for, `[columns]`, in the order of the model. */
  readonly asked: Expr;
  /** By column, how often it is asked for. */
  readonly shares: Float64Array;
  /** The mean of the shares. */
  readonly meanShare: number;
}

/**
 * Draws sets.
 * @param encoded - An encoded row, which says what is missing.
 */
export function randomSets({ columns, features }: ColumnsDensity, encoded: Expr): RandomSets {
  const count = columns.length;
  const first = columns[0]!.features;
  const ofColumns = features - first;
  const flagOf = ({ outcomes, head }: (typeof columns)[number]): number => outcomes - 1 + head.features;
  const isMissing = g.gather(
    encoded,
    columns.map((layout) => layout.features + flagOf(layout)),
    [count],
  );
  const draw = (size: number, name: string): Expr => g.randomUniform([size], `sets ${name}`);
  const isPart = g.less(wholeShare, draw(1, "whole"));
  const isPlain = g.less(draw(1, "plain"), plainShare);
  const knownRate = g.mul(isPart, draw(1, "known rate"));
  const hiddenRate = g.product(isPart, g.sub(1, isPlain), draw(1, "hidden rate"));
  const known = g.mul(g.less(draw(count, "known"), knownRate), g.sub(1, isMissing));
  const hidden = g.max(isMissing, g.mul(g.less(draw(count, "hidden"), hiddenRate), g.sub(1, known)));
  const rest = g.mul(g.sub(1, known), g.sub(1, hidden));
  // What is known before all that is asked for is as good as asked for.
  const before = Array.from({ length: count * count }, (_, i) => Number(i % count < Math.floor(i / count)));
  const ahead = g.mul(known, g.less(0, g.linear(rest, g.constant(before, [count, count]))));
  const asked = g.mul(g.sub(1, ahead), g.sub(1, hidden));
  /** Of the second copy, then of the first: 0 in front of both for what is given always. */
  const places = { values: [] as number[], factors: [] as number[] };
  const given = columns[0]!.earlyFeatures!;
  for (let i = 0; i < given; i++) {
    places.values.push(i);
    places.factors.push(2 * count);
  }
  for (const copy of [0, 1])
    columns.forEach((layout, j) => {
      for (let k = 0; k < flagOf(layout); k++) {
        places.values.push(layout.features + k);
        places.factors.push(copy * count + j);
      }
      places.values.push(features + copy * count + j);
      places.factors.push(2 * count);
    });
  const shares = sharesOf(count);
  return {
    seen(values) {
      const source = g.concatenate([values, ahead, hidden]);
      const factors = g.concatenate([ahead, g.sub(1, hidden), g.constant([1])]);
      const size = given + 2 * ofColumns;
      return g.mul(g.gather(source, places.values, [size]), g.gather(factors, places.factors, [size]));
    },
    asked,
    shares,
    meanShare: shares.reduce((sum, share) => sum + share, 0) / count,
  };
}

/** Rows by which shares are estimated. */
const simulated = 4096;

/** How often each column is asked for where none is missing. */
function sharesOf(count: number): Float64Array {
  const stream = new RandomStream(split(randomKey(0), "shares of sets"));
  const sums = new Float64Array(count);
  for (let row = 0; row < simulated; row++) {
    const isPart = stream.uniform() > wholeShare;
    const isPlain = stream.uniform() < plainShare;
    const [knownRate, hiddenRate] = [stream.uniform(), stream.uniform()];
    let isAsked = false;
    for (let j = 0; j < count; j++) {
      const isKnown = stream.uniform() < knownRate && isPart;
      const isHidden = stream.uniform() < hiddenRate && isPart && !isPlain && !isKnown;
      if (!isKnown && !isHidden) isAsked = true;
      if (!isHidden && !(isKnown && isAsked)) sums[j]! += 1 / simulated;
    }
  }
  return sums;
}
