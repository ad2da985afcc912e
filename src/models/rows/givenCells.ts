/**
 * What rows are given, as cells.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { refuse } from "../../options.ts";
import { optionText } from "../../optionText.ts";
import { cellsOf } from "../../tables/schema/cells.ts";
import type { ColumnSchema } from "../../tables/schema/columnSchema.ts";
import type { SampleOptions } from "../flowOptions.ts";
import { tableOfRows } from "./tableOfRows.ts";

/**
 * Cells of the columns that n rows are given.
 * @throws UsageError for a column that is none of them, one without a value, and a value that it cannot have.
 */
export async function givenCells(
  where: string,
  given: readonly ColumnSchema[],
  values: SampleOptions["given"],
  n: number,
): Promise<readonly Float64Array[]> {
  for (const name of Object.keys(values ?? {}))
    if (!given.some((own) => own.name === name))
      throw new UsageError(`"${name}" is no column that the model is given.`);
  return await Promise.all(
    given.map(async (own) => {
      const value = Object.hasOwn(values ?? {}, own.name) ? values?.[own.name] : undefined;
      if (value === undefined)
        throw new UsageError(
          `The model is given ${given.map(({ name }) => name).join(", ")}: name a value for "${own.name}", as in ${optionText("given", { [own.name]: own.levels?.[0] ?? 1 })}.`,
        );
      const list = typeof value === "object" ? Array.from(value as ArrayLike<unknown>) : undefined;
      if (list && list.length !== n)
        refuse(where, `given["${own.name}"]`, `one value for each of the ${n} rows`, list.length);
      if (n === 0) return new Float64Array(0);
      const rows = (list ?? [value]).map((each) => ({ [own.name]: each }));
      const { cells, unknown } = cellsOf(await tableOfRows(where, [own.name], rows as never), [own]);
      const [strange] = unknown;
      if (strange)
        refuse(where, `given["${own.name}"]`, `one of its levels: ${own.levels!.join(", ")}`, strange.level);
      if (!own.missing && cells[0]!.some(Number.isNaN))
        refuse(where, `given["${own.name}"]`, "a value: no row of the fit missed one", "none");
      return list ? cells[0]! : new Float64Array(n).fill(cells[0]![0]!);
    }),
  );
}
