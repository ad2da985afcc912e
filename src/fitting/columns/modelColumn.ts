/**
 * The head of a column from the column's own rows: what its values are mapped by, and where training starts.
 *
 * @module
 */

import { badCell } from "../../errors.ts";
import { calendarOf } from "../../models/columns/calendar.ts";
import {
  atomsOf,
  boundsOf,
  type DensityColumn,
  hasLevels,
  levelsOf,
  stepOf,
} from "../../models/columns/column.ts";
import type { ModeledColumn } from "../../models/columns/columnsDensity.ts";
import { rawAngleScale } from "../../models/columns/heads/angleHead.ts";
import type { ColumnHeadJson } from "../../models/columns/heads/columnHead.ts";
import { MarginalCells } from "../../models/columns/heads/marginalMap.ts";
import { gridOf, valueAt } from "../../models/columns/heads/mixtureHead.ts";
import { inOnePiece, type Pieces } from "../../platform/pieces.ts";
import { raiseLogisticMixture } from "./fitLogisticMixture.ts";
import { fitGridShares, fitMarginalMap, sortedValues } from "./fitMarginalMap.ts";

/** Levels up to which each has a number of its own; and rows that a level needs for one where they are more, and most of these. */
const fewLevels = 32;
const rowsALevel = 5;
const mostBuckets = 256;
/** What a level or an outcome without rows counts. */
const unseen = 0.5;
/** Frequent values of a grid that later columns see, and the share of the rows that makes one. */
const mostFrequent = 8;
const frequentShare = 0.08;

const logit = (p: number): number => Math.log(p / (1 - p));

/** Components of the mixtures. */
export interface HeadSizes {
  /** Of a head of numbers. */
  readonly components: number;
  /** Of the head of an angle. */
  readonly angleComponents: number;
  /** Stretches of a column of numbers that later columns see (default none). */
  readonly knots?: number | undefined;
  /** Whether later columns see values of a grid one by one (default no): of a column that determines another. */
  readonly seesValues?: boolean | undefined;
}

/**
 * A column with its head.
 * @param cells - The column's rows.
 * @throws {@link DataError} for a cell that the column cannot have.
 */
export function modelColumn(
  column: DensityColumn,
  cells: Float64Array,
  weights: Float64Array | undefined,
  sizes: HeadSizes,
): ModeledColumn {
  return inOnePiece(modelingColumn(column, cells, weights, sizes));
}

/** {@link modelColumn}, in pieces. */
export function* modelingColumn(
  column: DensityColumn,
  cells: Float64Array,
  weights: Float64Array | undefined,
  sizes: HeadSizes,
): Pieces<ModeledColumn> {
  const atoms = atomsOf(column);
  const counts = new Float64Array((column.missing ? 1 : 0) + atoms.length + 1);
  const values: number[] = [];
  const own: number[] = [];
  cells.forEach((value, row) => {
    const weight = weights?.[row] ?? 1;
    if (Number.isNaN(value)) {
      if (column.masked) return;
      if (!column.missing)
        throw badCell(column.name, row + 1, {
          problem: "the cell is missing, which the column's description excludes",
          expected: "a value",
          received: "a missing cell",
        });
      counts[0]! += weight;
      return;
    }
    const atom = atoms.indexOf(value);
    if (atom >= 0) {
      counts[(column.missing ? 1 : 0) + atom]! += weight;
      return;
    }
    checkValue(column, value, row);
    counts[counts.length - 1]! += weight;
    values.push(value);
    own.push(weight);
  });
  yield;
  const total = counts.reduce((sum, count) => sum + count + unseen, 0);
  return {
    column,
    outcomes: Array.from(counts, (count) => (count + unseen) / total),
    head: yield* headOf(column, Float64Array.from(values), weights && Float64Array.from(own), sizes),
  };
}

