/**
 * A cell of mixed columns as its head reads it, as expressions: what `encodeRows.ts` and `encode` of a head compute of numbers. Every
 * target is written from them.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { atomsOf, boundsOf } from "../../models/columns/column.ts";
import type { ColumnLayout } from "../../models/columns/columnsDensity.ts";
import type { LevelsHeadOptions } from "../../models/columns/heads/levelsHead.ts";
import {
  type GridShares,
  type MarginalMap,
  marginalValue,
  withMixtureWeights,
} from "../../models/columns/heads/marginalMap.ts";
import {
  type CellsHeadOptions,
  gridOf,
  type MixtureHeadOptions,
} from "../../models/columns/heads/mixtureHead.ts";
import { marginalPoint } from "./marginalExpressions.ts";
import type { SumsByPlace } from "./placeSums.ts";
import {
  blendOf,
  calendar,
  cellOfPlace,
  circle,
  type LogShares,
  placeOnGrid,
  position,
  radiansOf,
  somePlace,
} from "./valueExpressions.ts";

/** Conditions are 1 or 0, `[1]`. */
const not = (condition: Expr): Expr => g.sub(1, condition);
const isEqual = (a: Expr, b: Expr | number): Expr => g.mul(g.lessEqual(a, b), g.lessEqual(b, a));
const one = (value: Expr): Expr => g.reshape(value, [1]);
const zeros = (count: number): Expr => g.constant(new Float64Array(count));

/** A value as a head reads it; of one that is impossible any finite numbers. */
interface EncodedValue {
  readonly isPossible: Expr;
  /** What is added to the log-density, `[1]`. */
  readonly offset: Expr;
  /** What later columns see. */
  readonly features: Expr;
  /** What the log-density reads. */
  readonly targets: Expr;
}

/** A cell in an encoded row. */
export interface EncodedCell {
  readonly features: Expr;
  /** None of a given cell. */
  readonly targets?: Expr;
  /** What is added to the contribution, `[1]`; minus infinity where the cell is impossible. */
  readonly offset: Expr;
  /** Whether it is missing though it never was. */
  readonly isUnknown: Expr;
  readonly isImpossible: Expr;
}

/** How cells are written for a target. */
export interface CellWriting {
  readonly sums: SumsByPlace;
  /** Components that the maps of columns have at least. */
  readonly components: number;
}

/** How many components the map of a column has; 0 without a map. */
export function componentsOf({ head }: ColumnLayout): number {
  return (head.toJSON() as { readonly map?: MarginalMap }).map?.mixture.means.length ?? 0;
}

/** A map with further components, which weigh nothing. */
function withComponents({ domain, mixture }: MarginalMap, count: number): MarginalMap {
  const { logWeights, means, scales } = mixture;
  const more = (values: readonly number[], value: number): number[] => [
    ...values,
    ...Array.from({ length: Math.max(0, count - values.length) }, () => value),
  ];
  return {
    domain,
    mixture: {
      logWeights: more(logWeights, Number.NEGATIVE_INFINITY),
      means: more(means, 0),
      scales: more(scales, 1),
    },
  };
}

/** A cell, `[1]`. */
export function encodeCell(layout: ColumnLayout, cell: Expr, writing: CellWriting): EncodedCell {
  const { column, head, targets, earlyFeatures } = layout;
  const isPresent = g.lessEqual(cell, cell);
  const isMissing = not(isPresent);
  const isNumber = g.less(g.abs(cell), Number.POSITIVE_INFINITY);
  const areAtoms = atomsOf(column).map((atom) => isEqual(cell, atom));
  const isOther = areAtoms.reduce((all, isAtom) => g.mul(all, not(isAtom)), isNumber);
  const value = encodeValue(layout, g.select(isNumber, cell, 0), writing);
  const isValue = g.mul(isOther, value.isPossible);
  const isImpossible = g.sub(isPresent, g.total(isValue, ...areAtoms));
  const outcomes = [...(column.missing ? [isMissing] : []), ...areAtoms];
  const isUnknown = column.missing ? zeros(1) : isMissing;
  const nothing = new Float64Array(head.targets);
  head.encodeNothing(nothing, 0);
  return {
    features: g.concatenate([
      ...outcomes,
      g.select(isValue, value.features, 0),
      // In a model of any order: whether later columns cannot see the cell.
      ...(earlyFeatures === undefined ? [] : [isUnknown]),
    ]),
    ...(targets < 0
      ? {}
      : {
          targets: g.concatenate([
            ...outcomes,
            isValue,
            g.select(isValue, value.targets, g.constant(nothing)),
          ]),
        }),
    offset: g.select(isImpossible, Number.NEGATIVE_INFINITY, g.select(isValue, value.offset, 0)),
    isUnknown,
    isImpossible,
  };
}

/** A finite number. */
function encodeValue(layout: ColumnLayout, cell: Expr, writing: CellWriting): EncodedValue {
  const json = layout.head.toJSON() as unknown as { readonly type: string };
  switch (json.type) {
    case "levels":
      return encodeLevel(json as unknown as LevelsHeadOptions, cell, writing);
    case "point":
      return encodePoint(layout, json as unknown as MixtureHeadOptions, cell, writing);
    case "cells":
      return encodeGrid(layout, json as unknown as CellsHeadOptions, cell, writing);
    case "angle":
      return encodeAngle(layout, cell);
    default:
      throw new Error(`an export has no head of the type ${json.type}`);
  }
}

