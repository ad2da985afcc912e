/**
 * A column's kind as somebody says it: `integer`, `angle:24`, `interval:0:100`, `date-time:day-month-year`.
 *
 * @module
 */

import { closestName, listNames } from "../../closestName.ts";
import { badCell, DataError, UsageError } from "../../errors.ts";
import { optionText } from "../../optionText.ts";
import { quoteCell } from "../reading/cell.ts";
import { measureResolution } from "../recording/resolution.ts";
import { type CellColumn, cellColumns, column, type Table } from "../table.ts";
import { type ColumnKind, type ColumnSchema, columnKinds, unfittedKinds } from "./columnSchema.ts";
import { dateOrders, momentOf, momentStep, secondsOfDay } from "./dateTimes.ts";

/** A number of a kind's arguments. */
function argument(name: string, kind: string, text: string | undefined, what: string): number {
  const number = Number(text);
  if (text === undefined || text.trim() === "" || !Number.isFinite(number))
    throw new UsageError({
      where: `kind of column "${name}"`,
      problem: `${JSON.stringify(text === undefined ? kind : `${kind}:${text}`)} needs ${what}, such as ${kind.startsWith("interval") ? "interval:0:100" : "angle:360"}`,
      expected: what,
      received: text === undefined ? "none" : JSON.stringify(text),
    });
  return number;
}

/** The values of a column of numbers. @throws {@link DataError} for one of text. */
function numbersOf(table: Table, cells: CellColumn, kind: string): Float64Array {
  if (!("text" in cells)) return column({ ...table, records: [] }, cells.name);
  const row = cells.text.codes.findIndex((code) => code >= 0);
  const cell = cells.text.levels[cells.text.codes[row] ?? 0] ?? "";
  throw badCell(cells.name, row + 1, {
    problem: `${quoteCell(cell)} is not a number, so the column is not ${kind}`,
    expected: "a number",
    received: quoteCell(cell),
    remedy: "mend the cells, or give it another kind",
  });
}

/** All different values as levels: numbers in ascending order, texts by the alphabet. */
function allLevels(table: Table, cells: CellColumn): readonly (string | number)[] {
  if ("text" in cells) return cells.text.levels.filter((_, code) => cells.text.codes.includes(code)).sort();
  const values = numbersOf(table, cells, "categorical").filter((value) => !Number.isNaN(value));
  return Array.from(new Set(values.sort()));
}

function hasMissing(table: Table, cells: CellColumn): boolean {
  if ("text" in cells) return cells.text.codes.includes(-1);
  return column({ ...table, records: [] }, cells.name).some(Number.isNaN);
}

/**
 * The schema of a column of a kind that somebody has named.
 * @param kind - One of `columnKinds`; `angle:24` with its period, `interval:0:100` with its bounds, `date-time:day-month-year` with the
 *   order in which dates are written.
 * @throws UsageError for a kind that there is not, or without what it needs; {@link DataError} for a column that is not of it.
 */
export function columnOfKind(table: Table, cells: CellColumn, kind: string): ColumnSchema {
  const { name } = cells;
  const [kindName, ...rest] = kind.split(":") as [ColumnKind, ...string[]];
  if (!columnKinds.includes(kindName)) {
    const closest = closestName(kindName, columnKinds);
    throw new UsageError({
      where: `kind of column "${name}"`,
      problem: `there is no kind ${JSON.stringify(kindName)}${closest === undefined ? "" : ` (did you mean "${closest}"?)`}`,
      expected: "a kind of column",
      received: JSON.stringify(kindName),
      remedy: `the kinds are: ${columnKinds.join(", ")}`,
    });
  }
  const parameters = { angle: 1, interval: 2, "date-time": 1 }[kindName as string] ?? 0;
  if (rest.length > parameters)
    throw new UsageError({
      where: `kind of column "${name}"`,
      problem: `${JSON.stringify(kind)} says more than ${kindName} takes`,
      expected: parameters === 0 ? `${kindName} alone` : `${parameters} behind ${kindName}`,
      received: `${rest.length}`,
    });
  const missing = hasMissing(table, cells) ? { missing: true } : {};
  const base = {
    name,
    kind: kindName,
    use: unfittedKinds.includes(kindName) ? ("exclude" as const) : ("fit" as const),
    ...missing,
  };
  switch (kindName) {
    case "categorical":
    case "ordinal":
    case "boolean": {
      const levels = allLevels(table, cells);
      if (kindName === "boolean" && levels.length !== 2)
        throw new DataError(
          {
            problem: `column "${name}" has ${levels.length} different values, and a boolean column has two`,
            expected: "two different values",
            received: `${levels.length}`,
            remedy: `${optionText("kind", { [name]: "categorical" })} takes it as it is`,
          },
          { column: name },
        );
      return { ...base, levels };
    }
    case "continuous":
      numbersOf(table, cells, kindName);
      return base;
    case "positive":
      return { ...base, ...bounded(table, cells, kindName, 0) };
    case "interval":
      return {
        ...base,
        ...bounded(
          table,
          cells,
          kindName,
          argument(name, kindName, rest[0], "two bounds"),
          argument(name, kindName, rest[1], "two bounds"),
        ),
      };
    case "integer": {
      const values = numbersOf(table, cells, kindName).filter(Number.isFinite);
      const at = values.findIndex((value) => !Number.isInteger(value));
      if (at >= 0)
        throw new DataError(
          {
            where: `column "${name}"`,
            problem: `${values[at]} is not a whole number, so the column is not integer`,
            expected: "whole numbers",
            received: `${values[at]}`,
            remedy: "give it another kind",
          },
          { column: name },
        );
      const { step = 1 } = measureResolution(values);
      const least = values.reduce((a, b) => Math.min(a, b), values[0] ?? 0);
      return { ...base, step, from: least };
    }
    case "angle":
      return angleOf(table, cells, base, rest[0]);
    case "date-time": {
      const [order = "year-month-day"] = rest;
      if (!dateOrders.includes(order as "year-month-day"))
        throw new UsageError({
          where: `kind of column "${name}"`,
          problem: `dates are written ${dateOrders.join(", ")}, got ${JSON.stringify(order)}`,
          expected: `one of ${dateOrders.join(", ")}`,
          received: JSON.stringify(order),
        });
      return momentsOf(cells, base, order as "year-month-day");
    }
    default:
      return base;
  }
}

