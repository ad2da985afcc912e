/**
 * What a table holds that comes in batches: exact where a pass over the rows can tell, and estimated from a sample of them where not.
 *
 * @module
 */

import { RandomStream, randomKey, split } from "../../random/philox.ts";
import { pickRows } from "../picks.ts";
import { unrounded } from "../schema/cells.ts";
import {
  type ColumnDescription,
  checkDescribeOptions,
  type DescribeOptions,
  describe,
  frequentLevels,
  type TableDescription,
} from "../schema/describe.ts";
import { inferLevels } from "../schema/inferText.ts";
import { cellColumns, type Table } from "../table.ts";
import { checkBatches } from "./checkBatches.ts";
import { JoinedTable, mostCells, type TableBatches, tableOfBatches } from "./tableBatches.ts";

/** Texts of a column that are counted; a column with more is a list of names, or prose. */
const mostLevels = 2 ** 18;
/** Rows of a sample at least, however wide the table. */
const fewestSampled = 1000;
/** Different numbers of a column that are counted; a column with more has no levels. */
const mostNumbers = 200;

/** What all numbers of a column say. */
class NumberFacts {
  missing: number = 0;
  count: number = 0;
  mean: number = 0;
  #squares = 0;
  minimum: number = Number.POSITIVE_INFINITY;
  maximum: number = Number.NEGATIVE_INFINITY;
  /** Rows by value; undefined where there are too many different ones. */
  rowsOf: Map<number, number> | undefined = new Map();
  #hasFraction = false;
  /** Rows that a sample must not lack, by what they show: the least and the largest value, a missing cell, a fraction, each level. */
  readonly witnesses: Map<string | number, number> = new Map();

  add(value: number, row: number): void {
    if (Number.isNaN(value) && this.missing++ === 0) this.witnesses.set("missing", row);
    if (!Number.isFinite(value)) return;
    const difference = value - this.mean;
    this.mean += difference / ++this.count;
    this.#squares += difference * (value - this.mean);
    if (value < this.minimum) {
      this.minimum = value;
      this.witnesses.set("least", row);
    }
    if (value > this.maximum) {
      this.maximum = value;
      this.witnesses.set("largest", row);
    }
    if (!this.#hasFraction && !Number.isInteger(value)) {
      this.#hasFraction = true;
      this.witnesses.set("fraction", row);
    }
    if (this.rowsOf) this.#countLevel(this.rowsOf, value, row);
  }

  #countLevel(rowsOf: Map<number, number>, value: number, row: number): void {
    const rows = rowsOf.get(value) ?? 0;
    rowsOf.set(value, rows + 1);
    if (rows > 0) return;
    this.witnesses.set(value, row);
    if (rowsOf.size <= mostNumbers) return;
    for (const each of rowsOf.keys()) this.witnesses.delete(each);
    this.rowsOf = undefined;
  }

  get standardDeviation(): number {
    return Math.sqrt(this.#squares / Math.max(1, this.count - 1));
  }
}

/** What all texts of a column say: the rows of each; undefined where there are too many different ones. */
class TextFacts {
  missing: number = 0;
  rowsOf: Map<string, number> | undefined = new Map();

  add({ levels, codes }: { readonly levels: readonly string[]; readonly codes: Int32Array }): void {
    const counts = new Uint32Array(levels.length);
    for (const code of codes) {
      if (code < 0) this.missing++;
      else counts[code]!++;
    }
    counts.forEach((rows, code) => {
      if (rows > 0) this.rowsOf?.set(levels[code]!, (this.rowsOf.get(levels[code]!) ?? 0) + rows);
    });
    if (this.rowsOf && this.rowsOf.size > mostLevels) this.rowsOf = undefined;
  }
}

/** Rows of a table in batches, in their order, and where they are in it, from 0. */
export interface SampledRows {
  readonly table: Table;
  readonly places: Float64Array;
}

type Facts = Map<string, NumberFacts | TextFacts>;

/**
 * So many rows, drawn at random in one pass.
 * @param facts - Gets what all rows say of each column; then rows that must not be lacking are among those drawn, too.
 * @param look - Is shown each batch, and which of its rows, from 0, are drawn.
 */
export async function drawnRows(
  batches: TableBatches,
  sampleRows: number,
  seed: number,
  facts?: Facts,
  look?: (batch: Table, isDrawn: (row: number) => boolean) => Promise<void>,
): Promise<SampledRows> {
  const stream = new RandomStream(split(randomKey(seed), "describe"));
  const drawn = new JoinedTable(Math.min(sampleRows, batches.rows));
  const places: Float64Array[] = [];
  let left = sampleRows;
  for await (const batch of batches) {
    const { rowsBefore = 0 } = batch;
    const wanted = new Set<number>();
    for (let row = 0; row < batch.rows; row++) {
      // Each choice of so many rows is as probable as any other (Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S).
      if (stream.uniform() * (batches.rows - rowsBefore - row) >= left) continue;
      left--;
      wanted.add(row);
    }
    await look?.(batch, (row) => wanted.has(row));
    if (facts) addFacts(facts, batch);
    for (const seen of facts?.values() ?? [])
      if (seen instanceof NumberFacts)
        for (const row of seen.witnesses.values()) if (row >= rowsBefore) wanted.add(row - rowsBefore);
    const chosen = Array.from(wanted).sort((a, b) => a - b);
    drawn.add(pickRows(batch, chosen));
    places.push(Float64Array.from(chosen, (row) => rowsBefore + row));
  }
  const { table } = drawn;
  return { table, places: joinedPlaces(places, table.rows) };
}