/** Refuses a value that the description excludes. */
function checkValue(column: DensityColumn, value: number, row: number): void {
  const refuse = (what: string, expected: string, remedy?: string): never => {
    throw badCell(column.name, row + 1, {
      problem: `${value} is ${what}`,
      expected,
      received: `${value}`,
      remedy,
    });
  };
  if (hasLevels(column)) {
    if (!Number.isInteger(value) || value < 0 || value >= levelsOf(column))
      refuse(`none of its ${levelsOf(column)} levels`, `a whole number from 0 to ${levelsOf(column) - 1}`);
    return;
  }
  if (!Number.isFinite(value)) refuse("not a finite number", "a finite number");
  const [lower, upper] = boundsOf(column);
  const isDiscrete = stepOf(column) !== undefined;
  if (column.kind === "angle") return;
  if (isDiscrete ? value < lower || value > upper : value <= lower || value >= upper)
    refuse(
      `${isDiscrete ? "beyond" : "not between"} its bounds, ${lower} and ${upper}`,
      `a number ${isDiscrete ? "from" : "between"} ${lower} ${isDiscrete ? "to" : "and"} ${upper}`,
      isDiscrete ? undefined : "a value on a bound is an atom",
    );
}

/** Held-out log-likelihoods of five tables are the same with it as with 5, and samples have no values that are far beyond all others. */
const largestStretch = 1;

function* headOf(
  column: DensityColumn,
  values: Float64Array,
  weights: Float64Array | undefined,
  { components, angleComponents, knots = 0, seesValues = false }: HeadSizes,
): Pieces<ColumnHeadJson> {
  if (hasLevels(column)) return levelsJson(levelsOf(column), values, weights);
  if (column.kind === "angle") return angleJson(column, values, weights, angleComponents);
  // Nothing but missing cells and atoms: any distribution will do, as none is asked for.
  const sorted = sortedValues(values.length > 0 ? values : Float64Array.of(inside(column)), weights);
  const map = yield* fitMarginalMap(column, sorted);
  yield;
  const start = startOfMixture(components);
  const sizes = { components, ...(knots > 0 ? { knots } : {}), largestStretch };
  const step = stepOf(column);
  if (step === undefined) return { type: "point", map, ...sizes, start };
  const from = column.from ?? 0;
  const smooth = new MarginalCells(map, gridOf(column));
  const shares =
    values.length === 0
      ? undefined
      : fitGridShares(
          sorted,
          (value) => Math.round((value - from) / step),
          (place) => valueAt(from, step, place),
          (place) => Math.exp(smooth.logSmoothMass(place)),
        );
  const parts =
    column.kind === "date-time" && values.length > 0
      ? calendarOf(step, sorted.values[0]!, sorted.values[sorted.values.length - 1]!)
      : [];
  const calendar = parts.length > 0 ? { calendar: parts } : {};
  const seen = seesValues
    ? {
        seen: [...new Set(sorted.values.map((value) => Math.round((value - from) / step)))].sort(
          (a, b) => a - b,
        ),
      }
    : {};
  if (!shares) return { type: "cells", map, ...sizes, start, frequent: [], masses: [], ...seen, ...calendar };
  const total = shares.counts.reduce((sum, count) => sum + count, 0);
  const frequent = Array.from(shares.places.keys())
    .filter((i) => shares.counts[i]! >= frequentShare * total)
    .sort((a, b) => shares.counts[b]! - shares.counts[a]!)
    .slice(0, mostFrequent)
    .sort((a, b) => a - b);
  // Half of what lies on a frequent place is a point mass at the start, and the rest of it in the cell.
  const isFrequent = new Set(frequent);
  const masses = frequent.map((i) => (0.5 * (1 - shares.blend) * shares.counts[i]!) / total);
  const rest = 1 - masses.reduce((sum, mass) => sum + mass, 0);
  return {
    type: "cells",
    map,
    ...sizes,
    start: [...start.slice(0, components).map((logit) => logit + Math.log(rest)), ...start.slice(components)],
    shares: {
      places: shares.places,
      counts: shares.counts.map((count, i) => (isFrequent.has(i) ? 0.5 * count : count)),
      ...(shares.values ? { values: shares.values } : {}),
      blend: shares.blend / rest,
    },
    frequent: frequent.map((i) => shares.places[i]!),
    masses: masses.map(Math.log),
    ...seen,
    ...calendar,
  };
}

