/**
 * What a model is given on the command line, values and ranges or a table with one condition per row, and the answers to it.
 *
 * @module
 */

import { UsageError } from "../entries/errors.ts";
import { type GivenReport, type GivenValue, hasMixedColumns } from "../entries/options.ts";
import type { Flow, Table } from "../index.ts";
import { checkGiven, checkKnown } from "./columnNames.ts";
import { GivenFile, type GivenText, numberOf } from "./options.ts";
import { checkTableOutput, counted, formatCount, formatFacts, print, printCsv, remark } from "./output.ts";
import { namedAfter } from "./tableOptions.ts";

/** Conditions of a flow, and how many rows there are in the table that they are from. */
export interface ReadGiven {
  readonly given: Readonly<Record<string, GivenValue>> | undefined;
  readonly rows: number | undefined;
}

/**
 * Reads what `--given` names, and checks it against the flow. In a table, columns that the model does not have are not looked at, and an
 * empty cell says nothing.
 */
export async function readGiven(given: GivenText | undefined, flow: Flow): Promise<ReadGiven> {
  if (!(given instanceof GivenFile)) {
    checkGiven(given, flow);
    return { given, rows: undefined };
  }
  const { readTable } = await import("../index.ts");
  return await conditionsOf(await readTable(given.path), given, flow);
}

/** A table of conditions as a flow takes them. */
export async function conditionsOf(table: Table, given: GivenFile, flow: Flow): Promise<ReadGiven> {
  const { tableToObjects } = await import("../index.ts");
  const { allColumns } = await import("../entries/tables.ts");
  const names = allColumns(table).filter((name) => [...flow.given, ...flow.columns].includes(name));
  if (names.length === 0)
    throw new UsageError({
      where: "--given",
      problem: `no column of ${given.path} is one of the model's`,
      expected: `a table with columns of ${[...flow.given, ...flow.columns].join(", ")}`,
      received: allColumns(table).join(", "),
    });
  const rows = tableToObjects(table);
  const lists = Object.fromEntries(
    names.map((name) => [
      name,
      rows.map((row) =>
        typeof row[name] === "number" && Number.isNaN(row[name]) ? null : (row[name] ?? null),
      ),
    ]),
  );
  const numbers = hasMixedColumns(flow.description.kind)
    ? Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, asNumbers(list, name, flow)]))
    : Object.fromEntries(
        Object.entries(lists).map(([name, list]) => [name, list.map((value) => Number(value ?? Number.NaN))]),
      );
  checkGiven(numbers, flow);
  return { given: numbers, rows: table.rows };
}

/** Cells of a column of numbers that were read as text, as one of them is none: then that one is what is wrong. */
function asNumbers(
  cells: readonly (string | number | boolean | null)[],
  name: string,
  { description }: Flow,
): readonly (string | number | boolean | null)[] {
  const schema = description.schema?.columns.find((column) => column.name === name);
  if (schema?.levels || schema?.kind === "date-time") return cells;
  return cells.map((cell) => (typeof cell === "string" ? (numberOf(cell) ?? cell) : cell));
}

/** Does something with what is given; an error about a row of a table of conditions names the table. */
export async function namingConditions<Result>(
  given: GivenText | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw given instanceof GivenFile ? namedAfter(error, given.path) : error;
  }
}

/** A question about the distribution of one column. */
export interface ColumnQuestion {
  readonly flow: Flow;
  readonly column: string;
  readonly conditions: ReadGiven;
}

/** The column that is asked for. @throws UsageError where none is named. */
export function askedColumn(column: string | undefined): string {
  if (column !== undefined) return column;
  throw new UsageError({
    subject: "--column",
    expected: "the column that is asked for",
    received: "nothing",
  });
}

