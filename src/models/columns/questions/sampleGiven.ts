/**
 * Rows drawn given values and ranges of any columns: candidates for what lies before the last given column are weighed, rows are picked
 * from them, and what lies behind is drawn. Where what is given is levels, values on grids and ranges alone, a weight is a probability,
 * and the candidate is accepted with it (rejection: rows are exact and independent). A value of a continuous column weighs a density,
 * which has no bound; there rows are picked in proportion to the weights (importance resampling). Where few candidates would have a
 * weight to speak of, as where one column says another to three digits, `guided/` proposes cells near those that do.
 *
 * @module
 */

import { type RandomKey, RandomStream, split } from "../../../random/philox.ts";
import type { EvaluationOptions } from "../../flowOptions.ts";
import { atomsOf, isContinuous } from "../column.ts";
import type { ColumnsDensity } from "../columnsDensity.ts";
import type { ColumnsEvaluation } from "../columnsModel.ts";
import { planning, type RowConditions, type RowPlan } from "./conditions.ts";
import { checkPossible, drawRest, pickSystematically, worthOf } from "./fillRows.ts";
import { blockParticles, inBlocks, logSum, partOf, questionKey } from "./logProbsOf.ts";
import { questionDefaults } from "./questionDefaults.ts";
import type { GivenReport } from "./questionOptions.ts";
import { MadeDraws, type WeighedRows, weighRows } from "./weighRows.ts";

/** Candidates of one condition at a time: some for each row, within these bounds. */
const poolRound = { forRow: 4, least: 512, most: 8192 } as const;
/** Candidates for each row that is drawn, in effective number, beyond which no more are made. */
const candidatesPerDraw = 2;
/** Candidates of one condition at most: as many as are made in seconds, or some for each row. */
const mostCandidates = { least: 65_536, forRow: 4, most: 262_144 } as const;
/** Guides are searched for where candidates would take more rounds than this. */
const roundsUnguided = 6;
/** Rows of which the rest is drawn at a time. */
const blockRows = 4096;

/** Drawn rows: an array of cells for each column, and how they were drawn. */
export interface GivenSample {
  readonly cells: readonly Float64Array[];
  readonly report: GivenReport;
}

/** What draws take. */
export type SampleGivenOptions = EvaluationOptions & { readonly seed?: number | undefined };

/**
 * Draws rows: n of one condition, or one of each of n.
 * @throws DataError for a condition that no row of the model meets.
 */
export async function sampleGiven(
  evaluation: ColumnsEvaluation,
  conditions: RowConditions,
  n: number,
  { seed, ...engine }: SampleGivenOptions,
): Promise<GivenSample> {
  const width = conditions.columns.length;
  const cells = Array.from({ length: width }, () => new Float64Array(n));
  const key = split(questionKey(seed), "sample");
  const pick = conditions.rows === 1 && n !== 1 ? pickOfOne : pickOfEach;
  const { picked, plans, report } = await pick(evaluation, conditions, n, key, engine);
  for (let from = 0; from < n; from += blockRows) {
    const to = Math.min(n, from + blockRows);
    const part = picked.map((column) => column.slice(from, to));
    const numbers = Array.from({ length: to - from }, (_, i) => from + i);
    await drawRest(
      evaluation,
      conditions,
      { cells: part, plans: plans.slice(from, to), numbers },
      key,
      engine,
    );
    part.forEach((column, c) => {
      cells[c]!.set(column, from);
    });
  }
  return { cells, report };
}

/** Candidates of one condition, and their weights. */
type Candidates = Pick<WeighedRows, "cells" | "logWeights">;

type Picking = (
  evaluation: ColumnsEvaluation,
  conditions: RowConditions,
  n: number,
  key: RandomKey,
  engine: EvaluationOptions,
) => Promise<{
  readonly picked: readonly Float64Array[];
  readonly plans: readonly RowPlan[];
  readonly report: GivenReport;
}>;

/** Whether what is known of a row has a probability, not a density. */
function hasProbability({ columns }: ColumnsDensity, conditions: RowConditions, plan: RowPlan): boolean {
  return columns.every(({ column, cell }, j) => {
    if (!plan.isKnown[j] || !isContinuous(column)) return true;
    const value = conditions.columns[cell]!.cells![0]!;
    return Number.isNaN(value) || atomsOf(column).includes(value);
  });
}

/**
 * Rows of one condition: from one pool of candidates, which grows until enough are accepted, or until it is worth more than the rows. A
 * condition that is met too seldom to accept enough is resampled.
 */
