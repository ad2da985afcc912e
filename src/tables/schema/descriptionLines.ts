/**
 * A description of a table in words.
 *
 * @module
 */

import { listNames } from "../../closestName.ts";
import { briefNumber, counted, rangeText } from "../../counted.ts";
import { oneLine } from "../../errors.ts";
import { checkArgument, type OptionKind } from "../../options.ts";
import { momentText } from "./dateTimes.ts";
import type { ColumnDescription, TableDescription } from "./describe.ts";

const rowsText = (rows: number): string => counted(rows, "row");

const percent = (share: number): string =>
  share < 0.001 ? "less than 0.1 %" : `${Number((100 * share).toPrecision(share < 0.1 ? 2 : 3))} %`;

/** What the values of a column are: their range, or the most frequent ones. */
export function valuesText({ schema, numbers, levels, distinct, moments }: ColumnDescription): string {
  const { kind, step = 1 } = schema;
  if (moments) return `${momentText(moments.first, step)} to ${momentText(moments.last, step)}`;
  if (numbers && kind !== "categorical" && kind !== "boolean" && kind !== "identifier")
    return numbers.minimum === numbers.maximum
      ? briefNumber(numbers.minimum)
      : `${rangeText(numbers.minimum, numbers.maximum)}, median ${briefNumber(numbers.median, numbers.maximum - numbers.minimum)}`;
  if (kind === "identifier" || kind === "text") return `${distinct} different`;
  const shown = (levels ?? []).slice(0, 3).map(({ level, rows }) => {
    const text = String(level);
    return `${text.length > 20 ? `${text.slice(0, 20)}...` : text} ${rows}`;
  });
  const more = distinct > shown.length ? ", ..." : "";
  return `${shown.join(", ")}${more}`;
}

/** What should be known of a column, one sentence each. */
export function columnLines(column: ColumnDescription, rows: number): string[] {
  const { name, schema, doubt, missing, atoms, onBounds, tails, outliers } = column;
  const lines: string[] = [];
  const add = (text: string): unknown => lines.push(`${name}: ${text}`);
  if (doubt) add(`taken for ${schema.kind} (${column.reason}); ${doubt.text}, it is ${doubt.kind}`);
  const { kind, step, decimals, rounded, lower, upper, period } = schema;
  if (rounded !== undefined) {
    const recorded =
      step === undefined ? counted(decimals!, "decimal") : `decimals in steps of ${briefNumber(step)}`;
    const measured =
      kind === "interval" ? `interval:${lower}:${upper}` : kind === "angle" ? `angle:${period}` : kind;
    add(
      `its values are ${recorded} that single precision has rounded; with the kind ${measured} they are measured numbers`,
    );
  }
  if (missing.dependsOn)
    add(
      `whether it is missing goes with ${missing.dependsOn.on} (Cramér's V ${missing.dependsOn.strength.toFixed(2)})`,
    );
  if (atoms.length > 0)
    add(
      `many rows have one value: ${atoms.map(({ value, rows: atomRows }) => `${briefNumber(value)} in ${percent(atomRows / rows)}`).join(", ")}`,
    );
  if (onBounds && onBounds.upper > 0 && !atoms.some(({ value }) => value === upper))
    add(`${rowsText(onBounds.upper)} on the upper bound, ${upper}`);
  if (
    onBounds &&
    onBounds.lower > 0 &&
    schema.kind !== "integer" &&
    !atoms.some(({ value }) => value === lower)
  )
    add(`${rowsText(onBounds.lower)} on the lower bound, ${lower}`);
  for (const side of ["lower", "upper"] as const) {
    const tail = tails?.[side];
    if (tail)
      add(`heavy ${side} tail, index ${tail.index.toFixed(1)} ± ${tail.standardError.toFixed(1)} (Hill)`);
  }
  if (outliers)
    add(
      `${rowsText(outliers.rows)} far outside, the first ${briefNumber(outliers.value)} in row ${outliers.first}`,
    );
  return lines;
}

const orderWords = {
  sorted: "rises or falls through all rows",
  groups: "has equal values side by side",
  drift: "is alike in neighboring rows",
} as const;

/** What should be known of the columns together, one sentence each. */
export function tableLines(description: TableDescription): string[] {
  const { duplicates, determined, dependent, ordered, sampledRows } = description;
  const lines: string[] = [];
  if (duplicates.first)
    lines.push(
      `${rowsText(duplicates.rows)} ${duplicates.rows === 1 ? "equals" : "equal"} an earlier one: row ${duplicates.first.row} equals row ${duplicates.first.equals}`,
    );
  for (const { column, by, isSame } of determined)
    lines.push(isSame ? `${column} and ${by} determine each other` : `${by} determines ${column}`);
  for (const { column, rule, rounded } of dependent)
    lines.push(`${column} follows from others${rounded ? " but for rounding" : ""}: ${column} = ${rule}`);
  if (ordered.length > 0) {
    const names = ordered.map(({ column, how }) => `${column} ${orderWords[how]}`);
    lines.push(
      `the order of the rows means something: ${listNames(names)}; rows that are drawn at random to test with are not new ones`,
    );
  }
  if (sampledRows !== undefined)
    lines.push(
      description.estimated === "numbers and pairs"
        ? `kinds and quartiles of numbers, values that many rows have, bounds, tails and outliers, and what concerns several columns, are estimated from a sample of ${sampledRows} rows`
        : `what concerns several columns is estimated from ${sampledRows} rows drawn at random`,
    );
  return lines;
}

/** What `describe` gives. */
const aDescription: OptionKind = {
  expected: "a description as describe gives it",
  accepts(value) {
    const { columns, determined } = (value ?? {}) as Partial<TableDescription>;
    return (
      Array.isArray(columns) && columns.every((column) => column?.schema?.kind) && Array.isArray(determined)
    );
  },
};

/** A table of the columns and, below, what should be known of them: what `pushforward describe` prints. */
export function descriptionText(description: TableDescription): string {
  checkArgument("descriptionText", "found", description, aDescription);
  const heads = ["column", "kind", "missing", "values"];
  const cells = description.columns.map((column) => [
    oneLine(column.name),
    column.schema.kind,
    column.missing.rows === 0 ? "" : String(column.missing.rows),
    oneLine(valuesText(column)),
  ]);
  const widths = heads.map((head, i) => Math.max(head.length, ...cells.map((row) => row[i]!.length)));
  const lines = [heads, ...cells].map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join("  ")
      .trimEnd(),
  );
  const notes = [
    ...description.columns.flatMap((column) => columnLines(column, description.rows)),
    ...tableLines(description),
  ];
  return [...lines, ...(notes.length > 0 ? ["", ...notes.map(oneLine)] : [])]
    .map((line) => `${line === "" ? "" : `  ${line}`}\n`)
    .join("");
}
