/**
 * Rows, and what they are given, as cells of the columns of a flow.
 *
 * @module
 */

import { listNames } from "../../closestName.ts";
import { UsageError } from "../../errors.ts";
import { refuse } from "../../options.ts";
import { optionText } from "../../optionText.ts";
import { type Cells, cellsOf } from "../../tables/schema/cells.ts";
import type { ColumnSchema } from "../../tables/schema/columnSchema.ts";
import type { ColumnsFlow } from "../cores/columnsCore.ts";
import type { GivenOptions } from "../flowOptions.ts";
import { refuseGiven } from "../rows/refuseGiven.ts";
import type { RowsLike } from "../rows/splitRows.ts";
import { tableOfRows } from "../rows/tableOfRows.ts";
import { checkGivenCells } from "./impossibleCells.ts";

const namesOf = (columns: readonly ColumnSchema[]): readonly string[] => columns.map(({ name }) => name);

/** Cells of rows, the given columns first: what `values` says of them. */
export async function cellsOfGivenRows(
  where: string,
  { columns, given }: ColumnsFlow,
  rows: RowsLike,
  values: GivenOptions["given"],
  allowUnseen: boolean = false,
): Promise<Cells> {
  const { cells, unknown, textAt } = cellsOf(await tableOfRows(where, namesOf(columns), rows), columns);
  const conditions = await givenCells(where, given, values, cells[0]!.length, allowUnseen);
  return {
    cells: [...conditions, ...cells],
    unknown,
    // What is given is one of the column's levels.
    textAt: (column, row) =>
      column < given.length ? String(conditions[column]![row]) : textAt(column - given.length, row),
  };
}

/**
 * What n rows are given, as cells that the columns can have.
 * @throws As {@link givenCells}; DataError for a value that no row of the fit could have.
 */
export async function conditionCells(
  where: string,
  { given, model }: ColumnsFlow,
  values: GivenOptions["given"],
  n: number,
): Promise<readonly Float64Array[]> {
  const cells = await givenCells(where, given, values, n);
  checkGivenCells(model.density, given, cells);
  return cells;
}

/**
 * What n rows are given, as cells.
 * @throws {@link UsageError} for a column without a value, a value for what is not a column, and one that the column cannot have.
 */
async function givenCells(
  where: string,
  given: readonly ColumnSchema[],
  values: GivenOptions["given"],
  n: number,
  allowUnseen: boolean = false,
): Promise<readonly Float64Array[]> {
  for (const name of Object.keys(values ?? {}))
    if (!given.some((column) => column.name === name))
      throw new UsageError({
        where,
        problem: `${JSON.stringify(name)} is not a column that the model is given`,
        expected: `values for ${listNames(given.map((column) => column.name))}`,
        received: JSON.stringify(name),
        remedy: "leave it out, or ask marginal for the density of other columns given it",
      });
  return await Promise.all(
    given.map(async (column) => {
      const value = Object.hasOwn(values ?? {}, column.name) ? values?.[column.name] : undefined;
      if (value === undefined)
        throw new UsageError({
          where,
          problem: `the model is given ${namesOf(given).join(", ")}`,
          expected: `a value for ${JSON.stringify(column.name)}`,
          received: "none",
          remedy: `name a value for ${JSON.stringify(column.name)}, as in ${optionText("given", { [column.name]: column.levels?.[0] ?? 1 })}`,
        });
      const list = typeof value === "object" ? Array.from(value as ArrayLike<unknown>) : undefined;
      const argument = `given[${JSON.stringify(column.name)}]`;
      if (list && list.length !== n)
        refuse(where, argument, `one value for each of the ${n} rows`, list.length);
      if (n === 0) return new Float64Array(0);
      const rows = (list ?? [value]).map((each) => ({ [column.name]: each }));
      const { cells, unknown } = cellsOf(await tableOfRows(where, [column.name], rows as never), [column]);
      const [strange] = unknown;
      const rowOf = (row: number): number | undefined => (list ? row : undefined);
      if (strange && !allowUnseen)
        refuseGiven(
          where,
          column.name,
          rowOf(strange.row - 1),
          `one of its levels: ${column.levels!.join(", ")}`,
          strange.level,
        );
      const missed = column.missing ? -1 : cells[0]!.findIndex(Number.isNaN);
      if (missed >= 0)
        refuseGiven(where, column.name, rowOf(missed), "a value: no row of the fit missed one", "none");
      return list ? cells[0]! : new Float64Array(n).fill(cells[0]![0]!);
    }),
  );
}