/** Loads the model that is asked about a column, and reads what it is given. */
export async function readQuestion(
  model: string,
  {
    column,
    given,
    out,
  }: {
    readonly column?: string | undefined;
    readonly given?: GivenText | undefined;
    readonly out?: string | undefined;
  },
): Promise<ColumnQuestion> {
  const asked = askedColumn(column);
  if (out !== undefined) checkTableOutput(out, [model]);
  const { load } = await import("../index.ts");
  const flow = await load(model);
  checkKnown("--column", [asked], [...flow.given, ...flow.columns], "the model");
  const conditions = await namingConditions(given, () => readGiven(given, flow));
  return { flow, column: asked, conditions };
}

/** How rows were drawn, in a line. */
export function reportLine(
  { effectiveSize, candidates, acceptance, logProbGiven }: GivenReport,
  flow: Flow,
): string {
  const condition = `what is given has log-probability ${logProbGiven.toFixed(4)}`;
  if (candidates === 0)
    return `${isAnyOrder(flow) ? "drawn from the density of this set of columns" : "drawn exactly"}; ${condition}`;
  if (acceptance !== undefined)
    return `drawn exactly by rejection: ${Number((100 * acceptance).toPrecision(3))} % of ${formatCount(candidates)} candidates were accepted; ${condition}`;
  return `drawn by importance resampling from ${counted(candidates, "candidate")}, worth ${formatCount(Math.round(effectiveSize))} independent ones; ${condition}`;
}

/** Whether a flow answers each set of columns by a density of its own. */
const isAnyOrder = ({ description }: Flow): boolean =>
  (description.bijection as { readonly anyOrder?: boolean }).anyOrder === true;

/** Fewer effective draws than this leave a standard error above a fifth of a nat. */
const fewEffectiveDraws = 25;

/** What is said of effective sizes: those of rows that are estimated; of exact ones they are infinite. */
export class EffectiveSizes {
  /** Rows so far, and those of them that are estimated. */
  rows = 0;
  estimated = 0;
  /** The least; infinite where none is estimated. */
  least: number = Number.POSITIVE_INFINITY;

  add(sizes: Float64Array): void {
    this.rows += sizes.length;
    for (const size of sizes) {
      if (Number.isFinite(size)) this.estimated++;
      this.least = Math.min(this.least, size);
    }
  }
}

/**
 * How answers of a flow were made, in words.
 * @param option the option that gives more draws, named where they are few.
 */
export function qualityText(
  { rows: all, estimated, least: leastSize }: EffectiveSizes,
  flow: Flow,
  option: "--draws" | "--candidates",
): string {
  if (estimated === 0) return isAnyOrder(flow) ? "exact for this set of columns" : "exact";
  const least = Math.floor(leastSize);
  const rows = estimated === all ? "" : `${counted(estimated, "row")} `;
  const quality = `${rows}estimated by draws, effective size ${formatCount(least)} or more`;
  if (least >= fewEffectiveDraws) return quality;
  const other = isAnyOrder(flow) ? "" : ", and a fit with --any-order needs none";
  return `${quality}; more ${option} make it larger${other}`;
}

/** What was asked of each condition, and where it goes. */
export interface Answers {
  /** Plural of what it is, such as `quantiles`. */
  readonly what: string;
  /** Which flow answered. */
  readonly flow: Flow;
  /** A row per condition. */
  readonly table: Table;
  readonly effectiveSize: Float64Array;
  /** What is printed of a condition that the command line names. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** A file, `-` for standard output. */
  readonly out: string | undefined;
}

/** Writes answers: those to a table of conditions as a table, that to one condition in lines. */
export async function giveAnswers(
  { what, flow, table, effectiveSize, facts, out }: Answers,
  conditions: ReadGiven,
): Promise<void> {
  const { writeTable } = await import("../index.ts");
  const sizes = new EffectiveSizes();
  sizes.add(effectiveSize);
  const quality = qualityText(sizes, flow, "--draws");
  if (out !== undefined && out !== "-") await writeTable(table, out);
  if (out === "-" || (conditions.rows !== undefined && out === undefined)) {
    remark(quality);
    return await printCsv(table);
  }
  await print(
    conditions.rows === undefined
      ? formatFacts([...facts, ["made", quality]])
      : `wrote ${what} of ${counted(table.rows, "condition")} to ${out}; ${quality}\n`,
  );
}
