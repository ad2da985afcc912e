/**
 * Columns that are nearly known from one column before them: the name of a station from its number, a country's continent.
 *
 * A network learns such a table slowly, and weights that decay never to the end. So the model starts with it.
 *
 * @module
 */

import { type DensityColumn, hasLevels, levelsOf, stepOf } from "../../models/columns/column.ts";
import type { ColumnLayout, ColumnsDensity } from "../../models/columns/columnsDensity.ts";
import { countsOf } from "../rowWeights.ts";
import type { CellRows } from "./fitColumns.ts";

/** Two columns, by their places among the given ones and the others. */
export interface ColumnTie {
  readonly from: number;
  readonly to: number;
}

/** Rows that are looked at. */
const usedRows = 20_000;
/** Values of a column at most, and rows of each on average at least. */
const mostValues = 256;
const rowsAValue = 5;
/** Share of the guesses that remain wrong where the other column is known, at most. */
const mostWrong = 0.1;
/** Numbers of a tie at most. */
const mostNumbers = 65_536;
/** Rows of the column's own distribution that are added to those of a value. */
const added = 0.5;

/**
 * Finds for each column of three levels and more the column before it that says its level best, where all but a tenth of the guesses that
 * are wrong without it are right with it. Rows whose value no other row has are wrong guesses.
 * @param cells - One array per column, in the order of the columns.
 * @param order - Places of the columns, as the density has them.
 */
export function findTies(
  columns: readonly DensityColumn[],
  cells: readonly Float64Array[],
  order: readonly number[],
): readonly ColumnTie[] {
  const rows = Math.min(usedRows, cells[0]?.length ?? 0);
  const codes = columns.map((column, j) => {
    const isDiscrete = hasLevels(column) || (column.kind !== "angle" && stepOf(column) !== undefined);
    return isDiscrete ? codesOf(cells[j]!.subarray(0, rows)) : undefined;
  });
  const ties: ColumnTie[] = [];
  order.forEach((to, place) => {
    const target = codes[to];
    if (!target || !hasLevels(columns[to]!) || levelsOf(columns[to]!) < 3) return;
    let least = mostWrong * wrongGuesses(new Int32Array(rows), 1, target);
    let found: number | undefined;
    for (const from of order.slice(0, place)) {
      const source = codes[from];
      if (!source || source.count < 3 || source.count * target.count > mostNumbers) continue;
      const wrong = wrongGuesses(source.codes, source.count, target);
      if (wrong < least) [least, found] = [wrong, from];
    }
    if (found !== undefined) ties.push({ from: found, to });
  });
  return ties;
}

interface Codes {
  /** Of each row the place of its value, -1 where the cell is missing. */
  readonly codes: Int32Array;
  readonly count: number;
}

function codesOf(values: Float64Array): Codes | undefined {
  const places = new Map<number, number>();
  const codes = new Int32Array(values.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    if (Number.isNaN(value)) {
      codes[row] = -1;
      continue;
    }
    let place = places.get(value);
    if (place === undefined) {
      if (places.size === mostValues) return undefined;
      places.set(value, (place = places.size));
    }
    codes[row] = place;
  }
  return places.size * rowsAValue <= values.length ? { codes, count: places.size } : undefined;
}

/** Rows whose value is not the most frequent of those with the same source, and rows whose source no other has. */
function wrongGuesses(source: Int32Array, sources: number, target: Codes): number {
  const counts = new Int32Array(sources * target.count);
  for (let row = 0; row < source.length; row++)
    if (source[row]! >= 0 && target.codes[row]! >= 0)
      counts[source[row]! * target.count + target.codes[row]!]!++;
  let wrong = 0;
  for (let a = 0; a < sources; a++) {
    const line = counts.subarray(a * target.count, (a + 1) * target.count);
    const total = line.reduce((sum, count) => sum + count, 0);
    wrong += total === 1 ? 1 : total - line.reduce((most, count) => Math.max(most, count), 0);
  }
  return wrong;
}

/** Numbers of the ties with which the distribution of a tied column is the shares of its levels among the rows of the other's value. */
export function startOfTies({ options, given, columns }: ColumnsDensity, train: CellRows): Float64Array {
  const all = [...given, ...columns];
  const weights = countsOf(train.weights, train.rows);
  const parts = (options.ties ?? []).map(({ from, to }) => {
    const layoutOf = (cell: number): ColumnLayout => all.find((own) => own.cell === cell)!;
    const [source, target] = [layoutOf(from), layoutOf(to)];
    const [first, inputs] = source.head.indicators!;
    const outputs = target.head.parameters;
    const sums = new Float64Array(outputs * inputs);
    const totals = new Float64Array(inputs);
    const read = {
      features: new Float64Array(source.head.features),
      targets: new Float64Array(source.head.targets),
    };
    const told = { features: new Float64Array(target.head.features), targets: new Float64Array(outputs) };
    for (let row = 0; row < train.rows; row++) {
      const [a, b] = [train.cells[from]![row]!, train.cells[to]![row]!];
      if (Number.isNaN(a) || Number.isNaN(b)) continue;
      read.features.fill(0);
      told.targets.fill(0);
      source.head.encode(a, read.targets, 0, read.features, 0);
      target.head.encode(b, told.targets, 0, told.features, 0);
      const input = read.features.indexOf(1, first) - first;
      const output = told.targets.indexOf(1);
      if (input < 0 || input >= inputs || output < 0) continue;
      sums[output * inputs + input]! += weights[row]!;
      totals[input]! += weights[row]!;
    }
    const shares = target.head.start.map(Math.exp);
    return sums.map((sum, at) => {
      const [output, input] = [Math.floor(at / inputs), at % inputs];
      const share = shares[output]!;
      return Math.log((sum + added * share) / (totals[input]! + added)) - Math.log(share);
    });
  });
  const joined = new Float64Array(parts.reduce((sum, own) => sum + own.length, 0));
  let next = 0;
  for (const own of parts) {
    joined.set(own, next);
    next += own.length;
  }
  return joined;
}
