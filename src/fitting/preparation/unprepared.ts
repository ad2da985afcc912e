/**
 * The preparation of columns that are taken as they are.
 *
 * @module
 */

import type { Architecture } from "../../architectures/architecture.ts";
import { standardization } from "../../bijections/linear/standardization.ts";
import { unitVectors } from "../../bijections/sphere/unitVectors.ts";
import { DataError } from "../../errors.ts";
import { describeValue } from "../../options.ts";
import type { FitData } from "../fitData.ts";
import type { Preparation } from "./preparation.ts";

/** Columns as they are. */
export function unprepared(width: number): Preparation {
  return {
    bijection: standardization({ features: width }),
    values: { mean: new Float64Array(width), scale: new Float64Array(width).fill(1) },
  };
}

/** How far from 1 lengths of unit vectors may be. */
const tolerance = 1e-3;

/**
 * Refuses rows off the sphere, for a flow of unit vectors.
 * @throws DataError that shows one.
 */
export function checkUnitVectors(
  { train, validation, columns }: FitData,
  { kind, bijection }: Architecture,
): void {
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
    problem: `${odd.length} of ${rows.length} rows are not unit vectors, of which ${kind === "custom" ? "the architecture" : kind} is a flow, such as ${shown}, of the length ${Math.hypot(...first).toPrecision(4)}`,
    expected: "rows of the length 1, to a thousandth",
    received: `one of the length ${Math.hypot(...first).toPrecision(4)}`,
    remedy: "divide each row by its length",
  });
}
