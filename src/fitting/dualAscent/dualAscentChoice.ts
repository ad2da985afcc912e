/**
 * What held-out rows decide of a dual ascent: the number of points in the smallest balls, and where rows are few the number
 * of steps.
 *
 * A few held-out rows would choose by chance. So where they are fewer than {@link enoughHeld} the training rows are
 * cross-validated, and the ascents of all folds climb side by side; the number of steps is that of the best mean over
 * all rows, each scored by an ascent that did not see it.
 *
 * @module
 */

import type { RandomKey } from "../../random/philox.ts";
import { type Preparation, throughWhitening } from "../preparation/preparation.ts";
import { firstRows, foldsOf, lastHeldOut, type RowSplit } from "../rowFolds.ts";
import type { StandardizedRows } from "../statisticalFit.ts";
import { type AscentPoints, ascentPoints } from "./ascentPoints.ts";
import { AscentRun, type AscentSettings, climb } from "./dualAscent.ts";

/** Held-out rows that choose without cross-validation. */
const enoughHeld = 100;
const folds = 5;
/** Without held-out rows, a tenth of many is held out for the choice. */
const partsOfMany = 10;
/** Shares of the rows in the smallest balls that are tried. */
const shares = [0.01, 0.05, 0.2] as const;
/** A trial of a share: so many steps, on so many rows at most. */
const trial = { steps: 150, rows: 5000 } as const;

/** What there is to choose from. */
export interface AscentOptions {
  readonly features: number;
  readonly white: Preparation | undefined;
  readonly key: RandomKey;
  readonly signal: AbortSignal | undefined;
  /** The settings but for the share. */
  readonly settings: Omit<AscentSettings, "share">;
  /** Share of the rows in the smallest balls, if it is known. */
  readonly share: number | undefined;
  /** Smallest share that means anything. */
  readonly leastShare: number;
  /** Steps at most. */
  readonly most: number;
  readonly patience: number;
  /** Whether `most` steps are to be made, whatever held-out rows say. */
  readonly isCounted: boolean;
}

/** What was chosen. */
export interface AscentChoice {
  readonly share: number;
  /** Steps to make; undefined where held-out rows decide while the ascent goes on. */
  readonly steps: number | undefined;
}

/** Rows as points, with the whitening, if there is one, behind them. */
export function pointsOf(
  { data, weights }: StandardizedRows,
  features: number,
  white: Preparation | undefined,
): AscentPoints {
  if (!white) return ascentPoints(data, features, weights);
  const points = ascentPoints(throughWhitening(data, features, white), features, weights);
  for (const logScale of white.values.logDiagonal!) points.logAbsDet -= logScale;
  return points;
}

/** Chooses the share and the number of steps, each where it is not known. */
export async function chooseAscent(
  train: StandardizedRows,
  validation: StandardizedRows | undefined,
  options: AscentOptions,
): Promise<AscentChoice> {
  const { features, white, key, signal, settings, most, patience, isCounted, leastShare } = options;
  const isSmall = (validation?.rows ?? train.rows / partsOfMany) < enoughHeld;
  const splits: RowSplit[] = isSmall
    ? foldsOf(train, features, folds)
    : [validation ? { rest: train, heldOut: validation } : lastHeldOut(train, features, partsOfMany)];
  if (isSmall && validation) splits.push({ rest: train, heldOut: validation });
  const runsWith = (share: number, rows: number): AscentRun[] =>
    splits.map(({ rest, heldOut }) => {
      const [own, other] = [rest, heldOut].map((part) =>
        pointsOf(firstRows(part, features, rows), features, white),
      ) as [AscentPoints, AscentPoints];
      return new AscentRun(own, other, { ...settings, share: Math.max(leastShare, share) }, key);
    });
  let { share } = options;
  if (share === undefined) {
    let best = Number.NEGATIVE_INFINITY;
    for (const trialShare of shares) {
      const limits = { steps: Math.min(most, trial.steps), patience };
      const tried = await climb(runsWith(trialShare, trial.rows), limits, { signal });
      if (tried.score > best) [best, share] = [tried.score, trialShare];
    }
  }
  share = Math.max(leastShare, share ?? shares[1]);
  if (isCounted) return { share, steps: most };
  if (!isSmall && validation) return { share, steps: undefined };
  const climbed = await climb(
    runsWith(share, Number.POSITIVE_INFINITY),
    { steps: most, patience },
    { signal },
  );
  return { share, steps: climbed.steps.length };
}
