/**
 * What a table holds: the kind of each column with its reasons, and what is odd about it.
 *
 * @module
 */

import { checkedOptions, type OptionTable } from "../../options.ts";
import { RandomStream, randomKey, split } from "../../random/philox.ts";
import { type DependentColumn, dependentColumns } from "../dependence.ts";
import { filtered } from "../filtered.ts";
import { pickRows } from "../picks.ts";
import { type CellColumn, cellColumns, checkTable, column, type Table } from "../table.ts";
import type { TextColumn } from "../textColumn.ts";
import { unrounded } from "./cells.ts";
import { codedColumns } from "./codedColumns.ts";
import type { ColumnSchema, TableSchema } from "./columnSchema.ts";
import {
  type Determined,
  type Duplicates,
  determinedColumns,
  duplicateRows,
  type MissingDependence,
  missingDependence,
  type Ordered,
  orderedColumns,
} from "./findings.ts";
import { type ColumnNumbers, columnNumbers, type Inferred, inferNumbers } from "./inferNumbers.ts";
import { inferText } from "./inferText.ts";
import { type TailIndex, tailIndex } from "./tailIndex.ts";

/** Where the numbers of a column lie. */
export interface NumberSummary {
  /** Smallest value. */
  readonly minimum: number;
  /** A quarter of the values lie below. */
  readonly lowerQuartile: number;
  /** Half of the values lie below. */
  readonly median: number;
  /** Three quarters of the values lie below. */
  readonly upperQuartile: number;
  /** Largest value. */
  readonly maximum: number;
  /** Arithmetic mean. */
  readonly mean: number;
  /** Of a sample: with n - 1 below the line. */
  readonly standardDeviation: number;
}

/** What was found out about a column. */
export interface ColumnDescription {
  /** Its name. */
  readonly name: string;
  /** What it is taken for. */
  readonly schema: ColumnSchema;
  /** Why, in half a sentence. */
  readonly reason: string;
  /** What else could be meant: another kind, and when. Absent where there is no doubt. */
  readonly doubt?:
    | {
        /** The other kind. */
        readonly kind: string;
        /** When it is meant, in half a sentence. */
        readonly text: string;
      }
    | undefined;
  /** Rows whose cell is missing, and the column that tells most about which they are. */
  readonly missing: {
    /** Number of such rows. */
    readonly rows: number;
    /** The column that tells most; absent where none does. */
    readonly dependsOn?: MissingDependence | undefined;
  };
  /** Number of different values. */
  readonly distinct: number;
  /** Of numbers. */
  readonly numbers?: NumberSummary | undefined;
  /** Of dates: the first moment and the last, in milliseconds since 1970 UTC. */
  readonly moments?:
    | {
        /** The first moment. */
        readonly first: number;
        /** The last moment. */
        readonly last: number;
      }
    | undefined;
  /** The most frequent texts, or the levels of numbers, with their rows; up to ten. */
  readonly levels?:
    | readonly {
        /** The text or the number. */
        readonly level: string | number;
        /** Rows that have it. */
        readonly rows: number;
      }[]
    | undefined;
  /** Values with a probability of their own, with their rows. */
  readonly atoms: readonly {
    /** The value. */
    readonly value: number;
    /** Rows that have it. */
    readonly rows: number;
  }[];
  /** Rows that lie on the bounds. */
  readonly onBounds?:
    | {
        /** Rows on the lower bound. */
        readonly lower: number;
        /** Rows on the upper bound. */
        readonly upper: number;
      }
    | undefined;
  /** Tails that are heavy, with their index: the lower one and the upper one. */
  readonly tails?:
    | {
        /** Toward minus infinity; absent where it is light. */
        readonly lower?: TailIndex | undefined;
        /** Toward infinity; absent where it is light. */
        readonly upper?: TailIndex | undefined;
      }
    | undefined;
  /** Rows far outside of the others, and the first of them, from 1. */
  readonly outliers?:
    | {
        /** Number of such rows. */
        readonly rows: number;
        /** The first of them, from 1. */
        readonly first: number;
        /** Its value. */
        readonly value: number;
      }
    | undefined;
}

/** What {@link describe} says of a table. */
export interface TableDescription {
  /** Number of rows. */
  readonly rows: number;
  /** The columns in the table's order. */
  readonly columns: readonly ColumnDescription[];
  /** Their kinds alone, as a schema. */
  readonly schema: TableSchema;
  /** Rows that equal an earlier one. */
  readonly duplicates: Duplicates;
  /** Columns that another one determines. */
  readonly determined: readonly Determined[];
  /** Columns of numbers that are a linear combination of others. */
  readonly dependent: readonly DependentColumn[];
  /** Columns that follow the order of the rows. */
  readonly ordered: readonly Ordered[];
  /** Rows, drawn at random, that {@link duplicates} and what follows are estimated from; absent where all were looked at. */
  readonly sampledRows?: number | undefined;
  /** What is estimated from them: what concerns several columns and the order of rows, or also what needs sorted numbers. */
  readonly estimated?: "pairs" | "numbers and pairs" | undefined;
}

