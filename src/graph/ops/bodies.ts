/**
 * Operations with a body: maps over features, and scans over stacked values.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import { callback, checkArgument, checkedOptions, count, flag, listOf } from "../../options.ts";
import {
  type Expr,
  formatShape,
  type MapExpr,
  type ScanExpr,
  type SlotExpr,
  sameShape,
  sizeOf,
  spaceOf,
} from "../expr.ts";

import { scanOf, substitute } from "../rebuild.ts";
import { scalarize } from "../scalarize.ts";
import { sliceAt } from "../stackedValues.ts";
import { anExpression, asExpr, checkExpressions, slot, type Value } from "./leaves.ts";
import { project, type ScalarBody } from "./maps.ts";
import { reshape } from "./moves.ts";

/**
 * Applies a scalar program to each feature.
 *
 * Each block is `[features]` or `[features, k]`; the body gets, block by block, the k scalars of one feature (one
 * for `[features]`), and returns its results, one list of scalars a result. Returned values have shape `[features]`
 * for a list of one scalar and `[features, k]` otherwise. A body sees its scalars and constants alone: what else it needs must
 * be a block. What it does with small vectors of them (sums, `logSumExp`, moves, products, maps) is written out as scalars.
 * @throws ShapeError if a result is not a scalar, or the body reads a value from outside, sums over rows, or iterates.
 */
export function mapFeatures(
  blocks: readonly Expr[],
  body: (...slots: (readonly Expr[])[]) => readonly (readonly Value[])[],
): Expr[] {
  checkArgument("ops.mapFeatures", "body", body, callback);
  return mapFeaturesOf(blocks, bodyOfFeatures(blocks, body));
}

/** The body that {@link mapFeatures} applies: the same for all blocks of as many scalars a feature. */
export function bodyOfFeatures(
  blocks: readonly Expr[],
  body: (...slots: (readonly Expr[])[]) => readonly (readonly Value[])[],
): ScalarBody {
  featuresOf(blocks);
  const slots = blocks.map((block) => Array.from({ length: block.shape[1] ?? 1 }, () => slot([], "row")));
  return checkedBody(
    slots,
    body(...slots).map((result) => result.map(asExpr)),
  );
}

/** {@link mapFeatures} by a body that is there. */
export function mapFeaturesOf(blocks: readonly Expr[], body: ScalarBody): Expr[] {
  const features = featuresOf(blocks);
  return mapOfBody(blocks, features, body).map((result) =>
    result.shape[1] === 1 ? reshape(result, [features]) : result,
  );
}

/** How many features blocks have. */
function featuresOf(blocks: readonly Expr[]): number {
  checkArgument("ops.mapFeatures", "blocks", blocks, listOf(anExpression, "an array of expressions"));
  const features = blocks[0]?.shape[0];
  if (features === undefined)
    throw new ShapeError({
      where: "mapFeatures",
      subject: "the first block",
      expected: "[features] or [features, k]",
      received: formatShape(blocks[0]?.shape ?? []),
    });
  for (const block of blocks)
    if (block.shape[0] !== features || block.shape.length > 2)
      throw new ShapeError({
        where: "mapFeatures",
        subject: "a block",
        expected: `of ${features} features`,
        received: formatShape(block.shape),
      });
  return features;
}

/** A map from ready slots and results; each result has shape `[features, k]`. Meant for graph transforms. */
export function mapOf(
  blocks: readonly Expr[],
  features: number,
  slots: readonly (readonly SlotExpr[])[],
  results: readonly (readonly Expr[])[],
): Expr[] {
  return mapOfBody(blocks, features, checkedBody(slots, results));
}

function checkedBody(
  slots: readonly (readonly SlotExpr[])[],
  results: readonly (readonly Expr[])[],
): ScalarBody {
  for (const scalar of results.flat())
    if (sizeOf(scalar.shape) !== 1)
      throw new ShapeError({
        where: "mapFeatures",
        subject: "what the body gives",
        expected: "scalars",
        received: formatShape(scalar.shape),
      });
  return scalarBody(slots, results);
}

/** The body of some scalars, each of size 1. */
function scalarBody(
  slots: readonly (readonly SlotExpr[])[],
  results: readonly (readonly Expr[])[],
): ScalarBody {
  const flat = scalarize(results.flat(), new Set(slots.flat()));
  let next = 0;
  return { slots, results: results.map((result) => result.map(() => flat[next++]!)) };
}

/** A map from a ready body, which other maps may have as well. */
export function mapOfBody(blocks: readonly Expr[], features: number, body: ScalarBody): Expr[] {
  const map: MapExpr = { op: "map", features, body, shape: [], space: spaceOf(blocks), inputs: blocks };
  return body.results.map((_, index) => project(map, index));
}

/**
 * Applies `body` once for each slice of some stacked values, to the state that the application before has left; returns
 * the last state. A chain of hundreds of equal maps with parameters of their own is one scan.
 *
 * @param steps - Number of slices, at least 1.
 * @param stacked - Shared values `[steps, ...]`; the body gets their slices `[...]`.
 * The derivative is a loop of its own. It keeps a state every `keptEvery` steps and computes the steps between once more: the states of so many
 * steps are there at a time. By default it keeps all where steps times size of the state are at most 1024, else a state every ceil(sqrt(steps)) steps.
 *
 * @param options - `reversed`: from the last slice to the first.
 */
export function scan(
  initial: Expr,
  steps: number,
  stacked: readonly Expr[],
  body: (state: Expr, slices: readonly Expr[]) => Expr,
  options: { readonly reversed?: boolean; readonly keptEvery?: number | undefined } = {},
): Expr {
  checkExpressions("scan", initial);
  checkArgument("ops.scan", "steps", steps, count);
  checkArgument("ops.scan", "stacked", stacked, listOf(anExpression, "an array of expressions"));
  checkArgument("ops.scan", "body", body, callback);
  const { reversed = false, keptEvery } = checkedOptions("ops.scan", options, {
    reversed: flag,
    keptEvery: count,
  });
  for (const value of stacked)
    if (value.space === "row" || value.shape[0] !== steps)
      throw new ShapeError({
        where: "scan",
        subject: "a stacked value",
        expected: `shared, of shape [${steps}, ...]`,
        received: formatShape(value.shape),
      });
  const state = slot(initial.shape, "row");
  const slices = stacked.map((value) => slot(value.shape.slice(1), "step"));
  const result = body(state, slices);
  if (!sameShape(result.shape, initial.shape))
    throw new ShapeError({
      where: "scan",
      subject: "what the body gives",
      expected: formatShape(initial.shape),
      received: formatShape(result.shape),
    });
  return scanOf(initial, { steps, reversed, keptEvery, slot: state, slices, stacked, result });
}

/** The scan written out, step after step: its meaning. */
export function unrolledScan(node: ScanExpr): Expr {
  const stacked = node.inputs.slice(1, 1 + node.slices.length);
  let state = node.inputs[0]!;
  for (let step = 0; step < node.steps; step++) {
    const at = node.reversed ? node.steps - 1 - step : step;
    const replacements = new Map<Expr, Expr>([[node.slot, state]]);
    node.slices.forEach((slice, i) => {
      replacements.set(slice, sliceAt(stacked[i]!, at));
    });
    state = substitute([node.result], replacements)[0]!;
  }
  return state;
}
