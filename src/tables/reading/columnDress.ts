/**
 * What the cells of a column in another dress have in common, and whether that says without doubt what they mean.
 *
 * @module
 */

import { optionText } from "../../optionText.ts";
import type { ColumnParse, ColumnRecord, LeftOut } from "../columnRecord.ts";
import { quoteCell } from "./cell.ts";
import type { DressedNumber } from "./numberDress.ts";

interface Seen {
  readonly row: number;
  readonly cell: string;
  readonly number: DressedNumber;
}

/** Rows of numbers like 1.234, which a later decimal comma would make thousands, that are kept in mind. */
const mostPointRows = 10_000;
const thousandsPattern = /^[+-]?[1-9]\d{0,2}\.\d{3}$/;

/** The rows of plain numbers that a decimal comma would make thousands, with one more; undefined where this one cannot be that. */
export function withPointRow(rows: number[], cell: string, row: number): number[] | undefined {
  if (!cell.includes(".")) return rows;
  if (rows.length >= mostPointRows || !thousandsPattern.test(cell.trim())) return undefined;
  rows.push(row);
  return rows;
}

/** What was seen so far. */
export interface ColumnDress {
  /** The values if decimals follow a comma; the column's own are those with a point. */
  comma: Float64Array;
  /** Numbers without measure. */
  bare: number;
  /** How many cells have each measure, of the first few. */
  readonly measures: Map<string, number>;
  /** The first cell that is not a plain number, the first with a measure, and the first with another one or none. */
  first: Seen | undefined;
  measured: Seen | undefined;
  other: Seen | undefined;
  /** The first cell that only a decimal point, or only a decimal comma, makes a number; the first that both do, differently. */
  onlyPoint: Seen | undefined;
  onlyComma: Seen | undefined;
  double: Seen | undefined;
  /** Whether plain numbers before had a decimal point that can be nothing else. */
  pointBefore: boolean;
  thousands: boolean;
  parentheses: boolean;
  trailingMinus: boolean;
  textNumber: boolean;
  leadingZeros: boolean;
  /** Whether some cell has a comma or several points: without, a point is a decimal point. */
  separated: boolean;
}

/** Measures that are counted: a column with more is text that starts with numbers. */
const mostMeasures = 16;

/**
 * Starts with the plain numbers that stood before.
 *
 * @param pointRows those that a decimal comma would make thousands; undefined where some can only have a decimal point.
 */
export function startDress(
  values: Float64Array,
  bare: number,
  pointRows: readonly number[] | undefined,
): ColumnDress {
  const comma = values.slice();
  for (const row of pointRows ?? []) comma[row] = Math.round(values[row]! * 1000);
  return {
    comma,
    bare,
    measures: new Map(),
    first: undefined,
    measured: undefined,
    other: undefined,
    onlyPoint: undefined,
    onlyComma: undefined,
    double: undefined,
    pointBefore: pointRows === undefined,
    thousands: false,
    parentheses: false,
    trailingMinus: false,
    textNumber: false,
    leadingZeros: false,
    separated: false,
  };
}

/** Takes the next number; `dressed` says that it is not a plain one. */
export function takeDressed(
  dress: ColumnDress,
  number: DressedNumber,
  dressed: boolean,
  row: number,
  cell: string,
): void {
  const { point, comma, measure } = number;
  const example = { row, cell, number };
  if (dressed) dress.first ??= example;
  if (dress.measures.size < mostMeasures || dress.measures.has(measure))
    dress.measures.set(measure, (dress.measures.get(measure) ?? 0) + 1);
  if (measure === "") dress.bare++;
  else if (!dress.measured) dress.measured = example;
  if (dress.measured && measure !== dress.measured.number.measure) dress.other ??= example;
  if (comma === undefined) dress.onlyPoint ??= example;
  else if (point === undefined) dress.onlyComma ??= example;
  else if (point !== comma) dress.double ??= example;
  if (/,|\..*\./.test(cell)) dress.separated = true;
  dress.thousands ||= number.thousands;
  dress.parentheses ||= number.parentheses;
  dress.trailingMinus ||= number.trailingMinus;
  dress.textNumber ||= number.textNumber;
  dress.leadingZeros ||= number.leadingZeros;
}

