/**
 * A flow of the graph between columns that an option of a fit names.
 *
 * @module
 */

import type { Architecture } from "../../architectures/architecture.ts";
import { graphicalFlowOf } from "../../architectures/graphical/graphicalFlow.ts";
import { closestName, listNames } from "../../closestName.ts";
import { UsageError } from "../../errors.ts";
import { describeValue } from "../../options.ts";
import { optionText } from "../../optionText.ts";
import { affineTransformer } from "../../transformers/affineTransformer.ts";
import type { FitOptions } from "../fitOptions.ts";

/** Options that say what the graph says, or nothing of it. */
const idle = ["transforms", "embedding", "simplex", "from", "kinds", "base"] as const;

/**
 * The architecture of a graph: `maf` is of affine maps, others of splines.
 * @throws UsageError for a name that is not a fitted column, or columns that depend on each other in a circle.
 */
export function graphOfColumns(
  columns: readonly string[],
  given: readonly string[],
  { flow, parents = {}, hidden, ...others }: FitOptions,
): Architecture {
  const odd = idle.find((name) => others[name] !== undefined);
  if (odd !== undefined || (flow !== undefined && typeof flow !== "string"))
    throw new UsageError({
      where: "fit",
      problem: `${optionText("parents")} makes a flow of one map for each column, and has no ${odd ?? "architecture"} beside it`,
      expected: `no ${odd ?? "architecture"} beside ${optionText("parents")}`,
      received: "both",
      remedy: odd === undefined ? "give graphicalFlow({ parents }) as the flow" : "leave one of the two out",
    });
  const placeOf = (name: string): number => {
    const place = columns.indexOf(name);
    if (place >= 0) return place;
    const closest = closestName(name, columns);
    const isGiven = given.includes(name);
    throw new UsageError({
      where: "fit",
      problem: `${optionText("parents")} names ${JSON.stringify(name)}, which is not a fitted column`,
      expected: `some of ${listNames(columns)}`,
      received: describeValue(name),
      remedy: isGiven
        ? "leave it out: all columns depend on what is given"
        : closest === undefined
          ? `the fitted columns are: ${listNames(columns)}`
          : `did you mean ${JSON.stringify(closest)}?`,
    });
  };
  for (const [name, own] of Object.entries(parents)) {
    placeOf(name);
    if (!Array.isArray(own) || !own.every((parent) => typeof parent === "string"))
      throw new UsageError({
        where: "fit",
        subject: `parents.${name}`,
        expected: 'an array of names, such as ["x", "y"]',
        received: describeValue(own),
      });
  }
  return graphicalFlowOf(
    {
      features: columns.length,
      context: given.length,
      parents: columns.map((name) => (Object.hasOwn(parents, name) ? parents[name]! : []).map(placeOf)),
      ...(flow === "maf" ? { transformer: affineTransformer() } : {}),
      hidden,
    },
    "fit",
    columns,
  );
}
