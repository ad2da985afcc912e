/**
 * Sums over a sorted list of places. It is what cells need beside formulas, and what targets do each in its own way: by comparing a place
 * with all of the list, or by searching.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";

/** Sums of weights, `[1]` each: of the places below some place, of that on it, and of those above it. */
export type PlaceSums = Readonly<Record<"below" | "at" | "above", Expr>>;

/** The sums of a place `[1]`, a finite number; `places` are in order, each with a weight. */
export type SumsByPlace = (place: Expr, places: readonly number[], weights: readonly number[]) => PlaceSums;

/** By comparing with each place: as many steps as there are places. */
export const sumsByComparing: SumsByPlace = (place, places, weights) => {
  const list = g.constant(places);
  const ofPlaces = g.constant(weights);
  const sumWhere = (conditions: Expr): Expr => g.reshape(g.sum(g.select(conditions, ofPlaces, 0)), [1]);
  return {
    below: sumWhere(g.less(list, place)),
    at: sumWhere(g.mul(g.lessEqual(list, place), g.lessEqual(place, list))),
    above: sumWhere(g.less(place, list)),
  };
};