/** A value that the column may have. */
function inside(column: DensityColumn): number {
  const [lower, upper] = boundsOf(column);
  const step = stepOf(column);
  const near = Number.isFinite(lower)
    ? Number.isFinite(upper)
      ? 0.5 * (lower + upper)
      : lower + (step ?? 1)
    : Number.isFinite(upper)
      ? upper - (step ?? 1)
      : 0;
  const from = column.from ?? 0;
  return step === undefined ? near : from + step * Math.round((near - from) / step);
}

const startsOfMixtures = new Map<number, readonly number[]>();

/** Components that together are the standard logistic distribution, but each at a place of its own: logits, places, log scales. */
function startOfMixture(components: number): readonly number[] {
  const known = startsOfMixtures.get(components);
  if (known) return known;
  const points = Float64Array.from({ length: 400 }, (_, i) => logit((i + 0.5) / 400));
  const raising = raiseLogisticMixture(
    points,
    new Float64Array(points.length).fill(1),
    {
      logWeights: Array.from({ length: components }, () => -Math.log(components)),
      means: Array.from({ length: components }, (_, m) => 0.9 * logit((m + 0.5) / components)),
      scales: Array.from({ length: components }, () => 0.7),
    },
    { rounds: 100, leastScale: 0.1 },
  );
  const { mixture } = inOnePiece(raising);
  const start = [...mixture.logWeights, ...mixture.means, ...mixture.scales.map(Math.log)];
  startsOfMixtures.set(components, start);
  return start;
}

/**
 * Probability that the next row has a level that none of these rows has: Good and Turing's share, of the rows whose level is theirs
 * alone, by the rule of succession, (singles + 1) / (rows + 2), so that it is neither 0 nor 1. Rows count, not their weights.
 * @param counts - Rows of each level.
 */
function unseenShare(counts: Float64Array): number {
  const singles = counts.reduce((sum, count) => sum + Number(count === 1), 0);
  return (singles + 1) / (counts.reduce((sum, count) => sum + count, 0) + 2);
}

function levelsJson(levels: number, values: Float64Array, weights: Float64Array | undefined): ColumnHeadJson {
  const counts = new Float64Array(levels);
  const rows = new Float64Array(levels);
  values.forEach((level, i) => {
    counts[level]! += weights?.[i] ?? 1;
    rows[level]!++;
  });
  const single = new Set(
    levels <= fewLevels
      ? counts.keys()
      : Array.from(rows.keys())
          .filter((level) => rows[level]! >= rowsALevel)
          .sort((a, b) => rows[b]! - rows[a]! || a - b)
          .slice(0, mostBuckets - 1),
  );
  let next = 0;
  const own = Array.from(counts.keys(), (level) => (single.has(level) ? next++ : -1));
  const hasRest = own.includes(-1);
  const buckets = own.map((bucket) => (bucket < 0 ? next : bucket));
  const sums = new Float64Array(next + (hasRest ? 1 : 0));
  buckets.forEach((bucket, level) => {
    sums[bucket]! += counts[level]! + unseen;
  });
  const total = sums.reduce((sum, count) => sum + count, 0);
  return {
    type: "levels",
    buckets,
    shares: buckets.map((bucket, level) => (counts[level]! + unseen) / sums[bucket]!),
    start: Array.from(sums, (count) => count / total),
    unseen: unseenShare(rows),
  };
}

function angleJson(
  { period = 360, from = 0 }: DensityColumn,
  values: Float64Array,
  weights: Float64Array | undefined,
  components: number,
): ColumnHeadJson {
  const counts = new Float64Array(components).fill(1);
  let total = components;
  values.forEach((value, i) => {
    const part = (value - from) / period;
    const weight = weights?.[i] ?? 1;
    counts[Math.min(components - 1, Math.floor(components * (part - Math.floor(part))))]! += weight;
    total += weight;
  });
  const uniform = 0.05;
  return {
    type: "angle",
    components,
    start: [
      Math.log(uniform),
      ...Array.from(counts, (count) => Math.log(((1 - uniform) * count) / total)),
      ...Array.from(counts, (_, m) => (2 * Math.PI * (m + 0.5)) / components),
      ...Array.from(counts, () => rawAngleScale(Math.min(0.3, Math.PI / components))),
    ],
  };
}
