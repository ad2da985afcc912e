/**
 * Candidates for what lies before the last given column, where cells are proposed by guides; and the search for those guides.
 *
 * Guides are fitted to candidates that were made without, or by guides before. Where few of these have a weight to speak of, what is
 * given counts for less at first, L^t with t < 1, so that as many candidates count as a fit takes; t rises to 1 from round to round.
 *
 * @module
 */

import { type RandomKey, split, uniformsAt } from "../../../random/philox.ts";
import type { ColumnsEngineOptions, ColumnsEvaluation } from "../columnsModel.ts";
import { contributionsOfRows } from "../contributions.ts";
import { drawCell, isWhole } from "../questions/cellRange.ts";
import type { RowConditions, RowPlan } from "../questions/conditions.ts";
import { effectiveSizeOf, logSum } from "../questions/logProbsOf.ts";
import { Sweep } from "../questions/sweep.ts";
import { type ColumnGuide, fitGuides, guidedShare, logMixture } from "./guides.ts";

/** Candidates of a round of the search, and rounds at most. */
const pilotSize = 2048;
const mostPilots = 10;
/** Effective candidates that a fit takes, and those of a round that are good enough to end the search. */
const enoughForFit = 96;
const goodEnough = 512;
/** Guides must raise the effective number by this factor; a round that raises it by less than the second is the last. */
const worthIt = 2;
const stillRising = 1.2;

/** Candidates of one condition. */
export interface GuidedCandidates {
  /** By column as in the conditions: the cells up to the last known column. */
  readonly cells: readonly Float64Array[];
  /** Logarithms of the weights: of what is given times p / q of what was proposed. */
  readonly logWeights: Float64Array;
}

/** The same with what a fit of guides takes. */
interface Candidates extends GuidedCandidates {
  /** The logarithms of p / q. */
  readonly logRatios: Float64Array;
  /** By column in the order of the model, where it is drawn freely: the logarithms of p. */
  readonly logProbs: readonly (Float64Array | undefined)[];
}

/** Makes candidates of the only condition. @param guides - By column in the order of the model; none: those of the model alone. */
export async function guidedCandidates(
  evaluation: ColumnsEvaluation,
  conditions: RowConditions,
  plan: RowPlan,
  guides: readonly ColumnGuide[],
  { key, count }: { readonly key: RandomKey; readonly count: number },
  options: ColumnsEngineOptions,
): Promise<Candidates> {
  const { columns, given } = evaluation.model.density;
  const cells = conditions.columns.map(({ cells: known }, c) =>
    new Float64Array(count).fill(
      known && (c < given.length || plan.isKnown[columns.findIndex(({ cell }) => cell === c)])
        ? known[0]!
        : Number.NaN,
    ),
  );
  const logWeights = new Float64Array(count);
  const rows = Array.from({ length: count }, (_, row) => row);
  const sweep = new Sweep(evaluation, cells, rows, options);
  const uniforms = new Float64Array(count * columns.length);
  for (const row of rows) uniformsAt(key, row, columns.length, uniforms, row * columns.length);
  const innovations: (Float64Array | undefined)[] = [];
  const isFree = columns.map(
    ({ cell }, j) => j < plan.last && !plan.isKnown[j] && conditions.columns[cell]!.range === undefined,
  );
  for (let j = 0; j <= plan.last; j++) {
    const layout = columns[j]!;
    const { range } = conditions.columns[layout.cell]!;
    const own = cells[layout.cell]!;
    const { guide, innovation } = (isFree[j] && guides[j]) || {};
    if (!plan.isKnown[j] && (j < plan.last || (range && !isWhole(layout, range)))) {
      const uniform = (row: number): number => uniforms[row * columns.length + j]!;
      const isGuided = (row: number): boolean => guide !== undefined && uniform(row) < guidedShare;
      const unguided = rows.filter((row) => !isGuided(row));
      await sweep.distributions(j, unguided, (row, distribution) => {
        const share = guide ? (uniform(row) - guidedShare) / (1 - guidedShare) : uniform(row);
        const { cell, logMass } = drawCell(layout, range, distribution, share);
        if (j < plan.last) own[row] = cell;
        logWeights[row]! += logMass;
      });
      if (guide)
        for (const row of rows)
          if (isGuided(row)) own[row] = guide.draw(row, innovations, uniform(row) / guidedShare);
    }
    if (innovation) innovations[j] = own.map((cell, row) => innovation(row, innovations, cell));
    sweep.write(j);
  }
  const { outcomes, values } = await contributionsOfRows(evaluation, cells, { ...options, partial: true });
  const logRatios = new Float64Array(count);
  const logProbs = columns.map(({ cell }, j) => {
    const place = (row: number): number => row * columns.length + cell - given.length;
    const logProbOf = (row: number): number => outcomes[place(row)]! + values[place(row)]!;
    if (plan.isKnown[j] && j <= plan.last) for (const row of rows) logWeights[row]! += logProbOf(row);
    if (!isFree[j]) return undefined;
    const logProb = Float64Array.from(rows, logProbOf);
    const guide = guides[j]?.guide;
    if (guide)
      for (const row of rows) {
        const logGuide = guide.logDensity(row, innovations, cells[cell]![row]!);
        logRatios[row]! += logProb[row]! - logMixture(logProb[row]!, logGuide);
      }
    return logProb;
  });
  for (const row of rows) {
    // A proposed cell that cannot be weighs nothing.
    if (Number.isNaN(logRatios[row]!)) logRatios[row] = Number.NEGATIVE_INFINITY;
    logWeights[row]! += logRatios[row]!;
    if (Number.isNaN(logWeights[row]!)) logWeights[row] = Number.NEGATIVE_INFINITY;
  }
  return { cells, logWeights, logRatios, logProbs };
}

