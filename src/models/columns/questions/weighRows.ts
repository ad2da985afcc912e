/**
 * Rows with what is not known of them filled in, and what each way of filling in weighs:
 *
 *     p(known) = sum_h p(known, h)              over all cells h of the columns in between, where they are few; else
 *     p(known) = E_h prod_j p(known_j | cells before), h drawn column by column from the model's own conditional distributions
 *
 * Columns behind the last known one add up to 1. Of a column with a range, the cell is drawn in the range, and weighs its probability.
 *
 * @module
 */

import { type RandomKey, uniformsAt } from "../../../random/philox.ts";
import { isContinuous } from "../column.ts";
import type { ColumnLayout } from "../columnsDensity.ts";
import type { ColumnsEngineOptions, ColumnsEvaluation } from "../columnsModel.ts";
import { contributionsOfRows } from "../contributions.ts";
import { drawCell, isWhole } from "./cellRange.ts";
import { isCellKnown, type RowConditions, type RowPlan } from "./conditions.ts";
import { Sweep } from "./sweep.ts";

/** A row that is filled in some number of times. */
export interface PlannedRow {
  /** Its place among the conditions. */
  readonly row: number;
  readonly plan: RowPlan;
  /** Of its draws: draw i depends on the key, on i and on what is known of columns before, alone. */
  readonly key: RandomKey;
}

/** Rows that were filled in. */
export interface WeighedRows {
  /** Where each row's begin, and the end of the last. */
  readonly starts: Uint32Array;
  /** By column as in the conditions: the cells up to the last known column; NaN behind it. */
  readonly cells: readonly Float64Array[];
  /** Logarithms of the weights: their sum over combinations, or mean over draws, is the probability of what is known. */
  readonly logWeights: Float64Array;
}

/** Draws of one column, of rows that are alike in the columns before. */
interface ColumnDraws {
  readonly cells: Float64Array;
  /** Logarithms of the probabilities of the column's range. */
  readonly logMasses: Float64Array;
}

/** Draws that have been made. */
export class MadeDraws {
  /** Of one column, by what they depend on. */
  readonly columns: Map<string, ColumnDraws> = new Map();
  /** Which draws of all inner columns are alike, by what the last column depends on. */
  readonly alike: Map<string, Uint32Array> = new Map();

  /** Forgets draws where there are many. */
  prune(): void {
    if (this.columns.size > mostMade) this.columns.clear();
    if (this.alike.size > mostMade) this.alike.clear();
  }
}

/** Draws of a column that are kept at most. */
const mostMade = 512;

/**
 * Fills rows in, in one batch.
 * @param madeDraws - Of the batches before, of the same conditions: what was drawn is not drawn again.
 */
export async function weighRows(
  evaluation: ColumnsEvaluation,
  conditions: RowConditions,
  rows: readonly PlannedRow[],
  madeDraws: MadeDraws,
  options: ColumnsEngineOptions,
): Promise<WeighedRows> {
  const { density } = evaluation.model;
  const { columns, given } = density;
  const starts = new Uint32Array(rows.length + 1);
  rows.forEach(({ plan }, i) => {
    starts[i + 1] = starts[i]! + plan.particles;
  });
  const total = starts[rows.length]!;
  const cells = conditions.columns.map(() => new Float64Array(total).fill(Number.NaN));
  const owner = new Uint32Array(total);
  rows.forEach(({ row, plan }, i) => {
    owner.fill(i, starts[i]!, starts[i + 1]!);
    conditions.columns.forEach((condition, c) => {
      if (isCellKnown(condition, row)) cells[c]!.fill(condition.cells![row]!, starts[i]!, starts[i + 1]!);
    });
    if (plan.sums) fillCombinations(evaluation, plan, cells, starts[i]!);
  });
  const logWeights = new Float64Array(total);
  const labels = rows.map((row) => drawLabels(evaluation, conditions, row));
  await drawInner(
    evaluation,
    conditions,
    rows,
    { starts, cells, logWeights },
    labels,
    madeDraws.columns,
    options,
  );
  madeDraws.prune();
  if (rows.some(({ plan }) => plan.last >= 0)) {
    // Where inner columns have few values many draws are alike: each is computed once.
    const representative = Uint32Array.from(owner.keys());
    rows.forEach(({ plan }, i) => {
      if (plan.sums !== undefined) return;
      const label = labels[i]![plan.inner[plan.inner.length - 1]!]!;
      const drawsOfRow = { start: starts[i]!, count: plan.particles, label };
      const firstAlike = alikeDraws(evaluation, plan, cells, drawsOfRow, madeDraws);
      firstAlike?.forEach((k, at) => {
        representative[starts[i]! + at] = starts[i]! + k;
      });
    });
    const computed = representative.filter((at, i) => at === i);
    const place = new Uint32Array(total);
    computed.forEach((at, k) => {
      place[at] = k;
    });
    const computedCells =
      computed.length === total
        ? cells
        : cells.map((column) => Float64Array.from(computed, (at) => column[at]!));
    const { outcomes, values } = await contributionsOfRows(evaluation, computedCells, {
      ...options,
      partial: true,
    });
    const sums = new Float64Array(computed.length);
    computed.forEach((at, k) => {
      const { plan } = rows[owner[at]!]!;
      for (let j = 0; j <= plan.last; j++) {
        const isSummed = plan.sums !== undefined && j < plan.last;
        if (!plan.isKnown[j] && !isSummed) continue;
        const column = k * columns.length + columns[j]!.cell - given.length;
        sums[k]! += outcomes[column]! + values[column]!;
      }
    });
    for (let at = 0; at < total; at++) logWeights[at]! += sums[place[representative[at]!]!]!;
  }
  return { starts, cells, logWeights };
}