/** What is taken for the decimal mark, or why that is not known. */
function decimalMark(
  name: string,
  dress: ColumnDress,
  asked: readonly ColumnParse[],
): "point" | "comma" | LeftOut {
  const { onlyPoint, onlyComma, double, pointBefore } = dress;
  const wantsComma = asked.includes("decimal-comma");
  const wantsPoint = asked.includes("thousands") || asked.includes("decimal-point");
  if (wantsComma || wantsPoint) {
    const otherMark = wantsComma ? onlyPoint : onlyComma;
    if (!otherMark) return wantsComma ? "comma" : "point";
    const mark = wantsComma ? "comma" : "point";
    return {
      kind: "unlike",
      row: otherMark.row,
      cell: otherMark.cell,
      reason: `${quoteCell(otherMark.cell)} is not a number with a decimal ${mark}, as ${optionText("parse")} says`,
      remedy: `mend the cell, or pass ${optionText("parse", { [name]: wantsComma ? "decimal-point" : "decimal-comma" })}`,
    };
  }
  if (onlyComma && (onlyPoint || pointBefore)) {
    const where = onlyPoint ? `, ${quoteCell(onlyPoint.cell)} (row ${onlyPoint.row}) a decimal point` : "";
    return {
      kind: "unlike",
      row: onlyComma.row,
      cell: onlyComma.cell,
      reason: `${quoteCell(onlyComma.cell)} is a number with a decimal comma${where || ", others have a decimal point"}`,
      remedy: "mend the cells so that all are written alike",
    };
  }
  if (onlyComma) return "comma";
  if (onlyPoint || pointBefore || !double) return "point";
  // A point alone is a decimal point, unless it is money or a measure, as in 1.234 €.
  const { measured } = dress;
  if (!dress.separated && (!measured || measured.number.measure === "percent")) return "point";
  const first = double.cell.includes(",") ? "thousands" : "decimal-point";
  return {
    kind: "ambiguous",
    row: double.row,
    cell: double.cell,
    reason: `${quoteCell(double.cell)} is not a number without doubt: it may be ${double.number.point} or ${double.number.comma}`,
    remedy: `pass ${optionText("parse", { [name]: first })} or ${optionText("parse", { [name]: "decimal-comma" })}`,
  };
}

/** The first half of a measure: `currency` of `currency:$`. */
const kindOf = (measure: string): string => measure.split(":")[0]!;

/** What is wrong with the measures: some cells lack what others have, or two differ. */
function unlikeMeasure(
  name: string,
  dress: ColumnDress,
  asked: readonly ColumnParse[],
  total: number,
): LeftOut | undefined {
  const { measured, other } = dress;
  if (!measured) return undefined;
  const { measure } = measured.number;
  const kind = kindOf(measure);
  const isAsked = asked.some((each) => each === measure || each === kind);
  const wantedUnit = asked.find((each) => each.startsWith("unit:"));
  const wrongUnit = wantedUnit !== undefined && wantedUnit !== measure;
  if (!wrongUnit && !other && dress.bare === 0) return undefined;
  if (!wrongUnit && isAsked && (!other || other.number.measure === "")) return undefined;
  const named = measure === "percent" ? "percent" : measure.slice(kind.length + 1);
  const differs = other && other.number.measure !== "" ? other : undefined;
  if (wrongUnit || differs) {
    const also = differs?.number.measure ?? wantedUnit!;
    // A slip among cells that are alike; or addresses, such as "12 Main Street".
    const isSlip = [...dress.measures.values()].some((count) => 2 * count > total);
    return {
      kind: isSlip ? "unlike" : "text",
      row: (differs ?? measured).row,
      cell: (differs ?? measured).cell,
      reason: differs
        ? `${quoteCell(differs.cell)} is a number in ${also === "percent" ? also : also.slice(kindOf(also).length + 1)}, ${quoteCell(measured.cell)} (row ${measured.row}) in ${named}`
        : `${quoteCell(measured.cell)} is a number in ${named}, not in ${also.slice(5)}, as ${optionText("parse")} says`,
      remedy: "convert the cells so that all are in one measure",
    };
  }
  return {
    kind: "unlike",
    row: measured.row,
    cell: measured.cell,
    reason: `${quoteCell(measured.cell)} is a number in ${named}, other cells do not say in what`,
    remedy: `if all are in ${named}, pass ${optionText("parse", { [name]: kind === "unit" ? measure : kind })}`,
  };
}

/** The record of a column of so many numbers, and which of its values count. */
export function dressRecord(
  name: string,
  dress: ColumnDress,
  asked: readonly ColumnParse[],
  numbers: number,
): { readonly record: ColumnRecord; readonly reading: "point" | "comma" | "none" } {
  const refusal = unlikeMeasure(name, dress, asked, numbers);
  const mark = refusal ?? decimalMark(name, dress, asked);
  if (typeof mark !== "string")
    return { record: { name, readAs: "text", parse: [], leftOut: mark }, reading: "none" };
  const parse: ColumnParse[] = [];
  const { first, measured } = dress;
  if (measured) {
    const kind = kindOf(measured.number.measure);
    parse.push((kind === "unit" ? measured.number.measure : kind) as ColumnParse);
  }
  if (mark === "comma") parse.push("decimal-comma");
  else if (dress.thousands) parse.push("thousands");
  if (dress.parentheses) parse.push("parentheses");
  if (dress.trailingMinus) parse.push("trailing-minus");
  if (dress.textNumber) parse.push("text-number");
  if (dress.leadingZeros) parse.push("leading-zeros");
  const known = [...asked, ...(asked.includes("currency") ? ["parentheses", "thousands"] : [])];
  const inferred = parse.some(
    (kind) => !known.includes(kind) && !(kind.startsWith("unit:") && known.includes("unit")),
  );
  const value = first && (mark === "comma" ? first.number.comma! : first.number.point!);
  const example = first && { row: first.row, cell: first.cell, value: value! };
  return {
    record: {
      name,
      readAs: "numbers",
      parse,
      ...(example ? { example } : {}),
      ...(inferred ? { inferred } : {}),
    },
    reading: mark,
  };
}
