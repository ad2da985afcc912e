/**
 * The head that a description stands for. Descriptions come from files: they are checked before anything is made of them.
 *
 * @module
 */

import * as v from "valibot";
import { damaged, type FormatError } from "../../../errors.ts";
import { calendarParts } from "../calendar.ts";
import { type DensityColumn, hasLevels, levelsOf, stepOf } from "../column.ts";
import { angleHead } from "./angleHead.ts";
import type { ColumnHead, ColumnHeadJson } from "./columnHead.ts";
import { levelsHead } from "./levelsHead.ts";
import { cellsHead, mostPointMasses, pointHead } from "./mixtureHead.ts";

const finite = v.pipe(v.number(), v.finite());
const above0 = v.pipe(finite, v.gtValue(0));
const share = v.pipe(finite, v.gtValue(0), v.maxValue(1));
const wholeNumber = v.pipe(v.number(), v.safeInteger());
/** More components, or levels, than any fit makes. */
const components = v.pipe(wholeNumber, v.minValue(1), v.maxValue(64));
const knots = v.optional(v.pipe(wholeNumber, v.minValue(1), v.maxValue(64)));
const largestStretch = v.optional(share);
const levels = v.pipe(v.array(v.pipe(wholeNumber, v.minValue(0))), v.minLength(1), v.maxLength(1e7));

const domain = v.variant("type", [
  v.object({ type: v.literal("identity") }),
  v.object({ type: v.literal("asinh"), center: finite, scale: above0 }),
  v.object({ type: v.literal("log"), from: finite }),
  v.object({ type: v.literal("softplusInverse"), from: finite, scale: above0 }),
  v.object({ type: v.literal("logBelow"), to: finite }),
  v.pipe(
    v.object({ type: v.literal("logit"), from: finite, to: finite }),
    v.check(({ from, to }) => from < to, "the ends are not in order"),
  ),
]);
const map = v.object({
  domain,
  mixture: v.pipe(
    v.object({ logWeights: v.array(finite), means: v.array(finite), scales: v.array(above0) }),
    v.check(
      ({ logWeights, means, scales }) =>
        means.length > 0 &&
        means.length <= 64 &&
        logWeights.length === means.length &&
        scales.length === means.length,
      "the mixture has not as many weights, means and scales",
    ),
  ),
});
const isIncreasing = (values: readonly number[]): boolean =>
  values.every((value, i) => i === 0 || value > values[i - 1]!);

const schemas = {
  levels: v.pipe(
    v.object({
      type: v.literal("levels"),
      buckets: levels,
      shares: v.array(share),
      start: v.pipe(v.array(share), v.minLength(1), v.maxLength(4096)),
      unseen: v.optional(
        v.pipe(
          above0,
          v.check((own) => own < 1, "the share of levels that were not seen is 1 or more"),
        ),
      ),
    }),
    v.check(
      ({ buckets, shares, start }) =>
        shares.length === buckets.length && buckets.every((bucket) => bucket < start.length),
      "the levels have not a bucket and a share each",
    ),
    v.check(({ buckets, shares, start }) => {
      const sums = new Float64Array(start.length);
      buckets.forEach((bucket, level) => {
        sums[bucket]! += shares[level]!;
      });
      return sums.every((sum) => Math.abs(sum - 1) < 1e-6);
    }, "the shares of a bucket do not add up to 1"),
  ),
  point: v.pipe(
    v.object({
      type: v.literal("point"),
      map,
      components,
      knots,
      start: v.array(finite),
      largestStretch,
    }),
    v.check((head) => head.start.length === 3 * head.components, "start has not three numbers per component"),
  ),
  cells: v.pipe(
    v.object({
      type: v.literal("cells"),
      map,
      components,
      knots,
      start: v.array(finite),
      largestStretch,
      shares: v.optional(
        v.pipe(
          v.object({
            places: v.array(wholeNumber),
            counts: v.array(above0),
            values: v.optional(v.array(finite)),
            blend: share,
          }),
          v.check(
            ({ places, counts, values = counts }) =>
              places.length > 0 &&
              places.length === counts.length &&
              places.length === values.length &&
              isIncreasing(places),
            "the places are not in order, with a count each",
          ),
        ),
      ),
      frequent: v.pipe(
        v.array(wholeNumber),
        v.maxLength(mostPointMasses),
        v.check((places: number[]) => isIncreasing(places), "not in order"),
      ),
      masses: v.array(finite),
      seen: v.optional(
        v.pipe(
          v.array(wholeNumber),
          v.maxLength(4096),
          v.check((places: number[]) => isIncreasing(places), "not in order"),
        ),
      ),
      calendar: v.optional(v.pipe(v.array(v.picklist(calendarParts)), v.maxLength(calendarParts.length))),
    }),
    v.check((head) => head.start.length === 3 * head.components, "start has not three numbers per component"),
    v.check(
      (head) => head.masses.length === head.frequent.length,
      "masses has not one number per frequent place",
    ),
  ),
  angle: v.pipe(
    v.object({ type: v.literal("angle"), components, start: v.array(finite) }),
    v.check(
      (head) => head.start.length === 1 + 3 * head.components,
      "start has not three numbers per component, and one",
    ),
  ),
} as const;

/**
 * The head of a column.
 * @throws {@link FormatError} for a description that is damaged, or of another kind of column.
 */
export function headFromJson(column: DensityColumn, json: ColumnHeadJson): ColumnHead {
  const refused = (why: string): FormatError =>
    damaged(`column ${JSON.stringify(column.name)}: its head`, why);
  const expected = hasLevels(column)
    ? "levels"
    : column.kind === "angle"
      ? "angle"
      : stepOf(column) === undefined
        ? "point"
        : "cells";
  if (json?.type !== expected)
    throw refused(`the kind "${column.kind}" has the type "${expected}", not ${JSON.stringify(json?.type)}`);
  const parse = <Schema extends v.GenericSchema>(schema: Schema): v.InferOutput<Schema> => {
    const parsed = v.safeParse(schema, json);
    if (parsed.success) return parsed.output;
    const [issue] = parsed.issues;
    throw refused(`${v.getDotPath(issue) ?? expected}: ${issue.message}`);
  };
  switch (expected) {
    case "levels": {
      const { type: _, ...options } = parse(schemas.levels);
      if (options.buckets.length !== levelsOf(column))
        throw refused(`it has ${options.buckets.length} levels, the column ${levelsOf(column)}`);
      return levelsHead(options);
    }
    case "point": {
      const { type: _, ...options } = parse(schemas.point);
      return pointHead(column, options);
    }
    case "cells": {
      const { type: _, ...options } = parse(schemas.cells);
      return cellsHead(column, options);
    }
    case "angle": {
      const { type: _, ...options } = parse(schemas.angle);
      return angleHead(column, options);
    }
  }
}
