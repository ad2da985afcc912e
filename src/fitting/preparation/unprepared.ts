/**
 * The preparation of columns that are taken as they are.
 *
 * @module
 */

import type { Architecture } from "../../architectures/architecture.ts";
import { standardization } from "../../bijections/linear/standardization.ts";
import { unitVectors } from "../../bijections/sphere/unitVectors.ts";
import { ofRows } from "../../counted.ts";
import { isManyToOne } from "../../distributions/bounds/manyToOne.ts";
import { DataError, UsageError } from "../../errors.ts";
import { describeValue } from "../../options.ts";
import { optionText } from "../../optionText.ts";
import type { FitData } from "../fitData.ts";
import type { Preparation } from "./preparation.ts";

/** Columns as they are. */
export function unprepared(width: number): Preparation {
  return {
    bijection: standardization({ features: width }),
    values: { mean: new Float64Array(width), scale: new Float64Array(width).fill(1) },
  };
}

/**
 * Refuses what an architecture cannot take as it is: rows off the sphere for a flow of unit vectors, off the grid for one of rounded numbers.
 * @throws DataError that shows one; UsageError for probabilities of a grid that are taken for densities.
 */
export function checkUnprepared(data: FitData, architecture: Architecture): void {
  checkUnitVectors(data, architecture);
  const { base, bijection, preparation } = architecture;
  if (!base.bound) return;
  if (data.simplex)
    throw new UsageError({
      where: "fit",
      problem: `a flow with a bound in place of a log-density has none of shares`,
      expected: `no ${optionText("simplex")}`,
      received: data.simplex.shares.join(", "),
      remedy: "leave it out",
    });
  if (!isManyToOne(base) || bijection.type !== "permutation" || preparation !== "none")
    throw new UsageError({
      where: "fit",
      problem: `the base ${base.type} has a bound in place of a log-density, and a map behind it`,
      expected: "what surjectiveFlow makes",
      received: `${bijection.type} of ${base.type}`,
      remedy: "give the map as the flow of surjectiveFlow({ surjection, flow })",
    });
  if (base.bound.step !== undefined) checkGrid(data, base.bound.step);
}

/** How far off a grid a number may be, in steps. */
const offGrid = 1e-3;

/** @throws DataError for a number that is not on a grid. */
function checkGrid({ train, validation, columns }: FitData, step: number): void {
  for (const data of [train.data, validation?.data ?? []])
    for (const [i, value] of data.entries())
      if (!(Math.abs(value / step - Math.round(value / step)) < offGrid))
        throw new DataError({
          where: "fit",
          problem: `column "${columns[i % columns.length]}" has ${value}, which is no multiple of ${step}, the step of the rounding`,
          expected: `multiples of ${step}`,
          received: `${value}`,
          remedy: "give rounding the step that the numbers have",
        });
}

/** How far from 1 lengths of unit vectors may be. */
const tolerance = 1e-3;

/** @throws DataError that shows a row off the sphere, for a flow of unit vectors. */
function checkUnitVectors({ train, validation, columns }: FitData, { kind, bijection }: Architecture): void {
  if (bijection.codomainRegion !== unitVectors) return;
  const width = columns.length;
  const rows = [train.data, validation?.data ?? new Float64Array(0)].flatMap((data) =>
    Array.from({ length: data.length / width }, (_, i) => data.subarray(i * width, (i + 1) * width)),
  );
  const odd = rows.filter((row) => !(Math.abs(Math.hypot(...row) - 1) <= tolerance));
  const [first] = odd;
  if (!first) return;
  const shown = columns.map((name, i) => `${name} ${describeValue(first[i])}`).join(", ");
  throw new DataError({
    where: "fit",
    problem: `${ofRows(odd.length, rows.length, "are")} not unit vectors, of which ${kind === "custom" ? "the architecture" : kind} is a flow, such as ${shown}, of the length ${Math.hypot(...first).toPrecision(4)}`,
    expected: "rows of the length 1, to a thousandth",
    received: `one of the length ${Math.hypot(...first).toPrecision(4)}`,
    remedy: "divide each row by its length",
  });
}