const pickOfOne: Picking = async (evaluation, conditions, n, key, engine) => {
  const round = Math.min(poolRound.most, Math.max(poolRound.least, poolRound.forRow * n));
  const plan = planning(evaluation.model.density, conditions, round)(0);
  const { least, forRow, most } = mostCandidates;
  const mostRounds = Math.ceil(Math.min(most, Math.max(least, forRow * n)) / round);
  const isExact = plan.sums !== undefined;
  let isRejected = !isExact && hasProbability(evaluation.model.density, conditions, plan);
  let pools: (readonly Float64Array[])[] = [];
  let logWeights = new Float64Array(0);
  let weigh = async (key: RandomKey): Promise<Candidates> =>
    await weighRows(evaluation, conditions, [{ row: 0, plan, key }], new MadeDraws(), engine);
  const coins = new RandomStream(split(key, "coins"));
  const accepted: number[] = [];
  for (let round = 1; round <= mostRounds; round++) {
    const weighed = await weigh(split(key, round));
    pools.push(weighed.cells);
    weighed.logWeights.forEach((logWeight, at) => {
      if (isRejected && coins.uniform() < Math.exp(logWeight)) accepted.push(logWeights.length + at);
    });
    logWeights = Float64Array.from([...logWeights, ...weighed.logWeights]);
    // What is met too seldom would take more candidates than there may be.
    isRejected &&= Math.exp(logSum(logWeights)) * (mostRounds / round) >= n;
    const isEnough = worthOf(plan, logWeights) >= candidatesPerDraw * n;
    if (isExact || (isRejected ? accepted.length >= n : isEnough)) break;
    if (round > 1 || isRejected || worthOf(plan, logWeights) * roundsUnguided >= candidatesPerDraw * n)
      continue;
    const { findGuides, guidedCandidates } = await import("../guided/guidedCandidates.ts");
    const guides = await findGuides(evaluation, conditions, plan, split(key, "guides"), engine);
    if (!guides) continue;
    // Candidates from guides weigh other than those without: the pool begins anew.
    [pools, logWeights] = [[], new Float64Array(0)];
    const count = plan.particles;
    weigh = async (key) =>
      await guidedCandidates(evaluation, conditions, plan, guides, { key, count }, engine);
  }
  checkPossible(logWeights);
  const logProbGiven = logSum(logWeights) - (isExact ? 0 : Math.log(logWeights.length));
  const size = plan.particles;
  const cellsAt = (places: ArrayLike<number>): Float64Array[] =>
    conditions.columns.map((_, c) =>
      Float64Array.from(places, (place) => pools[Math.floor(place / size)]![c]![place % size]!),
    );
  const plans = new Array<RowPlan>(n).fill(plan);
  if (isRejected && accepted.length >= n)
    return {
      picked: cellsAt(accepted.slice(0, n)),
      plans,
      report: {
        effectiveSize: Number.POSITIVE_INFINITY,
        candidates: logWeights.length,
        acceptance: accepted.length / logWeights.length,
        logProbGiven,
      },
    };
  const stream = new RandomStream(split(key, "picks"));
  const picks = pickSystematically(logWeights, n, stream.uniform());
  // Picks are in the order of the candidates; rows are in none.
  const order = stream.permutation(n);
  return {
    picked: cellsAt(Uint32Array.from(order, (k) => picks[k]!)),
    plans,
    report: {
      effectiveSize: worthOf(plan, logWeights),
      candidates: isExact ? 0 : logWeights.length,
      acceptance: undefined,
      logProbGiven,
    },
  };
};

/** One row of each condition, from candidates of its own. */
const pickOfEach: Picking = async (evaluation, conditions, n, key, engine) => {
  const planOf = planning(evaluation.model.density, conditions, questionDefaults.draws);
  const plannedRows = Array.from({ length: n }, (_, row) => ({
    row,
    plan: planOf(row),
    key: split(key, row),
  }));
  const picked = conditions.columns.map(() => new Float64Array(n));
  const report = {
    effectiveSize: Number.POSITIVE_INFINITY,
    candidates: 0,
    acceptance: undefined,
    logProbGiven: 0,
  };
  const stream = new RandomStream(split(key, "picks"));
  for (const block of inBlocks(plannedRows, ({ plan }) => plan.particles, blockParticles)) {
    const weighed = await weighRows(evaluation, conditions, block, new MadeDraws(), engine);
    block.forEach(({ row, plan }, i) => {
      const logWeights = partOf(weighed, i);
      checkPossible(logWeights, n === 1 ? undefined : row);
      const at = weighed.starts[i]! + pickSystematically(logWeights, 1, stream.uniform())[0]!;
      picked.forEach((column, c) => {
        column[row] = weighed.cells[c]![at]!;
      });
      const isExact = plan.sums !== undefined;
      report.effectiveSize = Math.min(report.effectiveSize, worthOf(plan, logWeights));
      report.candidates += isExact ? 0 : logWeights.length;
      report.logProbGiven += (logSum(logWeights) - (isExact ? 0 : Math.log(logWeights.length))) / n;
    });
  }
  return { picked, plans: plannedRows.map(({ plan }) => plan), report };
};
