/**
 * Rows that a model of any order draws given what is known of them: without weights, but where several columns must be in a range or must
 * not be missing. Then candidates for these are weighed, and rows are picked by the weights.
 *
 * @module
 */

import { type RandomKey, RandomStream, split } from "../../../random/philox.ts";
import type { ColumnsEngineOptions, ColumnsEvaluation } from "../columnsModel.ts";
import type { RowConditions } from "../questions/conditions.ts";
import { checkPossible, pickSystematically } from "../questions/fillRows.ts";
import type { FillRows } from "../questions/fillTable.ts";
import { effectiveSizeOf, inBlocks, logSum, questionKey } from "../questions/logProbsOf.ts";
import { questionDefaults } from "../questions/questionDefaults.ts";
import type { GivenSample, SampleGivenOptions } from "../questions/sampleGiven.ts";
import { countRanges, type DrawnRanges, drawColumns, drawnRanges, type Particles } from "./particles.ts";
import { logProbsOfSets } from "./setAnswers.ts";

/** Rows in memory at a time. */
const blockRows = 8192;
/** Candidates for each row that is drawn, in effective number, beyond which no more are made; and rounds of them at most. */
const candidatesPerDraw = 2;
const mostRounds = 32;
/** Candidates of a row of `impute` of which several cells must not be missing, unless somebody says otherwise. */
const usualCandidates = 128;

/** Rows that were picked, and how. */
interface Picked {
  /** Of each row `draws` particles, whose ranges are known. */
  readonly particles: Particles;
  /** By row: as how many independent draws its candidates count, and the logarithm of their mean weight. */
  readonly effectiveSize: Float64Array;
  readonly logMass: Float64Array;
  /** Candidates that were weighed. */
  readonly candidates: number;
}

/** How rows are picked: how often each, from how many candidates, and what the draws of a row depend on. */
interface Picking {
  readonly draws: number;
  readonly candidates: number;
  readonly keyOf: (row: number) => RandomKey;
}

/** Draws what must be in a range. */
async function pick(
  evaluation: ColumnsEvaluation,
  conditions: RowConditions,
  rows: readonly number[],
  { draws, candidates, keyOf }: Picking,
  options: ColumnsEngineOptions,
): Promise<Picked> {
  const { density } = evaluation.model;
  const isWeighed = rows.map((row) => countRanges(density, conditions, row) > 1);
  const sizes = new Map(rows.map((row, i) => [row, isWeighed[i] ? candidates : draws]));
  /** The next so many candidates of each row. */
  const candidatesOfRound = async (round: number): Promise<DrawnRanges> =>
    await drawnRanges(
      evaluation,
      conditions,
      rows,
      (row) => sizes.get(row)!,
      (row) => split(split(keyOf(row), "ranges"), round),
      options,
    );
  const rounds = [await candidatesOfRound(0)];
  const logsOf = (i: number): Float64Array =>
    Float64Array.from(
      rounds.flatMap(({ particles, starts }) => [
        ...particles.logWeights.subarray(starts[i]!, starts[i + 1]!),
      ]),
    );
  // One row of which many are drawn: until its candidates are worth more than these.
  if (rows.length === 1 && isWeighed[0])
    while (rounds.length < mostRounds && effectiveSizeOf(logsOf(0)) < candidatesPerDraw * draws)
      rounds.push(await candidatesOfRound(rounds.length));
  const effectiveSize = new Float64Array(rows.length).fill(Number.POSITIVE_INFINITY);
  const logMass = new Float64Array(rows.length);
  let weighedCandidates = 0;
  const picks = rows.flatMap((row, i) => {
    const logs = logsOf(i);
    checkPossible(logs, conditions.rows === 1 ? undefined : row);
    logMass[i] = logSum(logs) - Math.log(logs.length);
    const size = sizes.get(row)!;
    const start = rounds[0]!.starts[i]!;
    const placeOf = (k: number) => [Math.floor(k / size), start + (k % size)] as const;
    if (!isWeighed[i]) return Array.from(logs.keys(), placeOf);
    effectiveSize[i] = effectiveSizeOf(logs);
    weighedCandidates += logs.length;
    const stream = new RandomStream(split(keyOf(row), "picks"));
    const pickedCandidates = pickSystematically(logs, draws, stream.uniform());
    return Array.from(stream.permutation(draws), (k) => placeOf(pickedCandidates[k]!));
  });
  return {
    particles: chosenParticles(
      rounds.map(({ particles }) => particles),
      picks,
    ),
    effectiveSize,
    logMass,
    candidates: weighedCandidates,
  };
}

