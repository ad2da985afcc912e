/**
 * What was found of all rows as a table: a line for each row, in the table's order.
 *
 * @module
 */

import { refuse } from "../../options.ts";
import { numbersRecord } from "../../tables/columnRecord.ts";
import { type Table, tableFromColumns } from "../../tables/table.ts";
import { GrowingText, type TextColumn } from "../../tables/textColumn.ts";
import type { Anomalies, Anomaly } from "./anomalies.ts";

/** Shares with two decimals, which add up to 1 as well: each is what is added to the rounded sum. */
function rounded(shares: readonly number[]): readonly string[] {
  let sum = 0;
  let hundredthsBefore = 0;
  return shares.map((share) => {
    sum += share;
    const hundredths = Math.round(100 * sum);
    const added = hundredths - hundredthsBefore;
    hundredthsBefore = hundredths;
    return (added / 100).toFixed(2);
  });
}

/** `a: 0.61; b: 0.30; others: 0.09`: the columns of which it is said what to expect, and the rest of them together. */
function blameText({ blame, expected }: Anomaly): string {
  const named = blame.filter(({ column }) => Object.hasOwn(expected, column));
  const restShare = blame.slice(named.length).reduce((sum, { share }) => sum + share, 0);
  const shares = rounded([...named.map(({ share }) => share), restShare]);
  const names = [...named.map(({ column }) => column), "others"];
  return shares
    .map((share, i) => `${names[i]}: ${share}`)
    .filter((_, i) => i < named.length || restShare > 0)
    .join("; ");
}

/** `a: 3; b: none`, in the order of the columns to blame. */
const expectedText = ({ blame, expected }: Anomaly): string =>
  blame
    .filter(({ column }) => Object.hasOwn(expected, column))
    .map(({ column }) => `${column}: ${expected[column] ?? "none"}`)
    .join("; ");

/**
 * A table of what was found: `row`, `score`, `pValue`, `logProb` (`logProbBound` of a flow that knows a bound alone; empty where there is none), `discovery` (0 or 1, where asked for),
 * `blame` and `expected` as text.
 */
export function anomaliesTable(anomalies: Anomalies): Table {
  if (!Array.isArray((anomalies as Anomalies | null | undefined)?.rows))
    refuse("anomaliesTable", "anomalies", "what `anomalies` gives", anomalies);
  const { rows } = anomalies;
  const numbers: [string, Float64Array][] = [
    ["row", Float64Array.from(rows, ({ row }) => row)],
    ["score", Float64Array.from(rows, ({ score }) => score)],
    ["pValue", Float64Array.from(rows, ({ pValue }) => pValue)],
    [
      anomalies.bound ? "logProbBound" : "logProb",
      Float64Array.from(rows, ({ logProb }) => logProb ?? Number.NaN),
    ],
  ];
  if (anomalies.discoveries !== undefined)
    numbers.push(["discovery", Float64Array.from(rows, ({ isDiscovery }) => Number(isDiscovery))]);
  const texts = [textOf("blame", rows.map(blameText)), textOf("expected", rows.map(expectedText))];
  const records = [
    ...numbers.map(([name]) => numbersRecord(name)),
    ...texts.map(({ name }) => ({ name, readAs: "text" as const, parse: [] })),
  ];
  return { ...tableFromColumns(numbers), texts, records };
}

function textOf(name: string, cells: readonly string[]): TextColumn {
  const written = new GrowingText(cells.length);
  for (const cell of cells) written.push(cell === "" ? undefined : cell);
  return written.finish(name);
}
