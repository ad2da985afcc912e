/**
 * Whether a value is a schema.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { describeValue, refuse } from "../../options.ts";
import { type ColumnSchema, columnKinds, type TableSchema, unfittedKinds } from "./columnSchema.ts";

const keys: readonly (keyof ColumnSchema)[] = [
  "name",
  "kind",
  "use",
  "step",
  "from",
  "decimals",
  "lower",
  "upper",
  "period",
  "levels",
  "written",
  "atoms",
  "missing",
];

/**
 * Checks a schema, such as one from a file.
 * @throws UsageError that names the column and what is wrong with it.
 */
export function checkSchema(where: string, value: unknown): asserts value is TableSchema {
  const columns = (value as Partial<TableSchema> | null)?.columns;
  if (typeof value !== "object" || value === null || !Array.isArray(columns))
    refuse(where, "schema", "an object with an array of columns, as describe gives it", value);
  const seen = new Set<string>();
  columns.forEach((column: unknown, place) => {
    const own = column as Partial<ColumnSchema> | null;
    const what = `column ${place + 1} of schema`;
    if (typeof own !== "object" || own === null || typeof own.name !== "string")
      refuse(
        where,
        what,
        'an object with a name, such as { "name": "age", "kind": "integer", "use": "fit" }',
        column,
      );
    const named = `column "${own.name}" of schema`;
    if (seen.has(own.name!)) throw new UsageError(`${where}: ${named} is there twice.`);
    seen.add(own.name!);
    if (!columnKinds.includes(own.kind!))
      refuse(where, `kind of ${named}`, `one of ${columnKinds.join(", ")}`, own.kind);
    if (!["fit", "exclude", "keep"].includes(own.use as string))
      refuse(where, `use of ${named}`, '"fit", "exclude" or "keep"', own.use);
    if (own.use === "fit" && unfittedKinds.includes(own.kind!))
      throw new UsageError(
        `${where}: ${named} is of kind ${own.kind}, which has no density; give it another kind, or use "exclude".`,
      );
    const strange = Object.keys(own).find((key) => !keys.includes(key as keyof ColumnSchema));
    if (strange !== undefined)
      throw new UsageError(
        `${where}: ${named} has ${JSON.stringify(strange)}, which means nothing; it may have ${keys.join(", ")}.`,
      );
    for (const key of ["step", "from", "lower", "upper", "period"] as const)
      if (own[key] !== undefined && !Number.isFinite(own[key]))
        refuse(where, `${key} of ${named}`, "a finite number", own[key]);
    for (const key of ["step", "period"] as const)
      if (own[key] !== undefined && !(own[key]! > 0))
        refuse(where, `${key} of ${named}`, "a number above 0", own[key]);
    if (
      own.decimals !== undefined &&
      !(Number.isInteger(own.decimals) && own.decimals! >= 0 && own.decimals! <= 15)
    )
      refuse(where, `decimals of ${named}`, "a whole number from 0 to 15", own.decimals);
    if (own.missing !== undefined && typeof own.missing !== "boolean" && own.missing !== "marginal")
      refuse(where, `missing of ${named}`, 'true, false or "marginal"', own.missing);
    const isLevelled = ["categorical", "ordinal", "boolean"].includes(own.kind!);
    if (isLevelled && own.use === "fit" && !(Array.isArray(own.levels) && own.levels.length > 0))
      refuse(where, `levels of ${named}`, "a list of texts or numbers", own.levels);
    if (own.levels && new Set(own.levels).size !== own.levels.length)
      throw new UsageError(`${where}: ${named} names a level twice: ${describeValue(own.levels)}.`);
    if (own.kind === "angle" && own.use === "fit" && own.period === undefined)
      refuse(where, `period of ${named}`, "a number above 0, such as 360", own.period);
    if (own.kind === "interval" && own.use === "fit" && !(own.lower! < own.upper!))
      throw new UsageError(
        `${where}: ${named} is an interval, which needs a lower bound and an upper one above it.`,
      );
  });
}
