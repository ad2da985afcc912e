/**
 * Answers of a model of any order. A question is one pass: the asked columns in the model's order, each given what is known and the asked
 * ones before it,
 *
 *     log p(asked | known) = sum over asked j of log p(cell j | known, asked cells before j)
 *
 * which is normalized for each set, while the densities of different sets need not be those of one joint density. Where a known column is a
 * range, its cell is drawn in it: one such column without weights, several with those of their ranges.
 *
 * @module
 */

import type { CellDistribution } from "../columnDistribution.ts";
import type { ColumnsEngineOptions, ColumnsEvaluation } from "../columnsModel.ts";
import { contributionsOfRows } from "../contributions.ts";
import { drawCell } from "../questions/cellRange.ts";
import { isCellKnown, labelOf, type RowConditions } from "../questions/conditions.ts";
import { checkPossible } from "../questions/fillRows.ts";
import {
  blockParticles,
  effectiveSizeOf,
  inBlocks,
  logSum,
  type QuestionOptions,
  questionKey,
  type RowAnswers,
  ratio,
} from "../questions/logProbsOf.ts";
import { questionDefaults } from "../questions/questionDefaults.ts";
import { distributionOfCandidates, type MeanDistribution } from "../questions/valueDistribution.ts";
import { type Roles, role, SetSweep, withRoles } from "./columnSets.ts";
import { countRanges, drawnRanges, type Particles } from "./particles.ts";

/** Draws of ranges per row of `marginal` unless somebody says otherwise. */
const rowDraws = 256;

/** Sums of contributions of the asked columns, by row. */
export async function scoresOfSets(
  evaluation: ColumnsEvaluation,
  cells: readonly Float64Array[],
  roles: Roles,
  options: ColumnsEngineOptions,
): Promise<Float64Array> {
  const prepare = withRoles(evaluation.model.density, roles);
  return (await contributionsOfRows(evaluation, cells, { ...options, partial: true, prepare })).logProb;
}

/** log p(asked | known) of rows; the same signature as `logProbsOf`. */
export async function logProbsOfSets(
  evaluation: ColumnsEvaluation,
  all: RowConditions,
  given: RowConditions,
  { seed, draws = rowDraws, combinations: _, ...engine }: QuestionOptions,
): Promise<RowAnswers> {
  const { density } = evaluation.model;
  const { columns } = density;
  const answers = {
    logProb: new Float64Array(all.rows),
    standardError: new Float64Array(all.rows),
    effectiveSize: new Float64Array(all.rows).fill(Number.POSITIVE_INFINITY),
  };
  const key = questionKey(seed);
  const rows = Array.from({ length: all.rows }, (__, row) => row);
  const drawsOf = (row: number): number => (countRanges(density, given, row) > 0 ? draws : 1);
  // Rows that are given the same share draws.
  const particlesByLabel = new Map<
    string,
    { readonly particles: Particles; readonly from: number; readonly to: number }
  >();
  const labels = rows.map((row) => labelOf(given, row));
  for (const block of inBlocks(rows, drawsOf, blockParticles)) {
    const newRows = block.filter((row, i) => {
      const isFirstOfLabel =
        !particlesByLabel.has(labels[row]!) &&
        block.findIndex((other) => labels[other] === labels[row]) === i;
      return isFirstOfLabel;
    });
    const { particles: newParticles, starts } = await drawnRanges(
      evaluation,
      given,
      newRows,
      drawsOf,
      () => key,
      engine,
    );
    newRows.forEach((row, i) => {
      particlesByLabel.set(labels[row]!, { particles: newParticles, from: starts[i]!, to: starts[i + 1]! });
    });
    const parts = block.map((row) => particlesByLabel.get(labels[row]!)!);
    const places = parts.flatMap(({ from, to }, i) =>
      Array.from({ length: to - from }, (__, k) => [i, from + k] as const),
    );
    const roles = new Uint8Array(places.length * columns.length);
    const cells = all.columns.map((condition, c) =>
      Float64Array.from(places, ([i, at]) =>
        isCellKnown(condition, block[i]!) ? condition.cells![block[i]!]! : parts[i]!.particles.cells[c]![at]!,
      ),
    );
    places.forEach(([i, at], k) => {
      columns.forEach(({ cell }, j) => {
        const isAsked =
          isCellKnown(all.columns[cell]!, block[i]!) && !isCellKnown(given.columns[cell]!, block[i]!);
        roles[k * columns.length + j] = isAsked
          ? role.asked
          : parts[i]!.particles.roles[at * columns.length + j]!;
      });
    });
    const scores = await scoresOfSets(evaluation, cells, roles, engine);
    let start = 0;
    block.forEach((row, i) => {
      const { particles, from, to } = parts[i]!;
      const logProbs = scores.subarray(start, start + to - from);
      start += to - from;
      if (drawsOf(row) === 1 && countRanges(density, given, row) === 0) {
        answers.logProb[row] = logProbs[0]!;
        return;
      }
      const weights = particles.logWeights.subarray(from, to);
      const answer = ratio(
        { logWeights: logProbs.map((log, k) => log + weights[k]!), isExact: false },
        { logWeights: weights, isExact: false },
      );
      answers.logProb[row] = answer.logProb;
      answers.standardError[row] = answer.standardError;
      answers.effectiveSize[row] = answer.effectiveSize;
    });
  }
  return answers;
}

