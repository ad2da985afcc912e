/**
 * What can be said of the scores of a flow of a base and a bijection, row by row.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { optionText } from "../../optionText.ts";
import type { ImpossibleRow } from "./impossibleCells.ts";

/** Why the density of such a flow is not taken apart. */
export function noContributions(kind: string): UsageError {
  return new UsageError({
    where: "contributions",
    problem: `a flow of the kind ${JSON.stringify(kind)} has the density of whole rows: it is not a product of one factor per column`,
    expected: "a flow of mixed columns",
    received: kind,
    remedy: `fit one with ${optionText("flow", "columns")}`,
  });
}

/**
 * The rows whose log-density is minus infinity.
 * @param values - Row-major, in the order of the names.
 * @param otherwise - Why rows of finite numbers are outside the support.
 */
export function impossibleNumberRows(
  names: readonly string[],
  values: Float64Array,
  scores: Float64Array,
  otherwise: string,
): readonly ImpossibleRow[] {
  const width = names.length;
  return Array.from(scores.keys())
    .filter((row) => scores[row] === Number.NEGATIVE_INFINITY)
    .map((row) => {
      const cells = values.subarray(row * width, (row + 1) * width);
      const at = cells.findIndex((cell) => !Number.isFinite(cell));
      const column = names[at];
      const cell = column === undefined ? undefined : String(cells[at]);
      const reason = column === undefined ? otherwise : `${JSON.stringify(column)} is ${cell}`;
      return { row: row + 1, column, cell, reason };
    });
}