/** Options of {@link describe}. */
export interface DescribeOptions {
  /** Rows beyond which duplicates and dependencies are estimated from a sample of as many (default a million). */
  readonly mostRows?: number | undefined;
}

const describeOptionTable: OptionTable<DescribeOptions> = {
  mostRows: {
    expected: "an integer, 100 or more",
    accepts: (value) => Number.isSafeInteger(value) && (value as number) >= 100,
  },
};

/** The options of a description, with their defaults. */
export function checkDescribeOptions(where: string, options: DescribeOptions): { readonly mostRows: number } {
  const { mostRows = 1_000_000 } = checkedOptions(where, options, describeOptionTable);
  return { mostRows };
}

/** A tail of a larger index is as good as light. */
const heaviestLight = 3;
/** Numbers of fewer different values have no tail to speak of. */
const fewestForTail = 100;
/** Distances between the quartiles beyond which a value is an outlier. */
const outlierDistance = 10;

const quantile = (sorted: Float64Array, share: number): number => {
  const place = share * (sorted.length - 1);
  const low = sorted[Math.floor(place)]!;
  return low + (place - Math.floor(place)) * (sorted[Math.ceil(place)]! - low);
};

/** Whether sorted values have at least so many different ones. */
function hasDistinct(sorted: Float64Array, fewest: number): boolean {
  let distinct = 0;
  for (let i = 0; i < sorted.length && distinct < fewest; i++)
    if (i === 0 || sorted[i] !== sorted[i - 1]) distinct++;
  return distinct >= fewest;
}

/** What can be said of numbers. */
function describeNumbers(
  table: ColumnNumbers,
  { schema, atoms }: Inferred,
): Pick<ColumnDescription, "numbers" | "tails" | "outliers" | "onBounds"> {
  const [values, sorted] = [unrounded(schema, table.values), unrounded(schema, table.sorted)];
  const n = sorted.length;
  if (n === 0) return {};
  const mean = sorted.reduce((sum, value) => sum + value / n, 0);
  const numbers: NumberSummary = {
    minimum: sorted[0]!,
    lowerQuartile: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    upperQuartile: quantile(sorted, 0.75),
    maximum: sorted[n - 1]!,
    mean,
    standardDeviation: Math.sqrt(
      sorted.reduce((sum, value) => sum + (value - mean) ** 2 / Math.max(1, n - 1), 0),
    ),
  };
  const isNumber = ["continuous", "positive", "interval", "integer"].includes(schema.kind);
  if (!isNumber) return { numbers };
  const { lower, upper } = schema;
  const onBounds =
    lower === undefined && upper === undefined
      ? undefined
      : {
          lower: sorted.reduce((count, value) => count + Number(value === lower), 0),
          upper: sorted.reduce((count, value) => count + Number(value === upper), 0),
        };
  const atomValues = new Set(atoms.map(({ value }) => value));
  const valuesBesideAtoms =
    atomValues.size === 0 ? sorted : filtered(sorted, (value) => !atomValues.has(value));
  const ifHeavy = (tail: TailIndex | undefined): TailIndex | undefined =>
    tail && tail.index + tail.standardError < heaviestLight ? tail : undefined;
  const hasTail = hasDistinct(valuesBesideAtoms, fewestForTail);
  const upperTail = hasTail && upper === undefined ? ifHeavy(tailIndex(valuesBesideAtoms)) : undefined;
  const lowerTail =
    hasTail && lower === undefined
      ? ifHeavy(tailIndex(valuesBesideAtoms.map((value) => -value).reverse()))
      : undefined;
  const interquartileRange = quantile(valuesBesideAtoms, 0.75) - quantile(valuesBesideAtoms, 0.25);
  const isFar = (value: number): boolean =>
    Math.abs(value - numbers.median) > outlierDistance * interquartileRange && Number.isFinite(value);
  const first = interquartileRange > 0 ? values.findIndex(isFar) : -1;
  return {
    numbers,
    ...(onBounds ? { onBounds } : {}),
    ...(upperTail || lowerTail
      ? { tails: { ...(lowerTail ? { lower: lowerTail } : {}), ...(upperTail ? { upper: upperTail } : {}) } }
      : {}),
    ...(first >= 0
      ? {
          outliers: {
            rows: values.reduce((count, value) => count + Number(isFar(value)), 0),
            first: first + 1,
            value: values[first]!,
          },
        }
      : {}),
  };
}

/** The most frequent levels. */
export function frequentLevels(
  levels: readonly string[],
  counts: Uint32Array,
): {
  readonly frequent: { level: string; rows: number }[];
  readonly distinct: number;
} {
  const order = Array.from(counts.keys())
    .filter((code) => counts[code]! > 0)
    .sort((a, b) => counts[b]! - counts[a]!);
  return {
    frequent: order.slice(0, 10).map((code) => ({ level: levels[code]!, rows: counts[code]! })),
    distinct: order.length,
  };
}

