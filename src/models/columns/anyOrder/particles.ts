/**
 * Rows that a model of any order fills in: each column is drawn given what is known, wherever that stands in the order.
 *
 * @module
 */

import { type RandomKey, uniformsAt } from "../../../random/philox.ts";
import type { ColumnLayout, ColumnsDensity } from "../columnsDensity.ts";
import type { ColumnsEngineOptions, ColumnsEvaluation } from "../columnsModel.ts";
import { type CellRange, drawCell, isWhole } from "../questions/cellRange.ts";
import { isCellKnown, type RowConditions } from "../questions/conditions.ts";
import { type Roles, role, SetSweep } from "./columnSets.ts";

/** Rows that are filled in. */
export interface Particles {
  readonly rows: number;
  /** An array for each column, the given ones first; NaN where nothing is known. */
  readonly cells: readonly Float64Array[];
  /** Known or hidden. */
  readonly roles: Roles;
  /** Logarithms of the weights. */
  readonly logWeights: Float64Array;
}

/** What the draws of a row depend on. */
export interface DrawKey {
  readonly key: RandomKey;
  readonly number: number;
}

/** The range that a column of rows must be in where its cell is not known; undefined where it may be anything. */
export function rangeOf(layout: ColumnLayout, { columns }: RowConditions): CellRange | undefined {
  const { range } = columns[layout.cell]!;
  return range && !isWhole(layout, range) ? range : undefined;
}

/** How many columns of a row must be in a range and are not known. */
export function countRanges(density: ColumnsDensity, conditions: RowConditions, row: number): number {
  return density.columns.reduce(
    (count, layout) =>
      count +
      Number(
        rangeOf(layout, conditions) !== undefined && !isCellKnown(conditions.columns[layout.cell]!, row),
      ),
    0,
  );
}

/** Rows of what is known: each place is one of `rows` of the conditions. */
export function particlesOf(
  { columns }: ColumnsDensity,
  conditions: RowConditions,
  rows: ArrayLike<number>,
): Particles {
  const cells = conditions.columns.map((condition) =>
    Float64Array.from(rows, (row) => (isCellKnown(condition, row) ? condition.cells![row]! : Number.NaN)),
  );
  const roles = new Uint8Array(rows.length * columns.length);
  columns.forEach(({ cell }, j) => {
    for (let i = 0; i < rows.length; i++)
      roles[i * columns.length + j] = isCellKnown(conditions.columns[cell]!, rows[i]!)
        ? role.known
        : role.hidden;
  });
  return { rows: rows.length, cells, roles, logWeights: new Float64Array(rows.length) };
}

/**
 * Draws columns that are not known, one after the other in the model's order, given what is known and what was drawn before; the others
 * stay hidden. What is drawn is known afterwards; a range adds the logarithm of its probability to the weight.
 * @param isWanted - Which columns are drawn where they are not known.
 */
export async function drawColumns(
  evaluation: ColumnsEvaluation,
  conditions: RowConditions,
  { rows, cells, roles, logWeights }: Particles,
  isWanted: (layout: ColumnLayout) => boolean,
  keyOf: (i: number) => DrawKey,
  options: ColumnsEngineOptions,
): Promise<void> {
  const { columns } = evaluation.model.density;
  const count = columns.length;
  const isDrawn = columns.map(isWanted);
  for (let at = 0; at < roles.length; at++)
    if (roles[at] === role.hidden && isDrawn[at % count]) roles[at] = role.asked;
  const sweep = new SetSweep(evaluation, cells, roles, options);
  const uniforms = new Float64Array(count);
  for (const [j, layout] of columns.entries()) {
    const range = rangeOf(layout, conditions);
    const drawnRows = Array.from({ length: rows }, (_, i) => i).filter(
      (i) => roles[i * count + j] === role.asked,
    );
    await sweep.distributions(j, drawnRows, (i, distribution) => {
      const { key, number } = keyOf(i);
      uniformsAt(key, number, count, uniforms);
      const { cell, logMass } = drawCell(layout, range, distribution, uniforms[j]!);
      cells[layout.cell]![i] = cell;
      logWeights[i]! += logMass;
    });
    sweep.write(j);
  }
  for (let at = 0; at < roles.length; at++) if (roles[at] === role.asked) roles[at] = role.known;
}

/** Rows of what is known, with the columns that must be in a range drawn in it. */
export interface DrawnRanges {
  readonly particles: Particles;
  /** Where the particles of each row begin, and the end of the last. */
  readonly starts: Uint32Array;
}

/**
 * Draws what must be in a range, given what is known.
 * @param rows - Places among the conditions.
 * @param drawsOf - How often each is drawn.
 * @param keyOf - What the draws of each depend on.
 */
export async function drawnRanges(
  evaluation: ColumnsEvaluation,
  conditions: RowConditions,
  rows: readonly number[],
  drawsOf: (row: number) => number,
  keyOf: (row: number) => RandomKey,
  options: ColumnsEngineOptions,
): Promise<DrawnRanges> {
  const { density } = evaluation.model;
  const starts = new Uint32Array(rows.length + 1);
  rows.forEach((row, i) => {
    starts[i + 1] = starts[i]! + drawsOf(row);
  });
  const owner = new Uint32Array(starts[rows.length]!);
  rows.forEach((_, i) => {
    owner.fill(i, starts[i], starts[i + 1]);
  });
  const particles = particlesOf(
    density,
    conditions,
    owner.map((i) => rows[i]!),
  );
  const keys = rows.map(keyOf);
  if (density.columns.some((layout) => rangeOf(layout, conditions)))
    await drawColumns(
      evaluation,
      conditions,
      particles,
      (layout) => rangeOf(layout, conditions) !== undefined,
      (i) => ({ key: keys[owner[i]!]!, number: i - starts[owner[i]!]! }),
      options,
    );
  return { particles, starts };
}
