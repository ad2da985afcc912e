/**
 * What a column of cells has turned out to be, and its rows by that.
 *
 * @module
 */

import type { ColumnRecord } from "../columnRecord.ts";
import { GrowingText, type TextColumn } from "../textColumn.ts";

/** What a column has turned out to be, now that all of its cells have been seen: by it they can be read once more, block by block. */
export interface ColumnPlan {
  readonly record: ColumnRecord;
  /** Which of its numbers count: those with a decimal point, or with a decimal comma; none of a column of text. */
  readonly reading: "point" | "comma" | "none";
  /**
   * Of text, the row, from 0, from which on cells are kept as they are written; those before are printed from their numbers. Infinite
   * where all are.
   */
  readonly writtenFrom: number;
  /** How false and true are printed among these; undefined where they are numbers. */
  readonly words: readonly [string, string] | undefined;
}

/** Rows of a column: numbers, or text. */
export type ColumnBlock = { readonly values: Float64Array } | { readonly text: TextColumn };

/** Numbers as they would be written, or the words for 0 and 1. */
export function printed(values: Float64Array, words: readonly [string, string] | undefined): GrowingText {
  const texts = new GrowingText(values.length);
  for (const value of values) {
    if (Number.isNaN(value)) texts.push(undefined);
    else if (words) texts.push(words[value as 0 | 1]);
    else texts.push(Object.is(value, -0) ? "-0" : String(value));
  }
  return texts;
}