/** Searches for guides; undefined where none make candidates worth more. */
export async function findGuides(
  evaluation: ColumnsEvaluation,
  conditions: RowConditions,
  plan: RowPlan,
  key: RandomKey,
  options: ColumnsEngineOptions,
): Promise<readonly ColumnGuide[] | undefined> {
  const { columns } = evaluation.model.density;
  let guides: readonly ColumnGuide[] = [];
  let best: { readonly guides: readonly ColumnGuide[]; readonly size: number } | undefined;
  let unguidedSize = 0;
  for (let pilot = 0; pilot < mostPilots; pilot++) {
    const drawing = { key: split(key, pilot), count: pilotSize };
    const pool = await guidedCandidates(evaluation, conditions, plan, guides, drawing, options);
    const size = effectiveSizeOf(pool.logWeights);
    if (pilot === 0) unguidedSize = size;
    const isRising = size > stillRising * (best?.size ?? 0);
    if (pilot > 0 && isRising) best = { guides, size };
    const logWeights = temperedWeights(pool);
    if (!logWeights || (pilot > 1 && !isRising && logWeights === pool.logWeights)) break;
    const total = logSum(logWeights);
    guides = fitGuides(columns, {
      cells: columns.map(({ cell }, j) => pool.logProbs[j] && pool.cells[cell]),
      logProbs: pool.logProbs,
      weights: logWeights.map((log) => Math.exp(log - total)),
      effectiveSize: effectiveSizeOf(logWeights),
    });
    if (!guides.some(({ guide }) => guide)) break;
    // From so many the next ones are as good at least.
    if (pilot > 0 && size >= goodEnough) return guides;
  }
  return best && best.size >= worthIt * unguidedSize ? best.guides : undefined;
}

/** Weights of which enough count, those as they are if they do; undefined where none is possible. */
function temperedWeights({ logWeights, logRatios }: Candidates): Float64Array | undefined {
  if (!logWeights.some((log) => log > Number.NEGATIVE_INFINITY)) return undefined;
  const at = (power: number): Float64Array =>
    logWeights.map((log, row) => {
      const ratio = logRatios[row]!;
      return log === Number.NEGATIVE_INFINITY ? log : ratio + power * (log - ratio);
    });
  if (effectiveSizeOf(logWeights) >= enoughForFit) return logWeights;
  let [low, high] = [0, 1];
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if (effectiveSizeOf(at(middle)) >= enoughForFit) low = middle;
    else high = middle;
  }
  return at(low);
}
