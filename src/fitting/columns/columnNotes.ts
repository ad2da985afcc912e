/**
 * What the columns of a table are taken for, one line each.
 *
 * @module
 */

import { briefNumber, counted, rangeText } from "../../counted.ts";
import { optionText } from "../../optionText.ts";
import type { ColumnSchema } from "../../tables/schema/columnSchema.ts";
import { momentText } from "../../tables/schema/dateTimes.ts";

const percent = (part: number, whole: number): string => {
  const share = (100 * part) / whole;
  return share < 0.1 ? "less than 0.1 %" : `${Number(share.toPrecision(share < 1 ? 1 : 2))} %`;
};

/** Levels that are listed, and letters of one. */
const mostLevels = 4;
const mostLetters = 16;

function levelsText(levels: readonly (string | number)[]): string {
  const shown = levels.slice(0, mostLevels).map((level) => {
    const text = String(level);
    return text.length > mostLetters ? `${text.slice(0, mostLetters)}...` : text;
  });
  return `${counted(levels.length, "level")}: ${shown.join(", ")}${levels.length > mostLevels ? ", ..." : ""}`;
}

/** Step of a date-time in words. */
function momentStepText(step: number): string {
  const units = [
    [86_400_000, "day"],
    [3_600_000, "hour"],
    [60_000, "minute"],
    [1000, "second"],
  ] as const;
  const [size, unit] = units.find(([size]) => step % size === 0) ?? [1, "millisecond"];
  return step === size ? `to the ${unit}` : `in steps of ${briefNumber(step / size)} ${unit}s`;
}

/** Where cells lie, and how they were recorded. */
function valuesText({ kind, step, period, written }: ColumnSchema, cells: Float64Array): string {
  let least = Number.POSITIVE_INFINITY;
  let largest = Number.NEGATIVE_INFINITY;
  for (const cell of cells) {
    if (cell < least) least = cell;
    if (cell > largest) largest = cell;
  }
  if (least > largest) return "no value";
  if (kind === "date-time")
    return `${momentText(least, step ?? 1)} to ${momentText(largest, step ?? 1)}, ${momentStepText(step ?? 1)}`;
  if (kind === "angle" && written === "time-of-day") return "times of day";
  const turn = kind === "angle" ? `, turn ${briefNumber(period!)}` : "";
  const steps =
    step !== undefined && !(kind === "integer" && step === 1) ? `, in steps of ${briefNumber(step)}` : "";
  return `${rangeText(least, largest)}${turn}${steps}`;
}

/** What is said of a column's cells: levels or range, step, atoms, missing ones. */
export function cellsText(schema: ColumnSchema, cells: Float64Array): string {
  const { levels, atoms = [] } = schema;
  const rows = cells.length;
  const count = (holds: (cell: number) => boolean): number =>
    cells.reduce((sum, cell) => sum + Number(holds(cell)), 0);
  const empty = count(Number.isNaN);
  const parts = [
    levels ? levelsText(levels) : valuesText(schema, cells),
    ...(atoms.length > 0
      ? [
          `${atoms
            .slice(0, 3)
            .map(
              (atom) =>
                `${briefNumber(atom)} in ${percent(
                  count((cell) => cell === atom),
                  rows,
                )}`,
            )
            .join(", ")} of the rows`,
        ]
      : []),
    ...(empty > 0 ? [`missing in ${percent(empty, rows)}`] : []),
  ];
  return parts.join("; ");
}

/** What else a column may be, and the line of the warning that says so. */
export interface Doubt {
  readonly remedy: string;
  readonly warning: string;
}

/** What is said of a column that may be something else. */
export function doubtOf(
  { name, kind }: ColumnSchema,
  reason: string,
  doubt: { readonly kind: string; readonly text: string },
): Doubt {
  const remedy = `${doubt.text}, pass ${optionText("kinds", { [name]: doubt.kind })}`;
  return { remedy, warning: `column "${name}" is taken for ${kind} (${reason}); ${remedy}` };
}