function joinedPlaces(parts: readonly Float64Array[], rows: number): Float64Array {
  const joined = new Float64Array(rows);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

function addFacts(facts: Facts, batch: Table): void {
  const { rowsBefore = 0, columns, values } = batch;
  for (const column of cellColumns(batch)) {
    if ("text" in column) {
      const seen = (facts.get(column.name) ?? new TextFacts()) as TextFacts;
      facts.set(column.name, seen);
      seen.add(column.text);
      continue;
    }
    const seen = (facts.get(column.name) ?? new NumberFacts()) as NumberFacts;
    facts.set(column.name, seen);
    for (let row = 0, at = column.place; row < batch.rows; row++, at += columns.length)
      seen.add(values[at]!, rowsBefore + row);
  }
}

/** The description of a column of a sample with what all rows say. */
function withFacts(
  column: ColumnDescription,
  facts: NumberFacts | TextFacts,
  table: Table,
  rows: number,
  places: Float64Array,
): ColumnDescription {
  const missing = { ...column.missing, rows: facts.missing };
  const scaled = (sampled: number): number => Math.round((sampled * rows) / table.rows);
  if (facts instanceof TextFacts) {
    if (!facts.rowsOf) return { ...column, missing };
    const [levels, counts] = [Array.from(facts.rowsOf.keys()), Uint32Array.from(facts.rowsOf.values())];
    const stored = table.records.find(({ name }) => name === column.name)?.stored;
    const { schema, reason, doubt, moments } = inferLevels(
      { name: column.name, levels, counts, rows },
      stored?.type === "dictionary" ? stored : undefined,
    );
    return {
      name: column.name,
      schema,
      reason,
      ...(doubt ? { doubt } : {}),
      missing,
      distinct: levels.length,
      ...(moments ? { moments } : {}),
      levels: frequentLevels(levels, counts).frequent,
      atoms: [],
    };
  }
  const { schema, numbers, levels, atoms, onBounds, outliers } = column;
  const { rowsOf } = facts;
  const rowsAt = (value: number, sampled: number): number => rowsOf?.get(value) ?? scaled(sampled);
  const [minimum, maximum] = unrounded(schema, Float64Array.of(facts.minimum, facts.maximum));
  const { mean, standardDeviation } = facts;
  return {
    ...column,
    missing,
    distinct: rowsOf?.size ?? column.distinct,
    ...(numbers
      ? { numbers: { ...numbers, minimum: minimum!, maximum: maximum!, mean, standardDeviation } }
      : {}),
    ...(levels
      ? {
          levels: levels
            .map((each) => {
              const value = typeof each.level === "number" ? each.level : schema.levels!.indexOf(each.level);
              return { ...each, rows: rowsAt(value, each.rows) };
            })
            .sort((a, b) => b.rows - a.rows),
        }
      : {}),
    atoms: atoms.map(({ value, rows: sampled }) => ({ value, rows: rowsAt(value, sampled) })),
    ...(onBounds ? { onBounds: { lower: scaled(onBounds.lower), upper: scaled(onBounds.upper) } } : {}),
    ...(outliers
      ? { outliers: { ...outliers, rows: scaled(outliers.rows), first: places[outliers.first - 1]! + 1 } }
      : {}),
  };
}

/**
 * Says what a table holds that comes in batches, as `describe` does of one that is in memory. Of up to `mostRows` rows (default: a million, and no
 * more than have 8,388,608 cells) it is the same. Of more, one pass counts rows, missing cells, levels and the least, largest and mean number of all rows; what needs sorted numbers (kinds
 * and grids, quartiles, values with a probability of their own, bounds, tails, outliers), and what concerns several columns or the order of
 * rows, is estimated from `mostRows` rows drawn at random, beside those that hold the least and the largest value, a missing cell, and each
 * of up to 200 different numbers. Then `sampledRows` and `estimated` say so.
 *
 * @throws UsageError for what is not a table in batches or options that are not understood.
 * @example
 * const { columns, estimated } = await describeBatches(await readBatches("events.parquet"));
 */
export async function describeBatches(
  batches: TableBatches,
  options: DescribeOptions = {},
): Promise<TableDescription> {
  checkBatches("describeBatches", batches);
  const { rows, records } = batches;
  const held = Math.max(fewestSampled, Math.floor(mostCells / Math.max(1, records.length)));
  const usual = checkDescribeOptions("describeBatches", options).mostRows;
  const mostRows = options.mostRows === undefined ? Math.min(usual, held) : usual;
  if (rows <= mostRows) return describe(await tableOfBatches(batches));
  const facts: Facts = new Map();
  const { table, places } = await drawnRows(batches, mostRows, 0, facts);
  const sampled = describe(table, { mostRows: table.rows });
  const columns = sampled.columns.map((column) =>
    withFacts(column, facts.get(column.name)!, table, rows, places),
  );
  const { first } = sampled.duplicates;
  return {
    ...sampled,
    rows,
    columns,
    schema: { columns: columns.map(({ schema }) => schema) },
    duplicates: first
      ? {
          ...sampled.duplicates,
          first: { row: places[first.row - 1]! + 1, equals: places[first.equals - 1]! + 1 },
        }
      : sampled.duplicates,
    sampledRows: table.rows,
    estimated: "numbers and pairs",
  };
}

/**
 * Rows of a table in batches, drawn at random and in their order; all where they are no more than asked for. Every choice of so many rows
 * is as probable as any other; one batch and the rows that are drawn are in memory.
 * @param seed - Same seed, same rows (default 0).
 * @throws UsageError for what is not a table in batches.
 */
export async function sampleOfBatches(batches: TableBatches, rows: number, seed: number = 0): Promise<Table> {
  checkBatches("sampleOfBatches", batches);
  if (batches.rows <= rows) return await tableOfBatches(batches);
  const { remarks } = batches;
  return { ...(await drawnRows(batches, rows, seed)).table, ...(remarks ? { remarks } : {}) };
}
