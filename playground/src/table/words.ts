/** Words of the page for what a table and its flow are. */

import { inShell } from "../takeAlong.ts";
import { stemOf } from "./names.ts";
import type { Condition, FitFacts } from "./protocol.ts";
import { table } from "./tableStore.ts";

/** So many of something. */
export const counted = (count: number, noun: string): string =>
  `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

/** A line of the library as a sentence. */
export const sentence = (line: string): string => `${line.charAt(0).toUpperCase()}${line.slice(1)}.`;

/** The table on the command line, read as it was here; the one of a model alone is not here. */
export const dataOf = ({ flags }: FitFacts): string =>
  `${inShell(table.value?.rows ? table.value.name : "table.csv")}${flags && ` ${flags}`}`;

/** What a file of synthetic rows is called: by the table, and by what they were given. */
export function syntheticName(condition: Condition | undefined): string {
  const given = condition ? [condition.column, String(condition.value)] : [];
  const parts = [stemOf(table.value?.name ?? ""), "synthetic", ...given];
  return `${parts.map((part) => part.replaceAll(/[^\p{L}\p{N}.−-]+/gu, "-")).join("-")}.csv`;
}

/** What rows were given. */
export const givenText = (condition: Condition | undefined): string =>
  condition ? ` given ${condition.column} = ${condition.value}` : "";
