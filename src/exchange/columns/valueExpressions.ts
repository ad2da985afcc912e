/**
 * Values of columns as their heads read them, as expressions: the parts that several heads have in common, and the cell of a grid.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type CalendarPart, turns } from "../../models/columns/calendar.ts";
import { farthestZ, type GridShares, type MarginalMap } from "../../models/columns/heads/marginalMap.ts";
import {
  type CellsHeadOptions,
  type gridOf,
  leastWidth,
  logisticDeviation,
} from "../../models/columns/heads/mixtureHead.ts";
import {
  domainDifference,
  domainToLine,
  mixtureLogMass,
  mixtureLogs,
  withinReach,
} from "./marginalExpressions.ts";

/** z, and how far along each stretch it is, about 0. */
export function position(z: Expr, knots: number): Expr {
  const share = g.mul(knots, g.sigmoid(z));
  const stretches = Array.from({ length: knots }, (_, k) =>
    g.add(g.clamp(g.sub(share, k), 0, 1), (k + 0.5) / knots - 1),
  );
  return g.concatenate([g.div(z, logisticDeviation), ...stretches]);
}

/** Cosine and sine of an angle and of its double. */
export const circle = (angle: Expr): Expr =>
  g.concatenate([g.cos(angle), g.sin(angle), g.cos(g.mul(2, angle)), g.sin(g.mul(2, angle))]);

/** What comes after the point of a number of turns, in radians. */
export const radiansOf = (part: Expr): Expr => g.mul(2 * Math.PI, g.sub(part, g.floor(part)));

/** Features of a moment. */
export function calendar(parts: readonly CalendarPart[], moment: Expr): Expr {
  return g.concatenate(parts.map((part) => circle(radiansOf(g.div(moment, turns[part])))));
}

/** Where a value lies on a grid, and whether it is on it: values as files hold them are off by their last digits. */
export function placeOnGrid(
  value: Expr,
  from: number,
  step: number,
): { readonly place: Expr; readonly isOn: Expr } {
  const exact = g.div(g.sub(value, from), step);
  const place = g.floor(g.add(exact, 0.5));
  const isOn = g.lessEqual(g.abs(g.sub(exact, place)), g.add(1e-3, g.mul(1e-14, g.abs(exact))));
  return { place, isOn };
}

/** A place on a grid that may be computed with where the value is on none. */
export function somePlace({ shares, frequent }: CellsHeadOptions, first: number, last: number): number {
  return shares?.places[0] ?? frequent[0] ?? Math.max(first, Math.min(last, 0));
}

/** Weight of the smooth part. */
export const blendOf = (shares: GridShares | undefined): number =>
  shares && shares.places.length > 0 ? shares.blend : 1;

/** Logarithms of the shares of a grid's values before a place, on it and after it; those `through` and `beyond` it are with it, and without it. */
export type LogShares = Readonly<Record<"before" | "share" | "after" | "through" | "beyond", Expr>>;

/**
 * The cell of a place in z: see `MarginalCells`.
 * @param anywhere - A value inside the domain.
 */
export function cellOfPlace(
  { domain, mixture }: MarginalMap,
  anywhere: number,
  { from, step, first, last }: ReturnType<typeof gridOf>,
  knots: number,
  logBlend: number,
  place: Expr,
  shares: LogShares,
): Readonly<Record<"low" | "high" | "width" | "logShrinkage" | "positions", Expr>> {
  const isFirst = g.lessEqual(place, first);
  const isLast = g.less(last, g.add(place, 1));
  const edge = (shift: number): Expr => g.add(from, g.mul(step, g.add(place, shift)));
  const lowEdge = domainToLine(domain, g.select(isFirst, anywhere, edge(-0.5)));
  const highEdge = domainToLine(domain, g.select(isLast, anywhere, edge(0.5)));
  const none = Number.NEGATIVE_INFINITY;
  const smoothBelow = mixtureLogs(mixture, lowEdge);
  const smoothAbove = mixtureLogs(mixture, highEdge);
  const blended = (share: keyof LogShares, smooth: Expr): Expr =>
    g.logAddExp(shares[share], g.add(logBlend, smooth));
  const below = {
    logCdf: blended("before", g.select(isFirst, none, smoothBelow.logCdf)),
    logSurvival: blended("after", g.select(isFirst, 0, smoothBelow.logSurvival)),
  };
  const above = {
    logCdf: blended("through", g.select(isLast, 0, smoothAbove.logCdf)),
    logSurvival: blended("beyond", g.select(isLast, none, smoothAbove.logSurvival)),
  };
  const isOpen = g.max(isFirst, isLast);
  const width = domainDifference(domain, g.select(isOpen, anywhere, edge(-0.5)), step);
  const logSmoothMass = mixtureLogMass(mixture, lowEdge, highEdge, {
    width,
    isLowOpen: isFirst,
    isHighOpen: isLast,
  });
  const logMass = blended("share", logSmoothMass);
  const ratios = [g.sub(logMass, below.logCdf), g.sub(logMass, above.logSurvival)] as const;
  const size = withinReach(g.add(g.softplus(ratios[0]), g.softplus(ratios[1])));
  const isWide = g.less(1e-20, size);
  // The sum of both exponentials is finite where the size is small.
  const small = g.logAddExp(g.select(isWide, 0, ratios[0]), g.select(isWide, 0, ratios[1]));
  const logWidth = g.select(isWide, g.log(g.max(size, 1e-20)), small);
  const logShrinkage = g.min(0, g.sub(logWidth, Math.log(leastWidth)));
  const low = withinReach(g.sub(below.logCdf, below.logSurvival));
  const high = withinReach(g.sub(above.logCdf, above.logSurvival));
  const isLowEnd = g.lessEqual(low, -farthestZ);
  const isHighEnd = g.lessEqual(farthestZ, high);
  const middle = g.select(isLowEnd, high, g.select(isHighEnd, low, g.mul(0.5, g.add(low, high))));
  const reached = g.select(g.lessEqual(farthestZ, g.abs(middle)), 0, middle);
  return {
    low,
    high,
    width: g.select(g.less(logShrinkage, 0), leastWidth, size),
    logShrinkage,
    positions: position(reached, knots),
  };
}
