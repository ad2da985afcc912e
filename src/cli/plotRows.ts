/**
 * The rows that `pushforward plot` draws: those of the data, and samples to compare with them. Loaded with the library.
 *
 * @module
 */

import { DataError, UsageError } from "../entries/errors.ts";
import { RandomStream, randomKey, split, uniformsAt } from "../entries/random.ts";
import { column, type Flow, selectColumns, type Table, tableFromRows } from "../index.ts";

/** Most samples that are drawn. */
export const mostSamples = 20_000;

/** Samples of a conditional model at the conditions of the data's rows, at least: each row's are drawn as often as it takes. */
const fewestSamples = 2000;

/** Rows nearest to a condition that are compared with samples there, at least, and as a share of the rows. */
const fewestNear = 50;
const nearShare = 0.02;

/** The rows of a table that have finite values in some columns. */
function finiteRows(data: Table, names: readonly string[]): number[] {
  const { values } = selectColumns(data, names);
  const width = names.length;
  return Array.from({ length: data.rows }, (_, row) => row).filter((row) =>
    values.subarray(row * width, (row + 1) * width).every(Number.isFinite),
  );
}

const takeRows = (data: Table, rows: readonly number[]): Table =>
  tableFromRows(
    data.columns,
    rows.map((row) => data.values.subarray(row * data.columns.length, (row + 1) * data.columns.length)),
  );

/** The given cell of each row: undefined where it is missing, or of a level that the model does not know. */
function givenCells(flow: Flow, table: Table, name: string): (row: number) => number | string | undefined {
  const columnSchema = flow.description.schema?.columns.find((each) => each.name === name);
  const known =
    columnSchema?.kind === "categorical" || columnSchema?.kind === "ordinal"
      ? new Set(columnSchema.levels!.map(String))
      : undefined;
  const text = table.texts?.find((each) => each.name === name);
  const values = text ? undefined : column(table, name);
  return (row) => {
    const cell = text ? text.levels[text.codes[row]!] : values![row]!;
    if (cell === undefined || (typeof cell === "number" && !Number.isFinite(cell))) return undefined;
    return known && !known.has(String(cell)) ? undefined : cell;
  };
}

/** Samples of a conditional model at the conditions of the data's own rows. */
export async function samplesAtConditions(flow: Flow, data: Table, seed: number): Promise<Table> {
  const cells = flow.given.map((name) => givenCells(flow, data, name));
  const usable = Array.from({ length: data.rows }, (_, row) => row).filter((row) =>
    cells.every((at) => at(row) !== undefined),
  );
  if (usable.length === 0)
    throw new UsageError({
      problem: `no row of the data has values of ${flow.given.join(", ")}`,
      expected: `values of ${flow.given.join(", ")}`,
      received: "none in any row",
      remedy: "pass --given",
    });
  const order = new RandomStream(randomKey(seed)).permutation(usable.length).slice(0, mostSamples);
  const times = Math.ceil(fewestSamples / order.length);
  const count = times * order.length;
  const given = Object.fromEntries(
    flow.given.map((name, i) => [
      name,
      Array.from({ length: count }, (_, k) => cells[i]!(usable[order[k % order.length]!]!)!),
    ]),
  );
  return await flow.sample(count, { seed, given, continuous: true });
}

/**
 * The rows whose given values are nearest to a condition, in standard deviations of each column: those that agree with it
 * where they are enough, otherwise with the nearest others.
 */
export function nearRows(data: Table, condition: Readonly<Record<string, number>>): Table {
  const usable = finiteRows(data, Object.keys(condition));
  const distance = new Float64Array(data.rows);
  for (const [name, value] of Object.entries(condition)) {
    const values = column(data, name);
    const mean = usable.reduce((sum, row) => sum + values[row]! / usable.length, 0);
    const variance = usable.reduce((sum, row) => sum + (values[row]! - mean) ** 2 / usable.length, 0);
    // In a column that is constant, all rows are as near.
    for (const row of usable) distance[row]! += variance > 0 ? (values[row]! - value) ** 2 / variance : 0;
  }
  usable.sort((a, b) => distance[a]! - distance[b]! || a - b);
  const equal = usable.filter((row) => distance[row] === 0).length;
  const wantedRows = Math.max(equal, fewestNear, Math.ceil(nearShare * usable.length));
  return takeRows(data, usable.slice(0, equal >= fewestNear ? equal : wantedRows));
}

/** Which values a condition stands for, where data are compared: `c from 0.9 to 1.1`. */
export function extentOf(data: Table, name: string): string {
  const values = column(data, name);
  const short = (value: number): string => String(Number(value.toPrecision(4)));
  const low = short(values.reduce((a, b) => Math.min(a, b)));
  const high = short(values.reduce((a, b) => Math.max(a, b)));
  return low === high ? `${name} = ${low}` : `${name} from ${low} to ${high}`;
}

/**
 * The data as the model saw them: columns that were spread over their recorded step are spread here, too, so that in every
 * panel continuous samples stand beside continuous data.
 */
export function spreadAsFitted(data: Table, flow: Flow, seed: number): Table {
  const values = data.values.slice();
  const width = data.columns.length;
  const noise = new Float64Array(1);
  for (const [name, step] of Object.entries(flow.description.fitted.dequantized)) {
    const key = split(split(randomKey(seed), "plot"), name);
    const place = data.columns.indexOf(name);
    for (let row = 0; row < data.rows; row++) {
      uniformsAt(key, row, 1, noise);
      values[row * width + place]! += (noise[0]! - 0.5) * step;
    }
  }
  return { ...data, values };
}

/** The columns of the model, rows that miss a value refused or left out. */
export function completeColumns(
  table: Table,
  names: readonly string[],
  policy: "error" | "drop" | undefined,
): Table {
  const chosen = selectColumns(table, names);
  const width = names.length;
  const complete = Array.from({ length: table.rows }, (_, row) => row).filter(
    (row) => !chosen.values.subarray(row * width, (row + 1) * width).some(Number.isNaN),
  );
  const missing = table.rows - complete.length;
  if (missing === 0) return chosen;
  if (policy !== "drop")
    throw new DataError({
      problem: `${missing === 1 ? "1 row misses a value" : `${missing} rows miss values`} in all`,
      expected: "no missing values",
      received: String(missing),
      remedy: "fill the cells, or leave such rows out with --missing drop",
    });
  if (complete.length === 0)
    throw new DataError({
      problem: "each row misses a value",
      expected: "a row of which all values are there",
      received: `${missing} others`,
      remedy: "there is nothing to plot",
    });
  return takeRows(chosen, complete);
}
