/**
 * Log-densities of some columns given others, whichever they are.
 *
 * @module
 */

import { type RandomKey, randomKey, split } from "../../../random/philox.ts";
import type { ColumnsEngineOptions, ColumnsEvaluation } from "../columnsModel.ts";
import { isCellKnown, labelOf, planning, type RowConditions } from "./conditions.ts";
import { questionDefaults } from "./questionDefaults.ts";
import { MadeDraws, type WeighedRows, weighRows } from "./weighRows.ts";

/** Options of what may need draws. */
export interface QuestionOptions extends ColumnsEngineOptions {
  /** Same seed, same answers (default 0); an answer depends on the seed and on what is asked of the row alone, and rows share draws. */
  readonly seed?: number | undefined;
  /** Draws per row where the answer is not exact. */
  readonly draws?: number | undefined;
  /** Combinations of hidden cells that are summed over at most (default 4096); where there are more, they are drawn. */
  readonly combinations?: number | undefined;
}

/** Log-densities, and how they were made. */
export interface RowAnswers {
  /** Log-density per row, in nats, with respect to the columns' reference measures. */
  readonly logProb: Float64Array;
  /** Standard error of {@link logProb}: 0 where it is exact, infinite where no draw was possible. */
  readonly standardError: Float64Array;
  /** As how many independent draws the weighted ones count: infinite where the answer is exact. */
  readonly effectiveSize: Float64Array;
}

/** Rows, filled in, that are in memory at a time. */
export const blockParticles = 16_384;

/** log sum e^x over a part of some numbers. */
export function logSum(values: Float64Array): number {
  const top = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(top)) return top;
  return top + Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0));
}

/** (sum w)^2 / sum w^2. */
export function effectiveSizeOf(logWeights: Float64Array): number {
  const total = logSum(logWeights);
  if (total === Number.NEGATIVE_INFINITY) return 0;
  return 1 / logWeights.reduce((sum, log) => sum + Math.exp(2 * (log - total)), 0);
}

/** A list in pieces whose sizes add up to at most `most`, or are one. */
export function inBlocks<Item>(
  items: readonly Item[],
  sizeOf: (item: Item) => number,
  mostParticles: number,
): readonly (readonly Item[])[] {
  const blocks: Item[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const item of items) {
    if (size + sizeOf(item) > mostParticles) {
      blocks.push([]);
      size = 0;
    }
    blocks[blocks.length - 1]!.push(item);
    size += sizeOf(item);
  }
  return blocks;
}

/** The key of the draws of questions. */
export const questionKey = (seed = 0): RandomKey => split(randomKey(seed), "questions");

/**
 * log p(asked | given) of rows: log p(all) - log p(given), both by the same draws.
 * @param all - What is asked and what is given.
 * @param given - What is given alone: a part of `all`.
 */
export async function logProbsOf(
  evaluation: ColumnsEvaluation,
  all: RowConditions,
  given: RowConditions,
  { seed, draws = questionDefaults.rowDraws, combinations, ...engine }: QuestionOptions,
): Promise<RowAnswers> {
  const { density } = evaluation.model;
  const planOfAll = planning(density, all, draws, combinations);
  const planOfGiven = planning(density, given, draws, combinations);
  const answers = {
    logProb: new Float64Array(all.rows),
    standardError: new Float64Array(all.rows),
    effectiveSize: new Float64Array(all.rows),
  };
  const key = questionKey(seed);
  // Rows of which the same is asked are one question: its rows.
  const questions = new Map<string, number[]>();
  for (let row = 0; row < all.rows; row++) {
    const isGiven = given.columns.map((condition) => Number(isCellKnown(condition, row))).join("");
    const label = `${isGiven} ${labelOf(all, row)}`;
    const rows = questions.get(label);
    if (rows) rows.push(row);
    else questions.set(label, [row]);
  }
  const plannedQuestions = Array.from(questions.values(), (rows) => {
    const row = rows[0]!;
    return { rows, all: { row, plan: planOfAll(row), key }, given: { row, plan: planOfGiven(row), key } };
  });
  const drawsOfAll = new MadeDraws();
  const drawsOfGiven = new MadeDraws();
  const size = ({ all: question, given: condition }: (typeof plannedQuestions)[number]): number =>
    question.plan.particles + condition.plan.particles;
  for (const block of inBlocks(plannedQuestions, size, blockParticles)) {
    const top = await weighRows(
      evaluation,
      all,
      block.map((each) => each.all),
      drawsOfAll,
      engine,
    );
    // Where nothing is given, there is nothing to weigh.
    const isGiven = block.some(({ given: { plan } }) => plan.last >= 0);
    const conditions = block.map((each) => each.given);
    const bottom = isGiven ? await weighRows(evaluation, given, conditions, drawsOfGiven, engine) : undefined;
    block.forEach(({ rows, all: { plan }, given: condition }, i) => {
      const answer = ratio(
        { logWeights: partOf(top, i), isExact: plan.sums !== undefined },
        bottom && { logWeights: partOf(bottom, i), isExact: condition.plan.sums !== undefined },
      );
      for (const row of rows) {
        answers.logProb[row] = answer.logProb;
        answers.standardError[row] = answer.standardError;
        answers.effectiveSize[row] = answer.effectiveSize;
      }
    });
  }
  return answers;
}

/** The logarithms of the weights of the i-th row. */
export const partOf = ({ starts, logWeights }: WeighedRows, i: number): Float64Array =>
  logWeights.subarray(starts[i]!, starts[i + 1]!);

/** Logarithms of the weights of one row. */
export interface Weights {
  readonly logWeights: Float64Array;
  readonly isExact: boolean;
}

/** The logarithm of a probability over that of a part of it, with its standard error by the delta method. */
export function ratio(
  top: Weights,
  bottom: Weights | undefined,
): { readonly logProb: number; readonly standardError: number; readonly effectiveSize: number } {
  const logOf = ({ logWeights, isExact }: Weights): number =>
    logSum(logWeights) - (isExact ? 0 : Math.log(logWeights.length));
  const sampled = [top, ...(bottom ? [bottom] : [])].filter(({ isExact }) => !isExact);
  const logTop = logOf(top);
  const logProb = bottom && logTop > Number.NEGATIVE_INFINITY ? logTop - logOf(bottom) : logTop;
  const effectiveSize = sampled.reduce(
    (least, { logWeights }) => Math.min(least, effectiveSizeOf(logWeights)),
    Number.POSITIVE_INFINITY,
  );
  if (sampled.length === 0) return { logProb, standardError: 0, effectiveSize };
  if (effectiveSize === 0) return { logProb, standardError: Number.POSITIVE_INFINITY, effectiveSize };
  const count = sampled[0]!.logWeights.length;
  /** Weights over their mean; 1 where they are exact. */
  const relative = (weights: Weights | undefined): Float64Array => {
    if (!weights || weights.isExact) return new Float64Array(count).fill(1);
    const mean = logOf(weights);
    return weights.logWeights.map((log) => Math.exp(log - mean));
  };
  const [above, below] = [relative(top), relative(bottom)];
  const sum = above.reduce((total, weight, i) => total + (weight - below[i]!) ** 2, 0);
  // What no draw had may have about the share of one draw: without it draws that are all alike would be sure.
  const standardError = Math.sqrt(sum / count / Math.max(1, count - 1) + 1 / count ** 2);
  return { logProb, standardError, effectiveSize };
}