/** Bounds of a column, with the ends that rows lie on as atoms. */
function bounded(
  table: Table,
  cells: CellColumn,
  kind: string,
  lower: number,
  upper?: number,
): Partial<ColumnSchema> {
  if (upper !== undefined && !(lower < upper))
    throw new UsageError({
      where: `kind of column "${cells.name}"`,
      problem: `the lower bound, ${lower}, must be below the upper one, ${upper}`,
      expected: "a lower bound below the upper one",
      received: `${lower} and ${upper}`,
    });
  const values = numbersOf(table, cells, kind);
  const row = values.findIndex((value) => value < lower || value > (upper ?? Number.POSITIVE_INFINITY));
  if (row >= 0) {
    const inside = upper === undefined ? `what is ${kind}` : `the interval from ${lower} to ${upper}`;
    throw badCell(cells.name, row + 1, {
      problem: `${values[row]} lies outside of ${inside}`,
      expected: upper === undefined ? `a number from ${lower} on` : `a number from ${lower} to ${upper}`,
      received: `${values[row]}`,
      remedy: "mend the cell, or give the column another kind",
    });
  }
  const ends = [lower, ...(upper === undefined ? [] : [upper])].filter((end) => values.includes(end));
  return { lower, ...(upper === undefined ? {} : { upper }), ...(ends.length > 0 ? { atoms: ends } : {}) };
}

function angleOf(
  table: Table,
  cells: CellColumn,
  base: ColumnSchema,
  period: string | undefined,
): ColumnSchema {
  if ("text" in cells && cells.text.levels.every((level) => secondsOfDay(level) !== undefined))
    return { ...base, period: 86_400, written: "time-of-day" };
  const turn = argument(base.name, "angle", period, "its period");
  if (!(turn > 0))
    throw new UsageError({
      where: `kind of column "${base.name}"`,
      subject: "the period",
      expected: "above 0",
      received: `${turn}`,
    });
  const values = numbersOf(table, cells, "angle").filter(Number.isFinite);
  const { step, lattice, distinct, count } = measureResolution(values);
  const isGrid =
    lattice &&
    step !== undefined &&
    distinct < count / 3 &&
    Math.abs(turn / step - Math.round(turn / step)) < 1e-9;
  const least = values.reduce((a, b) => Math.min(a, b), values[0] ?? 0);
  return {
    ...base,
    period: turn,
    // A turn about 0 has values below it.
    ...(least < 0 ? { lower: -turn / 2 } : {}),
    ...(isGrid ? { step, from: values.reduce((a, b) => Math.min(a, b)) } : {}),
  };
}

function momentsOf(cells: CellColumn, base: ColumnSchema, order: (typeof dateOrders)[number]): ColumnSchema {
  if (!("text" in cells)) return { ...base, step: 1, from: 0 };
  const { levels, codes } = cells.text;
  const moments = levels.map((level) => momentOf(level, order));
  const unreadLevel = moments.indexOf(undefined);
  if (unreadLevel >= 0) {
    const row = codes.indexOf(unreadLevel) + 1;
    throw badCell(base.name, row, {
      problem: `${quoteCell(levels[unreadLevel]!)} is not a date of the order ${order}`,
      expected: `a date of the order ${order}`,
      received: quoteCell(levels[unreadLevel]!),
      remedy: "mend the cell, or name another order",
    });
  }
  const from = (moments as number[]).reduce((a, b) => Math.min(a, b));
  return { ...base, written: order, step: momentStep(moments as number[]), from };
}

/** The columns of a table by name. @throws {@link UsageError} for a name that is none of them. */
export function columnNamed(table: Table, name: string, option: string): CellColumn {
  const columns = cellColumns(table);
  const column = columns.find((each) => each.name === name);
  if (column) return column;
  const names = columns.map((each) => each.name);
  const closest = closestName(name, names);
  throw new UsageError({
    where: option,
    problem: `there is no column "${name}"${closest === undefined ? "" : ` (did you mean "${closest}"?)`}`,
    expected: "a column of the table",
    received: JSON.stringify(name),
    remedy: `the columns are: ${listNames(names)}`,
  });
}