/** Rows that have each level. */
function countsOf({ levels, codes }: TextColumn): Uint32Array {
  const counts = new Uint32Array(levels.length);
  for (const code of codes) if (code >= 0) counts[code]!++;
  return counts;
}

/** The most frequent of a column's numbers, of levels that are numbers or stand for 0 and 1. */
function frequentNumbers(
  values: Float64Array,
  levels: readonly (string | number)[],
): { level: string | number; rows: number }[] {
  return levels
    .map((level, place) => {
      const value = typeof level === "number" ? level : place;
      return { level, rows: values.reduce((count, code) => count + Number(code === value), 0) };
    })
    .sort((a, b) => b.rows - a.rows)
    .slice(0, 10);
}

/** The numbers of a column that has some. */
const numbersOf = (table: Table, cells: CellColumn): ColumnNumbers | undefined =>
  "text" in cells ? undefined : columnNumbers(column({ ...table, records: [] }, cells.name));

/**
 * What a column with cells is taken for.
 * @param numbers - Its numbers, of who has sorted them.
 */
export function inferCells(
  table: Table,
  cells: CellColumn,
  numbers: ColumnNumbers | undefined = numbersOf(table, cells),
): Inferred {
  const record = table.records.find(({ name }) => name === cells.name);
  const stored = record?.stored;
  const dictionary = stored?.type === "dictionary" ? stored : undefined;
  if ("text" in cells) return inferText(cells.text, dictionary);
  return inferNumbers(cells.name, numbers!, {
    booleans: record?.readAs === "booleans",
    percent: record?.parse.includes("percent") ?? false,
    dictionary,
  });
}

/** The kinds of the columns of a table, as {@link describe} finds them. O(rows log rows) per column. */
export function inferSchema(table: Table): TableSchema {
  checkTable("inferSchema", table);
  return { columns: cellColumns(table).map((cells) => inferCells(table, cells).schema) };
}

/** Some rows, drawn at random, or all. */
function sampledRows(rows: number, maximum: number): Uint32Array {
  if (rows <= maximum) return new Uint32Array(rows).map((_, row) => row);
  const order = new RandomStream(split(randomKey(0), "describe")).permutation(rows);
  return order.slice(0, maximum).sort();
}

/**
 * Says what a table holds: for each column its kind and why it is taken for that, missing cells, atoms, bounds, tails and
 * outliers; rows that repeat, columns that determine each other or follow the order of the rows.
 *
 * O(rows log rows) per column and O(rows) per pair of columns; beyond `mostRows` what concerns pairs and the order of rows is
 * estimated from a sample of the rows.
 * @throws UsageError for what is not a table or options that are not understood.
 * @example
 * const { columns, schema } = describe(await readTable("people.csv"));
 * for (const { name, schema: { kind }, reason } of columns) console.log(`${name}: ${kind}, ${reason}`);
 */
export function describe(table: Table, options: DescribeOptions = {}): TableDescription {
  const { mostRows } = checkDescribeOptions("describe", options);
  checkTable("describe", table);
  const rows = sampledRows(table.rows, mostRows);
  const coded = codedColumns(table, rows);
  const byName = new Map(coded.map((each) => [each.name, each]));
  const columns = cellColumns(table).map((cells): ColumnDescription => {
    const numbers = numbersOf(table, cells);
    const inferred = inferCells(table, cells, numbers);
    const { schema, reason, doubt, atoms } = inferred;
    const values = numbers?.values;
    const text = "text" in cells ? frequentLevels(cells.text.levels, countsOf(cells.text)) : undefined;
    const missing = values
      ? values.reduce((count, value) => count + Number(Number.isNaN(value)), 0)
      : (cells as { text: { codes: Int32Array } }).text.codes.reduce(
          (count, code) => count + Number(code < 0),
          0,
        );
    const dependsOn = missing > 0 ? missingDependence(byName.get(cells.name)!, coded) : undefined;
    return {
      name: cells.name,
      schema,
      reason,
      ...(doubt ? { doubt } : {}),
      missing: { rows: missing, ...(dependsOn ? { dependsOn } : {}) },
      distinct: inferred.resolution?.distinct ?? text?.distinct ?? 0,
      ...(numbers ? describeNumbers(numbers, inferred) : {}),
      ...(inferred.moments ? { moments: inferred.moments } : {}),
      ...(text ? { levels: text.frequent } : {}),
      ...(values && schema.levels ? { levels: frequentNumbers(values, schema.levels) } : {}),
      atoms: atoms.map(({ value, count }) => ({ value, rows: count })),
    };
  });
  const sample = rows.length < table.rows ? pickRows(table, rows) : table;
  return {
    rows: table.rows,
    columns,
    schema: { columns: columns.map(({ schema }) => schema) },
    duplicates: duplicateRows(coded, rows),
    determined: determinedColumns(coded, rows.length),
    dependent: dependentColumns({ ...sample, records: [] }),
    ordered: orderedColumns(coded),
    ...(rows.length < table.rows ? { sampledRows: rows.length, estimated: "pairs" } : {}),
  };
}
