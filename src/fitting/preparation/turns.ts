/**
 * The preparation of angles: radians from -pi to pi, of which the fit learns nothing.
 *
 *     inverse   x = (y - middle) 2 pi / period, brought into the turn        log derivative log(2 pi / period)
 *
 * @module
 */

import type { Architecture } from "../../architectures/architecture.ts";
import { elementwise } from "../../bijections/autoregressive/elementwise.ts";
import { standardization } from "../../bijections/linear/standardization.ts";
import { UsageError } from "../../errors.ts";
import { optionText } from "../../optionText.ts";
import { columnNamed, columnOfKind } from "../../tables/schema/columnKind.ts";
import type { Table } from "../../tables/table.ts";
import { circularShift } from "../../transformers/circular/circularShift.ts";
import { realLine } from "../../transformers/interval.ts";
import type { Turn } from "../fitData.ts";
import { chainPreparations, type Preparation } from "./preparation.ts";

/**
 * The turn of each fitted column, as its kind says.
 * @throws UsageError for a column that is not said to be an angle, or a flow whose columns are any numbers.
 */
export function turnsOf(
  table: Table,
  columns: readonly string[],
  { kind, bijection }: Architecture,
  kinds: Readonly<Record<string, string>> = {},
): readonly Turn[] {
  if (!(bijection.codomain ?? [realLine]).every((interval) => interval.every(Number.isFinite)))
    throw new UsageError({
      where: "fit",
      problem: `${optionText("kinds")} means nothing for ${kind}, whose columns are any numbers`,
      expected: `no ${optionText("kinds")}`,
      received: Object.keys(kinds).join(", "),
      remedy: `leave it out, or fit ${optionText("flow", "columns")} or ${optionText("flow", "ncsf")}`,
    });
  const stray = Object.keys(kinds).find((name) => !columns.includes(name));
  if (stray !== undefined)
    throw new UsageError({
      where: "fit",
      problem: `${optionText("kinds")} names "${stray}", which is not a fitted column`,
      expected: `some of ${columns.join(", ")}`,
      received: `"${stray}"`,
      remedy: "leave it out",
    });
  return columns.map((name): Turn => {
    const said = kinds[name];
    if (said?.split(":")[0] !== "angle")
      throw new UsageError({
        where: "fit",
        problem: `${kind} is a flow of angles, and column "${name}" ${said === undefined ? "has no period" : `is said to be ${said}`}`,
        expected: "an angle with its period",
        received: said ?? "none",
        remedy: `say ${optionText("kinds", { [name]: "angle:360" })} if it is in degrees, or leave the column out`,
      });
    const { period, lower = 0 } = columnOfKind(table, columnNamed(table, name, optionText("kinds")), said);
    return { lower, period: period! };
  });
}

/** Columns to radians. */
export function turnPreparation(turns: readonly Turn[]): Preparation {
  const features = turns.length;
  return chainPreparations([
    {
      bijection: elementwise({ features, transformer: circularShift({ shift: 0, outside: "wrapped" }) }),
      values: {},
    },
    {
      bijection: standardization({ features }),
      values: {
        mean: Float64Array.from(turns, ({ lower, period }) => lower + 0.5 * period),
        scale: Float64Array.from(turns, ({ period }) => (0.5 * period) / Math.PI),
      },
    },
  ]);
}
