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
import { closestName, listNames } from "../../closestName.ts";
import { UsageError } from "../../errors.ts";
import { optionText } from "../../optionText.ts";
import { columnNamed, columnOfKind } from "../../tables/schema/columnKind.ts";
import type { ColumnSchema, TableSchema } from "../../tables/schema/columnSchema.ts";
import type { Table } from "../../tables/table.ts";
import { circularShift } from "../../transformers/circular/circularShift.ts";
import { realLine } from "../../transformers/interval.ts";
import type { FitData } from "../fitData.ts";
import type { FitOptions } from "../fitOptions.ts";
import { chainPreparations, type Preparation } from "./preparation.ts";

/**
 * What the columns of a flow of angles are, the given ones first: of each fitted column its turn, as its kind says.
 * @throws UsageError for a column that is not said to be an angle, or a flow whose columns are any numbers.
 */
export function turnsOf(
  table: Table,
  { tableColumns: columns, given, simplex }: FitData,
  { kind, bijection }: Architecture,
  { kinds = {} }: Pick<FitOptions, "kinds">,
): TableSchema {
  if (!(bijection.codomain ?? [realLine]).every((interval) => interval.every(Number.isFinite)))
    throw new UsageError({
      where: "fit",
      problem: `${optionText("kinds")} means nothing for ${kind}, whose columns are any numbers`,
      expected: `no ${optionText("kinds")}`,
      received: Object.keys(kinds).join(", "),
      remedy: `leave it out, or fit ${optionText("flow", "columns")} or ${optionText("flow", "ncsf")}`,
    });
  const stray = Object.keys(kinds).find((name) => !columns.includes(name));
  if (stray !== undefined) {
    const closest = closestName(stray, columns);
    throw new UsageError({
      where: "fit",
      problem: `${optionText("kinds")} names "${stray}", which is not a fitted column${closest === undefined ? "" : ` (did you mean "${closest}"?)`}`,
      expected: `some of ${columns.join(", ")}`,
      received: `"${stray}"`,
      remedy: `the fitted columns are: ${listNames(columns)}`,
    });
  }
  if (simplex)
    throw new UsageError({
      where: "fit",
      problem: `${kind} is a flow of angles, and shares of a total are none`,
      expected: `no ${optionText("simplex")}`,
      received: simplex.shares.join(", "),
      remedy: "leave it out, or fit another kind",
    });
  const fitted = columns.map((name): ColumnSchema => {
    const said = kinds[name];
    if (said?.split(":")[0] !== "angle")
      throw new UsageError({
        where: "fit",
        problem: `${kind} is a flow of angles, and column "${name}" ${said === undefined ? "has no period" : `is said to be ${said}`}`,
        expected: "an angle with its period",
        received: said ?? "none",
        remedy: `say ${optionText("kinds", { [name]: "angle:360" })} if it is in degrees, or leave the column out`,
      });
    const schema = columnOfKind(table, columnNamed(table, name, optionText("kinds")), said);
    // The density is that of any angle: what steps they were recorded in is not said.
    const { lower, period } = schema;
    return { name, kind: "angle", use: "fit", ...(lower === undefined ? {} : { lower }), period };
  });
  const numbers = given.map((name) => ({ name, kind: "continuous", use: "fit" }) as const);
  return { columns: [...numbers, ...fitted] };
}

/** Columns to radians: those with a period, which are all that are fitted. */
export function turnPreparation({ columns }: TableSchema): Preparation {
  const turns = columns.flatMap(({ lower = 0, period }) => (period === undefined ? [] : [{ lower, period }]));
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