/** Some of several lists of particles: which list, and the place in it. */
function chosenParticles(
  lists: readonly Particles[],
  places: readonly (readonly [list: number, at: number])[],
): Particles {
  const width = lists[0]!.roles.length / lists[0]!.rows;
  const roles = new Uint8Array(places.length * width);
  places.forEach(([list, at], i) => {
    roles.set(lists[list]!.roles.subarray(at * width, (at + 1) * width), i * width);
  });
  return {
    rows: places.length,
    cells: lists[0]!.cells.map((_, c) =>
      Float64Array.from(places, ([list, at]) => lists[list]!.cells[c]![at]!),
    ),
    roles,
    logWeights: new Float64Array(places.length),
  };
}

/** Fills rows in, `draws` times each, one after the other. */
async function fillIn(
  evaluation: ColumnsEvaluation,
  conditions: RowConditions,
  rows: readonly number[],
  picking: Picking,
  options: ColumnsEngineOptions,
): Promise<Picked> {
  const picked = await pick(evaluation, conditions, rows, picking, options);
  const { draws, keyOf } = picking;
  const keys = rows.map((row) => split(keyOf(row), "rest"));
  await drawColumns(
    evaluation,
    conditions,
    picked.particles,
    () => true,
    (i) => ({ key: keys[Math.floor(i / draws)]!, number: i % draws }),
    options,
  );
  return picked;
}

/** Rows given any columns: n of one condition, or one of each of n; as `sampleGiven`. */
export async function sampleOfSets(
  evaluation: ColumnsEvaluation,
  conditions: RowConditions,
  n: number,
  { seed, ...engine }: SampleGivenOptions,
): Promise<GivenSample> {
  const { density } = evaluation.model;
  const key = split(questionKey(seed), "sample");
  const isOne = conditions.rows === 1 && n !== 1;
  const known = conditions.columns.map(({ range: _, ...condition }) => condition);
  const always = known.map((condition, c) => (c < density.given.length ? condition : {}));
  const { logProb } = await logProbsOfSets(
    evaluation,
    { rows: conditions.rows, columns: known },
    { rows: conditions.rows, columns: always },
    engine,
  );
  const cells = conditions.columns.map(() => new Float64Array(n));
  const report = {
    effectiveSize: Number.POSITIVE_INFINITY,
    candidates: 0,
    acceptance: undefined,
    logProbGiven: 0,
  };
  const sizeOf = (row: number): number =>
    !isOne && countRanges(density, conditions, row) > 1 ? questionDefaults.draws : 1;
  let poolSize = 0;
  for (const block of inBlocks(Array.from(cells[0]!.keys()), sizeOf, blockRows)) {
    const from = block[0]!;
    const rows = isOne ? [0] : block;
    const picked = await fillIn(
      evaluation,
      conditions,
      rows,
      {
        draws: isOne ? block.length : 1,
        candidates: isOne
          ? Math.min(blockRows, Math.max(questionDefaults.draws, 2 * candidatesPerDraw * block.length))
          : questionDefaults.draws,
        keyOf: (row) => split(key, isOne ? from : row),
      },
      engine,
    );
    cells.forEach((column, c) => {
      column.set(picked.particles.cells[c]!, from);
    });
    report.candidates += picked.candidates;
    rows.forEach((row, i) => {
      const size = picked.effectiveSize[i]!;
      poolSize += size;
      report.effectiveSize = isOne ? poolSize : Math.min(report.effectiveSize, size);
      report.logProbGiven += (logProb[row]! + picked.logMass[i]!) * (isOne ? block.length / n : 1 / n);
    });
  }
  return { cells, report };
}

/** Rows with what is not known of them filled in; as `fillRows`. */
export const fillOfSets: FillRows = async (
  evaluation,
  conditions,
  rows,
  { draws, candidates, seed, rowsBefore, ...engine },
) => {
  const key = split(questionKey(seed), "impute");
  const { density } = evaluation.model;
  const cells = conditions.columns.map(() => new Float64Array(rows.length * draws));
  const effectiveSize = new Float64Array(rows.length);
  const size = candidates ?? usualCandidates;
  const sizeOf = (row: number): number => (countRanges(density, conditions, row) > 1 ? size : 0) + draws;
  let filledRows = 0;
  for (const block of inBlocks(rows, sizeOf, blockRows)) {
    const picking = { draws, candidates: size, keyOf: (row: number) => split(key, rowsBefore + row) };
    const picked = await fillIn(evaluation, conditions, block, picking, engine);
    cells.forEach((column, c) => {
      column.set(picked.particles.cells[c]!, filledRows * draws);
    });
    effectiveSize.set(picked.effectiveSize, filledRows);
    filledRows += block.length;
  }
  return { cells, effectiveSize };
};