/** Distributions of a column; the same signature as `meanDistributions`. */
export async function distributionsOfSets(
  evaluation: ColumnsEvaluation,
  given: RowConditions,
  column: number,
  { seed, draws = questionDefaults.draws, combinations: _, ...engine }: QuestionOptions,
): Promise<{ readonly distributions: readonly MeanDistribution[]; readonly effectiveSize: Float64Array }> {
  const { density } = evaluation.model;
  const key = questionKey(seed);
  const place = density.columns.findIndex(({ cell }) => cell === column);
  const layout = density.columns[place]!;
  const conditions = {
    rows: given.rows,
    columns: given.columns.map((each, c) => (c === column ? {} : each)),
  };
  const drawsOf = (row: number): number => (countRanges(density, conditions, row) > 0 ? draws : 1);
  const rows = Array.from({ length: given.rows }, (__, row) => row);
  const distributions: MeanDistribution[] = [];
  const effectiveSize = new Float64Array(given.rows).fill(Number.POSITIVE_INFINITY);
  for (const block of inBlocks(rows, drawsOf, blockParticles)) {
    const { particles, starts } = await drawnRanges(
      evaluation,
      conditions,
      block,
      drawsOf,
      () => key,
      engine,
    );
    const roles = particles.roles.slice();
    for (let i = 0; i < particles.rows; i++) roles[i * density.columns.length + place] = role.asked;
    const sweep = new SetSweep(evaluation, particles.cells, roles, engine);
    for (let j = 0; j < place; j++) sweep.write(j);
    const cellDistributions: CellDistribution[] = [];
    const logWeights = particles.logWeights.slice();
    await sweep.distributions(
      place,
      Array.from({ length: particles.rows }, (__, i) => i),
      (i, distribution) => {
        cellDistributions[i] = distribution;
        // Among the values that are not missing.
        if (layout.column.missing) logWeights[i]! += drawCell(layout, {}, distribution, 0.5).logMass;
      },
    );
    block.forEach((row, i) => {
      const logs = logWeights.subarray(starts[i]!, starts[i + 1]!);
      checkPossible(logs, given.rows === 1 ? undefined : row);
      const total = logSum(logs);
      if (countRanges(density, conditions, row) > 0) effectiveSize[row] = effectiveSizeOf(logs);
      distributions.push(
        distributionOfCandidates(
          layout,
          cellDistributions.slice(starts[i]!, starts[i + 1]!),
          logs.map((log) => Math.exp(log - total)),
        ),
      );
    });
  }
  return { distributions, effectiveSize };
}