/** 1 in the places of a list where a value is. */
const marksOf = (value: Expr, places: ArrayLike<number>): Expr =>
  isEqual(g.constant(Array.from(places)), value);

const countsFrom0 = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

function encodeLevel(
  { buckets, shares, start }: LevelsHeadOptions,
  cell: Expr,
  { sums }: CellWriting,
): EncodedValue {
  const levels = countsFrom0(buckets.length);
  const ofLevel = (values: readonly number[]): Expr => sums(cell, levels, values).at;
  const bucketMarks = marksOf(ofLevel(buckets), countsFrom0(start.length));
  return {
    isPossible: ofLevel(levels.map(() => 1)),
    offset: ofLevel(shares.map(Math.log)),
    features: bucketMarks,
    targets: bucketMarks,
  };
}

function encodePoint(
  { column }: ColumnLayout,
  { map, knots = 0 }: MixtureHeadOptions,
  cell: Expr,
  { components }: CellWriting,
): EncodedValue {
  const [lower, upper] = boundsOf(column);
  const isPossible = g.mul(g.less(lower, cell), g.less(cell, upper));
  const inside = marginalValue(withMixtureWeights(map), 0);
  const { z, logSlope } = marginalPoint(withComponents(map, components), g.select(isPossible, cell, inside));
  return { isPossible, offset: logSlope, features: position(z, knots), targets: z };
}

function encodeGrid(
  { column, head }: ColumnLayout,
  options: CellsHeadOptions,
  cell: Expr,
  { sums, components }: CellWriting,
): EncodedValue {
  const { map, knots = 0, shares, frequent, seen = [], calendar: parts = [] } = options;
  const grid = gridOf(column);
  const onGrid = placeOnGrid(cell, grid.from, grid.step);
  const isInside = g.mul(g.lessEqual(grid.first, onGrid.place), g.lessEqual(onGrid.place, grid.last));
  const isPossible = g.mul(onGrid.isOn, isInside);
  const place = g.select(isPossible, onGrid.place, somePlace(options, grid.first, grid.last));
  const { low, high, width, logShrinkage, positions } = cellOfPlace(
    withComponents(map, components),
    marginalValue(withMixtureWeights(map), 0),
    grid,
    knots,
    Math.log(blendOf(shares)),
    place,
    sharesAt(place, shares, sums),
  );
  const marks = frequent.length > 0 ? [marksOf(place, frequent)] : [];
  const unused = head.targets - 3 - frequent.length;
  return {
    isPossible,
    offset: marks[0] ? g.select(one(g.sum(marks[0])), 0, logShrinkage) : logShrinkage,
    features: g.concatenate([
      positions,
      ...marks,
      ...(parts.length > 0 ? [calendar(parts, cell)] : []),
      ...(seen.length > 0 ? [marksOf(place, seen)] : []),
    ]),
    targets: g.concatenate([low, high, width, ...marks, ...(unused > 0 ? [zeros(unused)] : [])]),
  };
}

/** Logarithms of the shares before, on and after a place, as they enter a blend; minus infinity for none. */
function sharesAt(place: Expr, shares: GridShares | undefined, sums: SumsByPlace): LogShares {
  const { places = [], counts = [] } = shares ?? {};
  if (places.length === 0) {
    const none = g.constant([Number.NEGATIVE_INFINITY]);
    return { before: none, share: none, after: none, through: none, beyond: none };
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  // Divided behind the sums: counts less what all are discounted by are short in a file.
  const { below, at, above } = sums(place, places, counts);
  const logRest = Math.log1p(-blendOf(shares));
  const logOf = (sum: Expr): Expr => {
    const part = g.div(sum, total);
    const isSome = g.less(0, part);
    return g.select(isSome, g.add(logRest, g.log(g.select(isSome, part, 1))), Number.NEGATIVE_INFINITY);
  };
  return {
    before: logOf(below),
    share: logOf(at),
    after: logOf(g.add(at, above)),
    through: logOf(g.add(below, at)),
    beyond: logOf(above),
  };
}

function encodeAngle({ column }: ColumnLayout, cell: Expr): EncodedValue {
  const { step, period = 360, from = 0 } = column;
  if (step === undefined) {
    const angle = radiansOf(g.div(g.sub(cell, from), period));
    return {
      isPossible: g.constant([1]),
      offset: g.constant([Math.log((2 * Math.PI) / period)]),
      features: circle(angle),
      targets: angle,
    };
  }
  const steps = Math.round(period / step);
  const width = (2 * Math.PI) / steps;
  const { place, isOn } = placeOnGrid(cell, from, step);
  const angle = g.mul(g.sub(place, g.mul(steps, g.floor(g.div(place, steps)))), width);
  return {
    isPossible: isOn,
    offset: zeros(1),
    features: circle(angle),
    targets: g.concatenate([g.sub(angle, 0.5 * width), g.constant([width])]),
  };
}
