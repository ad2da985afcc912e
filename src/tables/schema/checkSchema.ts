/**
 * Whether a value is a schema.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { describeValue, refuse } from "../../options.ts";
import { singleForms } from "../recording/singlePrecision.ts";
import { type ColumnSchema, columnKinds, type TableSchema, unfittedKinds } from "./columnSchema.ts";
import { dateOrders } from "./dateTimes.ts";

const keys: readonly (keyof ColumnSchema)[] = [
  "name",
  "kind",
  "use",
  "step",
  "from",
  "decimals",
  "rounded",
  "lower",
  "upper",
  "period",
  "levels",
  "written",
  "atoms",
  "missing",
];

const waysOfWriting: readonly (readonly ["rounded" | "written", readonly string[]])[] = [
  ["rounded", singleForms],
  ["written", [...dateOrders, "time-of-day"]],
];

/**
 * Checks a schema, such as one from a file.
 * @throws UsageError that names the column and what is wrong with it.
 */
export function checkSchema(where: string, value: unknown): asserts value is TableSchema {
  const columns = (value as Partial<TableSchema> | null)?.columns;
  if (typeof value !== "object" || value === null || !Array.isArray(columns))
    refuse(where, "schema", "an object with an array of columns, as describe gives it", value);
  const names = new Set<string>();
  columns.forEach((column: unknown, place) => {
    const partial = column as Partial<ColumnSchema> | null;
    const what = `column ${place + 1} of schema`;
    if (typeof partial !== "object" || partial === null || typeof partial.name !== "string")
      refuse(
        where,
        what,
        'an object with a name, such as { "name": "age", "kind": "integer", "use": "fit" }',
        column,
      );
    const named = `column "${partial.name}" of schema`;
    if (names.has(partial.name!))
      throw new UsageError({
        where,
        problem: `${named} is there twice`,
        expected: "each column once",
        received: `${JSON.stringify(partial.name)} twice`,
        remedy: "take one of them out",
      });
    names.add(partial.name!);
    if (!columnKinds.includes(partial.kind!))
      refuse(where, `kind of ${named}`, `one of ${columnKinds.join(", ")}`, partial.kind);
    if (!["fit", "exclude", "keep"].includes(partial.use as string))
      refuse(where, `use of ${named}`, '"fit", "exclude" or "keep"', partial.use);
    if (partial.use === "fit" && unfittedKinds.includes(partial.kind!))
      throw new UsageError({
        where,
        problem: `${named} is of kind ${partial.kind}, which has no density`,
        expected: "a kind that has a density",
        received: `${partial.kind}`,
        remedy: 'give it another kind, or use "exclude"',
      });
    const unknownKey = Object.keys(partial).find((key) => !keys.includes(key as keyof ColumnSchema));
    if (unknownKey !== undefined)
      throw new UsageError({
        where,
        problem: `${named} has ${JSON.stringify(unknownKey)}, which means nothing`,
        expected: `keys of ${keys.join(", ")}`,
        received: JSON.stringify(unknownKey),
        remedy: `it may have ${keys.join(", ")}`,
      });
    for (const key of ["step", "from", "lower", "upper", "period"] as const)
      if (partial[key] !== undefined && !Number.isFinite(partial[key]))
        refuse(where, `${key} of ${named}`, "a finite number", partial[key]);
    for (const key of ["step", "period"] as const)
      if (partial[key] !== undefined && !(partial[key]! > 0))
        refuse(where, `${key} of ${named}`, "a number above 0", partial[key]);
    if (
      partial.decimals !== undefined &&
      !(Number.isInteger(partial.decimals) && partial.decimals! >= 0 && partial.decimals! <= 15)
    )
      refuse(where, `decimals of ${named}`, "a whole number from 0 to 15", partial.decimals);
    for (const [key, ways] of waysOfWriting)
      if (partial[key] !== undefined && !ways.includes(partial[key]))
        refuse(where, `${key} of ${named}`, `one of ${ways.join(", ")}`, partial[key]);
    if (partial.rounded !== undefined && partial.step === undefined && partial.decimals === undefined)
      refuse(where, `${named} is rounded: its step`, "a number above 0", partial.step);
    if (
      partial.missing !== undefined &&
      typeof partial.missing !== "boolean" &&
      partial.missing !== "marginal"
    )
      refuse(where, `missing of ${named}`, 'true, false or "marginal"', partial.missing);
    const isLevelled = ["categorical", "ordinal", "boolean"].includes(partial.kind!);
    if (isLevelled && partial.use === "fit" && !(Array.isArray(partial.levels) && partial.levels.length > 0))
      refuse(where, `levels of ${named}`, "a list of texts or numbers", partial.levels);
    if (partial.levels && new Set(partial.levels).size !== partial.levels.length)
      throw new UsageError({
        where,
        problem: `${named} names a level twice: ${describeValue(partial.levels)}`,
        expected: "levels that are all different",
        received: describeValue(partial.levels),
        remedy: "take one of them out",
      });
    if (partial.kind === "angle" && partial.use === "fit" && partial.period === undefined)
      refuse(where, `period of ${named}`, "a number above 0, such as 360", partial.period);
    if (partial.kind === "interval" && partial.use === "fit" && !(partial.lower! < partial.upper!))
      throw new UsageError({
        where,
        problem: `${named} is an interval, which needs a lower bound and an upper one above it`,
        expected: "a lower bound and an upper one above it",
        received: `${describeValue(partial.lower)} and ${describeValue(partial.upper)}`,
      });
  });
}
