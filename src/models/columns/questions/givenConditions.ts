/**
 * What rows are given, as it is said in a call: values, lists of values, and ranges, in the columns' own types.
 *
 * @module
 */

import { closestName, listNames } from "../../../closestName.ts";
import { UsageError } from "../../../errors.ts";
import { refuse } from "../../../options.ts";
import { optionText } from "../../../optionText.ts";
import { cellsOf } from "../../../tables/schema/cells.ts";
import type { ColumnSchema } from "../../../tables/schema/columnSchema.ts";
import type { GivenRange, GivenValue } from "../../flowOptions.ts";
import { refuseGiven } from "../../rows/refuseGiven.ts";
import { tableOfRows } from "../../rows/tableOfRows.ts";
import type { CellRange } from "./cellRange.ts";
import type { ColumnCondition } from "./conditions.ts";

/** The columns of a flow. */
export interface FlowColumns {
  readonly columns: readonly ColumnSchema[];
  readonly given: readonly ColumnSchema[];
}

/** A column of the flow, the given ones among them, by its name. @throws {@link UsageError} where there is none. */
export function columnNamed(where: string, { columns, given }: FlowColumns, name: string): ColumnSchema {
  const all = [...given, ...columns];
  const schema = all.find((each) => each.name === name);
  if (schema) return schema;
  const names = all.map((each) => each.name);
  const closest = closestName(name, names);
  throw new UsageError({
    where,
    problem: `the model has no column "${name}"${closest === undefined ? "" : ` (did you mean "${closest}"?)`}`,
    expected: "a column of the model",
    received: JSON.stringify(name),
    remedy: `the columns are: ${listNames(names)}`,
  });
}

/** Whether a value is a range. */
export const isRange = (value: GivenValue | undefined): value is GivenRange =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);

/**
 * Cells of some values of a column.
 * @param isList - Whether each is of a row of its own, which errors name.
 * @throws {@link UsageError} for a level that the column does not have; a DataError of a list.
 */
async function cellsOfValues(
  where: string,
  schema: ColumnSchema,
  values: readonly unknown[],
  isList: boolean = false,
): Promise<Float64Array> {
  const rows = values.map((each) => ({ [schema.name]: each ?? null }));
  const { cells, unknown } = cellsOf(await tableOfRows(where, [schema.name], rows as never), [schema]);
  const [unknownLevel] = unknown;
  if (unknownLevel)
    refuseGiven(
      where,
      schema.name,
      isList ? unknownLevel.row - 1 : undefined,
      `one of its levels: ${listNames(schema.levels!.map(String))}`,
      unknownLevel.level,
    );
  return cells[0]!;
}

/** A range as numbers of cells. */
async function rangeOf(where: string, schema: ColumnSchema, range: GivenRange): Promise<CellRange> {
  const subject = `given["${schema.name}"]`;
  const unknown = Object.keys(range).find((name) => name !== "from" && name !== "to");
  const ends = [range.from, range.to].filter((end) => end !== undefined);
  if (unknown !== undefined || ends.length === 0)
    refuse(where, subject, "a value, one for each row, or a range such as { from: 40, to: 50 }", range);
  if (schema.kind === "categorical")
    refuse(where, subject, "a level: levels of a categorical column are in no order", range);
  if (schema.kind === "angle" && ends.length === 1)
    refuse(where, subject, "a range with both ends, as an angle goes round", range);
  const cells = await cellsOfValues(where, schema, ends);
  if (cells.some(Number.isNaN)) refuse(where, subject, "ends that are not missing", range);
  const least = range.from === undefined ? undefined : cells[0]!;
  const largest = range.to === undefined ? undefined : cells[cells.length - 1]!;
  if (least !== undefined && largest !== undefined && least > largest && schema.kind !== "angle")
    refuse(where, subject, "a range from its lower to its upper end", `${range.from}..${range.to}`);
  return { least, largest };
}

/** How many rows the values are for: as many as the lists are long; undefined without lists. */
export function rowsOfGiven(where: string, given: Readonly<Record<string, GivenValue>>): number | undefined {
  const lists = Object.entries(given).filter(([, value]) => typeof value === "object" && !isRange(value));
  const [first] = lists;
  if (!first) return undefined;
  const rows = (first[1] as ArrayLike<unknown>).length;
  for (const [name, list] of lists)
    if ((list as ArrayLike<unknown>).length !== rows)
      refuse(where, `given["${name}"]`, `as many values as given["${first[0]}"] has, ${rows}`, list);
  return rows;
}

/**
 * The conditions of some rows, for each column of the flow, the given ones first. What is null or not a number in a list says nothing.
 * @throws {@link UsageError} for a column or level that there is not, or a column without a value that the model is always given.
 */
export async function givenConditions(
  where: string,
  flow: FlowColumns,
  values: Readonly<Record<string, GivenValue>>,
  rows: number,
): Promise<ColumnCondition[]> {
  for (const name of Object.keys(values)) columnNamed(where, flow, name);
  return await Promise.all(
    [...flow.given, ...flow.columns].map(async (schema): Promise<ColumnCondition> => {
      const value = Object.hasOwn(values, schema.name) ? values[schema.name] : undefined;
      const isAlways = flow.given.includes(schema);
      if (value === undefined) {
        if (!isAlways) return {};
        throw new UsageError({
          where,
          problem: `the model is given ${listNames(flow.given.map(({ name }) => name))}`,
          expected: `a value for "${schema.name}"`,
          received: "none",
          remedy: `name a value for "${schema.name}", as in ${optionText("given", { [schema.name]: schema.levels?.[0] ?? 1 })}`,
        });
      }
      if (isRange(value)) {
        if (isAlways)
          refuse(where, `given["${schema.name}"]`, "a value: the model has no say about this column", value);
        return { range: await rangeOf(where, schema, value) };
      }
      const isList = typeof value === "object";
      const list = isList ? Array.from(value as ArrayLike<unknown>) : [value];
      const cells = await cellsOfValues(where, schema, list, isList);
      if (isAlways || !isList) {
        const missed = cells.findIndex(Number.isNaN);
        if (missed >= 0 && !(isAlways && schema.missing))
          refuseGiven(where, schema.name, isList ? missed : undefined, "a value in each row", "none");
        return { cells: isList ? cells : new Float64Array(rows).fill(cells[0]!) };
      }
      return { cells, isKnown: Uint8Array.from(cells, (cell) => Number(!Number.isNaN(cell))) };
    }),
  );
}
