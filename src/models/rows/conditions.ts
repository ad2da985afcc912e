/**
 * What rows are given: a number for all rows, or one for each, of every given column.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { anyNumber, checkArgument, either, numbers, refuse } from "../../options.ts";
import { optionText } from "../../optionText.ts";
import type { SampleOptions } from "../flowOptions.ts";
import { refuseGiven } from "./refuseGiven.ts";

/** What rows are given, one entry per column: a number for all of them, or one for each. */
export type Conditions = readonly (number | ArrayLike<number>)[];

/**
 * The values that n rows are given, in the order of the given columns.
 * @throws {@link UsageError} if a given column has no value, or not one for each row, or another column has one; DataError, which names
 *   the row, for a number of a list that is not finite.
 */
export function checkedConditions(
  where: string,
  given: readonly string[],
  n: number,
  values: SampleOptions["given"],
): Conditions {
  const conditions = given.map((name) => {
    // Not what an object inherits: a column may be called "constructor".
    const value = Object.hasOwn(values ?? {}, name) ? values?.[name] : undefined;
    if (value === undefined)
      throw new UsageError({
        where,
        problem: `the flow is given ${given.join(", ")}`,
        expected: `a value for "${name}"`,
        received: "none",
        remedy: `name a value for "${name}", as in ${optionText("given", { [name]: 1 })}`,
      });
    checkArgument(where, `given["${name}"]`, value, either(anyNumber, numbers));
    const condition = value as number | ArrayLike<number>;
    if (typeof condition !== "number" && condition.length !== n)
      refuse(where, `given["${name}"]`, `one number for each of the ${n} rows`, condition.length);
    const numbersGiven = typeof condition === "number" ? [condition] : condition;
    const wrong: number = Array.prototype.findIndex.call(numbersGiven, (number) => !Number.isFinite(number));
    if (wrong >= 0)
      refuseGiven(
        where,
        name,
        typeof condition === "number" ? undefined : wrong,
        "finite",
        numbersGiven[wrong],
      );
    // The caller may change the numbers while rows are drawn.
    return typeof condition === "number" ? condition : Float64Array.from(condition);
  });
  for (const name of Object.keys(values ?? {}))
    if (!given.includes(name))
      throw new UsageError({
        where,
        problem: `"${name}" is not a column that the flow is given`,
        expected: given.length === 0 ? "no given values" : `values of ${given.join(", ")}`,
        received: `"${name}"`,
        remedy: "leave it out",
      });
  return conditions;
}

/** The given values of some rows, row-major. */
export function conditionRows(conditions: Conditions, start: number, rows: number): Float64Array {
  const width = conditions.length;
  const out = new Float64Array(rows * width);
  conditions.forEach((values, i) => {
    for (let row = 0; row < rows; row++)
      out[row * width + i] = typeof values === "number" ? values : values[start + row]!;
  });
  return out;
}

/** Rows with the given values before their own. */
export function withConditions(data: Float64Array, conditions: Conditions, n: number): Float64Array {
  if (conditions.length === 0 || n === 0) return data;
  const width = data.length / n;
  const given = conditionRows(conditions, 0, n);
  const all = conditions.length + width;
  const out = new Float64Array(n * all);
  for (let row = 0; row < n; row++) {
    out.set(given.subarray(row * conditions.length, (row + 1) * conditions.length), row * all);
    out.set(data.subarray(row * width, (row + 1) * width), row * all + conditions.length);
  }
  return out;
}
