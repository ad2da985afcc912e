/**
 * Flags of what reads a table.
 *
 * @module
 */

import type { ReadTableOptions } from "../../index.ts";
import { assignments, marks, parses } from "../options.ts";
import type { OptionFlags } from "./optionFlags.ts";

/** Flags of how a table is read. */
export const readFlags: OptionFlags<Omit<ReadTableOptions, "format" | "name" | "signal">> = {
  missingMarks: {
    flag: "--na",
    value: "marks",
    help: 'further marks of missing values, such as "?,."',
    read: marks,
  },
  parse: {
    flag: "--parse",
    value: "kinds",
    help: "how to read columns: price=currency,x=unit:m+decimal-comma (see docs/tables.md)",
    read: parses,
  },
  encoding: {
    flag: "--encoding",
    value: "label",
    help: "encoding of text that is not UTF-8, such as latin1",
  },
  delimiter: {
    flag: "--delimiter",
    value: "char",
    help: "what stands between cells: a character, tab or blank",
  },
  header: {
    flag: "--header",
    help: "the first line names the columns, even if it looks like data",
    negated: "the first line is data: columns c1, c2, ...",
  },
  arrays: { flag: "--array", value: "names", help: "the arrays of a .npz archive that make up the table" },
  limits: {
    flag: "--limit",
    value: "values",
    help: "what the file may have at most, such as columns=200000 (see docs/binary-tables.md)",
    read: (flag) => assignments(flag, "columns=200000"),
  },
};
