/**
 * Rows drawn given values and ranges of any columns, by sampling and importance resampling: candidates for what lies before the last
 * given column are weighed, rows are picked from them by their weights, and what lies behind is drawn.
 *
 * @module
 */

import { RandomStream, split } from "../../../random/philox.ts";
import type { EvaluationOptions } from "../../flowOptions.ts";
import type { ColumnsEvaluation } from "../columnsModel.ts";
import { planning, type RowConditions } from "./conditions.ts";
import { checkPossible, drawRest, pickSystematically, worthOf } from "./fillRows.ts";
import { blockParticles, inBlocks, logSum, partOf, questionKey, usualDraws } from "./logProbsOf.ts";
import type { GivenReport } from "./questionOptions.ts";
import { MadeDraws, weighRows } from "./weighRows.ts";

/** Candidates of one condition at a time. */
const poolRound = 8192;
/** Candidates for each row that is drawn, in effective number, beyond which no more are made. */
const enough = 2;
/** Rounds at most. */
const mostRounds = 32;
/** Rows of which the rest is drawn at a time. */
const blockRows = 4096;

/** Drawn rows: an array of cells for each column, and how they were drawn. */
export interface GivenSample {
  readonly cells: readonly Float64Array[];
  readonly report: GivenReport;
}

/** What draws take. */
type SampleOptions = EvaluationOptions & { readonly seed?: number | undefined };

/**
 * Draws rows: n of one condition, or one of each of n.
 * @throws DataError for a condition that no row of the model meets.
 */
export async function sampleGiven(
  evaluation: ColumnsEvaluation,
  conditions: RowConditions,
  n: number,
  { seed, ...engine }: SampleOptions,
): Promise<GivenSample> {
  const width = conditions.columns.length;
  const cells = Array.from({ length: width }, () => new Float64Array(n));
  const key = split(questionKey(seed), "sample");
  const pick = conditions.rows === 1 && n !== 1 ? pickOfOne : pickOfEach;
  const { picked, plans, report } = await pick(evaluation, conditions, n, key, engine);
  for (let from = 0; from < n; from += blockRows) {
    const to = Math.min(n, from + blockRows);
    const part = picked.map((own) => own.slice(from, to));
    const numbers = Array.from({ length: to - from }, (_, i) => from + i);
    await drawRest(
      evaluation,
      conditions,
      { cells: part, plans: plans.slice(from, to), numbers },
      key,
      engine,
    );
    part.forEach((own, c) => {
      cells[c]!.set(own, from);
    });
  }
  return { cells, report };
}

type Picking = (
  evaluation: ColumnsEvaluation,
  conditions: RowConditions,
  n: number,
  key: ReturnType<typeof split>,
  engine: EvaluationOptions,
) => Promise<{
  readonly picked: readonly Float64Array[];
  readonly plans: readonly ReturnType<ReturnType<typeof planning>>[];
  readonly report: GivenReport;
}>;

/** Rows of one condition: from one pool of candidates, which grows until it is worth more than the rows. */
const pickOfOne: Picking = async (evaluation, conditions, n, key, engine) => {
  const plan = planning(evaluation.model.density, conditions, poolRound)(0);
  const isExact = plan.sums !== undefined;
  const pools: (readonly Float64Array[])[] = [];
  let logWeights = new Float64Array(0);
  for (let round = 0; round < mostRounds; round++) {
    const rows = [{ row: 0, plan, key: split(key, round) }];
    const weighed = await weighRows(evaluation, conditions, rows, new MadeDraws(), engine);
    pools.push(weighed.cells);
    logWeights = Float64Array.from([...logWeights, ...weighed.logWeights]);
    if (isExact || worthOf(plan, logWeights) >= enough * n) break;
  }
  checkPossible(logWeights);
  const stream = new RandomStream(split(key, "picks"));
  const picks = pickSystematically(logWeights, n, stream.uniform());
  // Picks are in the order of the candidates; rows are in none.
  const order = stream.permutation(n);
  const size = plan.particles;
  const picked = conditions.columns.map((_, c) =>
    Float64Array.from(order, (k) => pools[Math.floor(picks[k]! / size)]![c]![picks[k]! % size]!),
  );
  const logProbGiven = logSum(logWeights) - (isExact ? 0 : Math.log(logWeights.length));
  return {
    picked,
    plans: new Array<typeof plan>(n).fill(plan),
    report: {
      effectiveSize: worthOf(plan, logWeights),
      candidates: isExact ? 0 : logWeights.length,
      logProbGiven,
    },
  };
};

/** One row of each condition, from candidates of its own. */
const pickOfEach: Picking = async (evaluation, conditions, n, key, engine) => {
  const planOf = planning(evaluation.model.density, conditions, usualDraws);
  const asked = Array.from({ length: n }, (_, row) => ({ row, plan: planOf(row), key: split(key, row) }));
  const picked = conditions.columns.map(() => new Float64Array(n));
  const report = { effectiveSize: Number.POSITIVE_INFINITY, candidates: 0, logProbGiven: 0 };
  const stream = new RandomStream(split(key, "picks"));
  for (const block of inBlocks(asked, ({ plan }) => plan.particles, blockParticles)) {
    const weighed = await weighRows(evaluation, conditions, block, new MadeDraws(), engine);
    block.forEach(({ row, plan }, i) => {
      const logWeights = partOf(weighed, i);
      checkPossible(logWeights, n === 1 ? undefined : row);
      const at = weighed.starts[i]! + pickSystematically(logWeights, 1, stream.uniform())[0]!;
      picked.forEach((own, c) => {
        own[row] = weighed.cells[c]![at]!;
      });
      const isExact = plan.sums !== undefined;
      report.effectiveSize = Math.min(report.effectiveSize, worthOf(plan, logWeights));
      report.candidates += isExact ? 0 : logWeights.length;
      report.logProbGiven += (logSum(logWeights) - (isExact ? 0 : Math.log(logWeights.length))) / n;
    });
  }
  return { picked, plans: asked.map(({ plan }) => plan), report };
};
