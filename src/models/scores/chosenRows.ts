/**
 * Which rows have a score, and what should be said of them.
 *
 * @module
 */

import { DataError, UsageError } from "../../errors.ts";
import { optionText } from "../../optionText.ts";
import { unknownLevel } from "../../tables/schema/cells.ts";
import { hasLevels } from "../columns/column.ts";
import type { EncodeOptions } from "../columns/encodeRows.ts";
import type { LogProbOptions } from "../flowOptions.ts";
import { cellTest, type ScoredCells, whyImpossible } from "./impossibleCells.ts";
import { noteLine, type ScoreListener, type UnseenNote } from "./scoreNotes.ts";

/** The rows that are scored, and how. */
export interface ChosenRows {
  readonly encode: EncodeOptions;
  /** Places of the rows that have a score; undefined for all. */
  readonly scored: readonly number[] | undefined;
}

/**
 * The rows that have a score, as the options say; `onWarning` is told of levels that no row of the fit had.
 * @throws As {@link encodeOptions} and {@link scoredRows}.
 */
export function chosenRows(where: string, scored: ScoredCells, options: LogProbOptions): ChosenRows {
  const encode = encodeOptions(scored, where, options);
  return { encode, scored: scoredRows(scored, options, encode) };
}

/** How rows are encoded by what the options say of levels that no row of the fit had. */
function encodeOptions({ density }: ScoredCells, where: string, { unseen }: LogProbOptions): EncodeOptions {
  if (unseen !== "other") return {};
  const without = [...density.given, ...density.columns].find(
    ({ column, head }) => hasLevels(column) && head.unseen === undefined,
  );
  if (without)
    throw new UsageError({
      where,
      problem: `the model does not say how probable a level of ${JSON.stringify(without.column.name)} is that its rows had not`,
      expected: `a model that was fitted since ${optionText("unseen")} is there`,
      received: "an older one",
      remedy: `fit it again, or leave out ${optionText("unseen", "other")}`,
    });
  return { allowUnseen: true };
}

/**
 * The places of the rows that have a score; undefined for all. Those have none, as `missing` says, that miss a value in a column which
 * never did, and those that are given what no row of the fit could be.
 * @throws {@link DataError} for such a given cell where `missing` does not say what becomes of the row.
 */
function scoredRows(
  scored: ScoredCells,
  { missing, unseen, onWarning }: LogProbOptions,
  encode: EncodeOptions,
): readonly number[] | undefined {
  const { density, schema, cells } = scored;
  const rows = cells.cells[0]!.length;
  const passesOver = missing === "empty" || missing === "drop";
  const isLeftOut = new Uint8Array(rows);
  for (const given of density.given) {
    const canHave = cellTest(density, given, encode);
    cells.cells[given.cell]!.forEach((cell, row) => {
      if (isLeftOut[row] === 1 || canHave(cell)) return;
      isLeftOut[row] = 1;
      if (passesOver) return;
      const why = whyImpossible(given, schema[given.cell]!, cell, cells.textAt(given.cell, row));
      const level = hasLevels(given.column) && !Number.isNaN(cell);
      throw new DataError(
        {
          problem: `row ${row + 1}: ${why}, so that there is no density given it`,
          expected: "a value that the model can be given",
          received: why,
          remedy: `${level ? `pass ${optionText("unseen", "other")}, or ` : ""}leave the row out`,
        },
        { column: given.column.name, row: row + 1 },
      );
    });
  }
  // What is summed out has its score apart.
  if (passesOver || missing === "marginal")
    schema.forEach((column, i) => {
      if (column.missing) return;
      cells.cells[i]!.forEach((cell, row) => {
        if (Number.isNaN(cell)) isLeftOut[row] = 1;
      });
    });
  if (onWarning)
    for (const note of unseenNotes(scored, unseen)) (onWarning as ScoreListener)(noteLine(note), note);
  return isLeftOut.includes(1)
    ? Array.from(isLeftOut.keys()).filter((row) => isLeftOut[row] === 0)
    : undefined;
}

/** For each column with levels that no row of the fit had, what is to be said of them. */
function unseenNotes({ density, cells }: ScoredCells, unseen: LogProbOptions["unseen"]): UnseenNote[] {
  return cells.unknown.map(({ column, level, row }) => {
    const modeled = [...density.given, ...density.columns].find((each) => each.column.name === column)!;
    const rows = cells.cells[modeled.cell]!.reduce((sum, cell) => sum + Number(cell === unknownLevel), 0);
    const isGiven = modeled.targets < 0;
    return { kind: "unseen", column, level, row, rows, isGiven, isOther: unseen === "other" };
  });
}
