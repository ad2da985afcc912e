/**
 * What columns may be called.
 *
 * @module
 */

import { DataError } from "../errors.ts";
import { describeValue, refuse } from "../options.ts";
import { quoteCell } from "./reading/cell.ts";

/**
 * Checks that names can name columns: none empty, no two the same.
 *
 * @throws DataError that names the first offender by its place, counted from 1.
 */
export function checkColumnNames(names: readonly string[]): void {
  const places = new Map<string, number>();
  names.forEach((name, index) => {
    if (typeof name !== "string") refuse("a table", `the name of column ${index + 1}`, "a string", name);
    if (name.trim() === "") {
      throw new DataError({
        problem: `column ${index + 1} has no name`,
        expected: "a name for every column",
        received: describeValue(name),
        remedy:
          "name every column (pandas and R write row numbers as a column without a name: save with index=False or row.names=FALSE)",
      });
    }
    // Text begins with one by accident, and names that differ by it alone look the same.
    if (name.startsWith("\ufeff")) {
      throw new DataError({
        problem: `the name of column ${index + 1}, ${quoteCell(name.slice(1))}, begins with a byte order mark`,
        expected: "a name without a byte order mark",
        received: describeValue(name),
        remedy: "rename it",
      });
    }
    const first = places.get(name);
    if (first !== undefined) {
      throw new DataError(
        {
          problem: `columns ${first + 1} and ${index + 1} have the same name "${name}"`,
          expected: "a name of its own for each column",
          received: `"${name}" twice`,
          remedy: "rename one of them",
        },
        { column: name },
      );
    }
    places.set(name, index);
  });
}
