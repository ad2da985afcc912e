/**
 * What should be known of scores, as facts: so that what is said of many batches is said once.
 *
 * @module
 */

import { listNames } from "../../closestName.ts";
import { optionText } from "../../optionText.ts";
import { quoteCell } from "../../tables/reading/cell.ts";

/** Levels of a column that no row of the fit had. */
export interface UnseenNote {
  readonly kind: "unseen";
  readonly column: string;
  /** The first of them, and its row from 1. */
  readonly level: string;
  readonly row: number;
  /** Rows that have such a level. */
  readonly rows: number;
  /** Whether the flow is given the column. */
  readonly isGiven: boolean;
  /** Whether such levels are taken for another one. */
  readonly isOther: boolean;
}

/** Cells that are summed out, since none was missing in their columns in the fit. */
export interface SummedOutNote {
  readonly kind: "summed out";
  readonly columns: readonly string[];
  readonly rows: number;
  /** Rows whose scores are estimated by draws, and the least effective size among them. */
  readonly drawnRows: number;
  readonly leastSize: number;
}

/** What should be known of scores. */
export type ScoreNote = UnseenNote | SummedOutNote;

/** Who hears it in words, and as facts where that is wanted. */
export type ScoreListener = (line: string, note: ScoreNote) => void;

const rowsWord = (rows: number): string => (rows === 1 ? "row" : "rows");

function unseenLine({ column, level, row, rows, isGiven, isOther }: UnseenNote): string {
  const other = `pass ${optionText("unseen", "other")} to give such levels the probability of new ones`;
  const what = isOther
    ? "taken for another level, which has the probability of new ones"
    : isGiven
      ? `no score is given such a level; pass ${optionText("unseen", "other")} to score the rows without it`
      : `their log-density is minus infinity; ${other}`;
  return `column ${JSON.stringify(column)} (row ${row}): ${quoteCell(level)} is a level that no row of the fit had (${rows} ${rows === 1 ? "row has" : "rows have"} such a level): ${what}`;
}

function summedOutLine({ columns, rows, drawnRows, leastSize }: SummedOutNote): string {
  const how =
    drawnRows === 0
      ? ", exactly"
      : `, in ${drawnRows} of them estimated by draws (effective size ${leastSize} or more)`;
  return `cells of ${listNames(columns)} are missing in ${rows} ${rowsWord(rows)}, and none was in the rows of the fit: the score is the log-density of the other cells${how}`;
}

/** A note in words, in one line. */
export const noteLine = (note: ScoreNote): string =>
  note.kind === "unseen" ? unseenLine(note) : summedOutLine(note);

/**
 * The notes of batches as those of the rows of all of them.
 * @param columns - Of the flow, in the order in which they are named.
 */
export function mergedNotes(notes: readonly ScoreNote[], columns: readonly string[]): readonly ScoreNote[] {
  const merged = new Map<string, ScoreNote>();
  for (const note of notes) {
    const key = note.kind === "unseen" ? `unseen ${note.column}` : note.kind;
    const before = merged.get(key);
    if (!before) merged.set(key, note);
    else if (before.kind === "unseen") merged.set(key, { ...before, rows: before.rows + note.rows });
    else if (note.kind === "summed out")
      merged.set(key, {
        ...note,
        columns: columns.filter((name) => before.columns.includes(name) || note.columns.includes(name)),
        rows: before.rows + note.rows,
        drawnRows: before.drawnRows + note.drawnRows,
        leastSize: Math.min(before.leastSize, note.leastSize),
      });
  }
  const place = (note: ScoreNote): number =>
    note.kind === "unseen" ? columns.indexOf(note.column) : columns.length;
  return Array.from(merged.values()).sort((a, b) => place(a) - place(b));
}