/** For each draw of a row the first one that has the same cells; undefined where draws are not alike, as those of a continuous column. */
function alikeDraws(
  { model: { density } }: ColumnsEvaluation,
  { inner }: RowPlan,
  cells: readonly Float64Array[],
  { start, count, label }: { readonly start: number; readonly count: number; readonly label: string },
  { alike }: MadeDraws,
): Uint32Array | undefined {
  const columns = inner.map((j) => density.columns[j]!);
  if (columns.some(({ column }) => isContinuous(column))) return undefined;
  const knownPlaces = alike.get(label);
  if (knownPlaces) return knownPlaces;
  const firstOfKey = new Map<string, number>();
  const firstAlike = Uint32Array.from({ length: count }, (_, k) => {
    const key = columns.map((layout) => cells[layout.cell]![start + k]!).join();
    const firstPlace = firstOfKey.get(key) ?? k;
    firstOfKey.set(key, firstPlace);
    return firstPlace;
  });
  alike.set(label, firstAlike);
  return firstAlike;
}

/** Writes all combinations of the cells that are summed over. */
function fillCombinations(
  { model: { density } }: ColumnsEvaluation,
  { inner, sums, particles }: RowPlan,
  cells: readonly Float64Array[],
  start: number,
): void {
  let stride = particles;
  inner.forEach((j, k) => {
    const cellValues = sums![k]!;
    stride /= cellValues.length;
    const columnCells = cells[density.columns[j]!.cell]!;
    for (let at = 0; at < particles; at++)
      columnCells[start + at] = cellValues[Math.floor(at / stride) % cellValues.length]!;
  });
}

/** What the draws of a row depend on, for each column in the order of the model; undefined where its distribution is not needed. */
function drawLabels(
  { model: { density } }: ColumnsEvaluation,
  { columns: conditions }: RowConditions,
  { row, plan, key }: PlannedRow,
): readonly (string | undefined)[] {
  const { columns, given } = density;
  const { last, isKnown, sums, particles } = plan;
  const cellOf = (layout: ColumnLayout): number => conditions[layout.cell]!.cells![row]!;
  let label = [key.k0, key.k1, particles, sums === undefined, ...given.map(cellOf)].join();
  return columns.map((layout, j) => {
    const { range } = conditions[layout.cell]!;
    const isWeighed = j === last && range !== undefined && !isWhole(layout, range);
    const isDrawn = j < last && !isKnown[j] && sums === undefined;
    const labelBefore = label;
    label += isKnown[j] ? `,${cellOf(layout)}` : isDrawn ? ",drawn" : ",";
    return isDrawn || (isWeighed && !isKnown[j]) ? `${j} ${labelBefore}` : undefined;
  });
}

/** Draws the cells of inner columns that are not summed over, and weighs ranges. Rows that are alike so far are drawn once. */
async function drawInner(
  evaluation: ColumnsEvaluation,
  conditions: RowConditions,
  rows: readonly PlannedRow[],
  { starts, cells, logWeights }: WeighedRows,
  labels: readonly (readonly (string | undefined)[])[],
  drawsByLabel: Map<string, ColumnDraws>,
  options: ColumnsEngineOptions,
): Promise<void> {
  const { columns } = evaluation.model.density;
  /** The first row of each label that has not been drawn, by column. */
  const newDraws = columns.map(() => new Map<number, ColumnDraws>());
  labels.forEach((rowLabels, i) => {
    rowLabels.forEach((label, j) => {
      if (label === undefined || drawsByLabel.has(label)) return;
      const { particles } = rows[i]!.plan;
      const draws = { cells: new Float64Array(particles), logMasses: new Float64Array(particles) };
      drawsByLabel.set(label, draws);
      newDraws[j]!.set(i, draws);
    });
  });
  const places = rows.flatMap(({ plan }, i) =>
    newDraws.some((drawsByRow) => drawsByRow.has(i))
      ? Array.from({ length: plan.particles }, (_, k) => [i, k] as const)
      : [],
  );
  const sweep = new Sweep(
    evaluation,
    cells,
    places.map(([i, k]) => starts[i]! + k),
    options,
  );
  const uniforms = new Float64Array(columns.length);
  for (const [j, layout] of columns.entries()) {
    const { range } = conditions.columns[layout.cell]!;
    const drawnPlaces = Array.from(places.keys()).filter((at) => newDraws[j]!.has(places[at]![0]));
    await sweep.distributions(j, drawnPlaces, (at, distribution) => {
      const [i, k] = places[at]!;
      const draws = newDraws[j]!.get(i)!;
      // One number of a draw for each column, so that what is known of later columns changes no draw of earlier ones.
      uniformsAt(rows[i]!.key, k, columns.length, uniforms);
      const { cell, logMass } = drawCell(layout, range, distribution, uniforms[j]!);
      draws.cells[k] = cell;
      draws.logMasses[k] = logMass;
    });
    rows.forEach(({ plan }, i) => {
      const label = labels[i]![j];
      if (label === undefined) return;
      const draws = drawsByLabel.get(label)!;
      for (let k = 0; k < plan.particles; k++) logWeights[starts[i]! + k]! += draws.logMasses[k]!;
      if (j < plan.last) cells[layout.cell]!.set(draws.cells, starts[i]!);
    });
    if (newDraws.some((later, k) => k > j && later.size > 0)) sweep.write(j);
  }
}
