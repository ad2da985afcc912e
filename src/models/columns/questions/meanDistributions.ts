/**
 * Distributions of one column under some conditions.
 *
 * @module
 */

import type { CellDistribution } from "../columnDistribution.ts";
import type { ColumnsEvaluation } from "../columnsModel.ts";
import { planning, type RowConditions } from "./conditions.ts";
import { checkPossible, worthOf } from "./fillRows.ts";
import { blockParticles, inBlocks, logSum, partOf, type QuestionOptions, questionKey } from "./logProbsOf.ts";
import { questionDefaults } from "./questionDefaults.ts";
import { Sweep } from "./sweep.ts";
import {
  distributionOfCandidates,
  distributionOfValues,
  type MeanDistribution,
} from "./valueDistribution.ts";
import { MadeDraws, weighRows } from "./weighRows.ts";

/** Shares below this are left out: together they are less than what a double tells from 1. */
const leastShare = 1e-18;

/**
 * The distribution of a column, among the values that are not missing, under each row's conditions.
 * @param column - Its place among the conditions.
 * @throws DataError for a condition that cannot be.
 */
export async function meanDistributions(
  evaluation: ColumnsEvaluation,
  given: RowConditions,
  column: number,
  { seed, draws = questionDefaults.draws, combinations, ...engine }: QuestionOptions,
): Promise<{ readonly distributions: readonly MeanDistribution[]; readonly effectiveSize: Float64Array }> {
  const { columns } = evaluation.model.density;
  const place = columns.findIndex(({ cell }) => cell === column);
  const conditions = {
    rows: given.rows,
    columns: given.columns.map((condition, c) => (c === column ? { range: {} } : condition)),
  };
  const planOf = planning(evaluation.model.density, conditions, draws, combinations, place);
  const key = questionKey(seed);
  const plannedRows = Array.from({ length: given.rows }, (_, row) => ({ row, plan: planOf(row), key }));
  const madeDraws = new MadeDraws();
  const distributions: MeanDistribution[] = [];
  const effectiveSize = new Float64Array(given.rows);
  for (const block of inBlocks(plannedRows, ({ plan }) => plan.particles, blockParticles)) {
    const weighed = await weighRows(evaluation, conditions, block, madeDraws, engine);
    const { starts, cells } = weighed;
    const candidates = block.map(({ row, plan }, i) => {
      const logWeights = partOf(weighed, i);
      checkPossible(logWeights, given.rows === 1 ? undefined : row);
      effectiveSize[row] = worthOf(plan, logWeights);
      const total = logSum(logWeights);
      const shares = logWeights.map((log) => Math.exp(log - total));
      const places = Array.from(shares.keys()).filter((k) => shares[k]! > leastShare);
      return {
        shares: Float64Array.from(places, (k) => shares[k]!),
        places: places.map((k) => starts[i]! + k),
      };
    });
    const isDistributed = block.map(({ plan }) => plan.last === place);
    const all = candidates.flatMap(({ places }, i) => (isDistributed[i] ? places : []));
    const cellDistributions: CellDistribution[] = [];
    const sweep = new Sweep(evaluation, cells, all, engine);
    for (let j = 0; j < place; j++) sweep.write(j);
    await sweep.distributions(place, Array.from(all.keys()), (at, distribution) => {
      cellDistributions[at] = distribution;
    });
    let start = 0;
    candidates.forEach(({ shares, places }, i) => {
      if (isDistributed[i]) {
        const rowDistributions = cellDistributions.slice(start, start + places.length);
        start += places.length;
        distributions.push(distributionOfCandidates(columns[place]!, rowDistributions, shares));
      } else
        distributions.push(
          distributionOfValues(
            Float64Array.from(places, (at) => cells[column]![at]!),
            shares,
          ),
        );
    });
  }
  return { distributions, effectiveSize };
}
