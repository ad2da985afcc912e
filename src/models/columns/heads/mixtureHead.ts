/**
 * The heads of columns of numbers: a mixture of logistic distributions of z, the marginal map of the column.
 *
 *     log p(x) = log sum_m w_m logistic(z(x); m_m, s_m) + log z'(x)                       continuous
 *     P(x)     = sum_m w_m (s((b - m_m) / s_m) - s((a - m_m) / s_m)),  a < z < b the cell   on a grid
 *
 * On a grid the mixture also has point masses, of values that are frequent: a count of rooms, a rounded price.
 *
 * Of each row the network says the weights, and a shift b and factor e^a common to all components, m_m = b + e^a M_m and
 * s_m = e^a S_m; M and S are the same in all rows. Places and scales of each component by the row overfit: on tables of some thousand
 * rows that costs 0.1 to 0.4 nats per row.
 *
 * @module
 */

import type { Expr } from "../../../graph/expr.ts";
import * as g from "../../../graph/ops.ts";
import {
  type LogisticMixture,
  logAdd,
  logisticMixtureLogCdf,
  logisticMixtureLogSurvival,
  logisticMixtureQuantile,
} from "../../../numerics/logisticMixture.ts";
import { type CalendarPart, calendarFeatures, encodeCalendar } from "../calendar.ts";
import { boundsOf, type DensityColumn, stepOf } from "../column.ts";
import type { ColumnHead } from "./columnHead.ts";
import {
  farthestZ,
  type GridShares,
  MarginalCells,
  type MarginalMap,
  marginalPoint,
  marginalValue,
} from "./marginalMap.ts";

/** Logarithms of the scales are kept within these. */
const leastLogScale = -7;
const largestLogScale = 5;

/** How far a row moves and stretches the components at most: e to the power of this. */
const largestFactor = 5;

/** z over this is about as wide as a standard normal number. */
const logisticDeviation = 1.8;

/** What mixture heads have in common. */
export interface MixtureHeadOptions {
  /** The column's marginal map. */
  readonly map: MarginalMap;
  /** Number of components. */
  readonly components: number;
  /**
   * Stretches of equal probability, in each of which later columns see how far along it a value is (default none): piecewise linear
   * functions of the value (Gorishniy, Rubachev & Babenko 2022).
   */
  readonly knots?: number | undefined;
  /** The column's own distribution: logits, places and logarithms of the scales of the components. */
  readonly start: readonly number[];
}

/** Options of {@link cellsHead}. */
export interface CellsHeadOptions extends MixtureHeadOptions {
  /** Values that occurred; without them the map alone. */
  readonly shares?: GridShares | undefined;
  /** Places with a point mass of their own, in order, each of which later columns see. */
  readonly frequent: readonly number[];
  /** Logits of the point masses in the column's own distribution. */
  readonly masses: readonly number[];
  /** Places that later columns see one by one, in order, of a column that determines another; none in models of before. */
  readonly seen?: readonly number[] | undefined;
  /** Of date-times: parts of the calendar that later columns see; none in models of before. */
  readonly calendar?: readonly CalendarPart[] | undefined;
}

/** Parameters of a head: logits of components and point masses, shift, logarithm of the factor; shared: places, logarithms of scales. */
function parametersOf({ start, components }: MixtureHeadOptions, masses: readonly number[]): Float64Array {
  return Float64Array.from([...start.slice(0, components), ...masses, 0, 0, ...start.slice(components)]);
}

/** The mixture that parameters stand for, its weights adding up to e^logMass. */
function mixtureOf(
  parameters: Float64Array,
  components: number,
  masses: number,
  logMass: number,
): LogisticMixture {
  const logits = parameters.slice(0, components);
  const total = logSumOf(logits) - logMass;
  const [shift, raw] = parameters.subarray(components + masses) as unknown as [number, number];
  const factor = Math.max(-largestFactor, Math.min(largestFactor, raw));
  const meansStart = components + masses + 2;
  return {
    logWeights: logits.map((logit) => logit - total),
    means: parameters
      .slice(meansStart, meansStart + components)
      .map((place) => shift + Math.exp(factor) * place),
    scales: parameters
      .slice(meansStart + components, meansStart + 2 * components)
      .map((rawScale) => Math.exp(Math.max(leastLogScale, Math.min(largestLogScale, rawScale + factor)))),
  };
}

/** One mixture of the components of several. */
function joinedMixture(mixtures: readonly LogisticMixture[]): LogisticMixture {
  const join = (part: keyof LogisticMixture): number[] =>
    mixtures.flatMap((mixture) => Array.from(mixture[part]));
  return { logWeights: join("logWeights"), means: join("means"), scales: join("scales") };
}

const logitOf = (mixture: LogisticMixture, z: number): number => {
  if (z <= -farthestZ) return Number.NEGATIVE_INFINITY;
  if (z >= farthestZ) return Number.POSITIVE_INFINITY;
  return logisticMixtureLogCdf(mixture, z) - logisticMixtureLogSurvival(mixture, z);
};

/** log sum_m e^(logit_m + term_m) - log sum_m e^logit_m over the components and the point masses, the columns side by side. */
function mixed(
  targets: Expr,
  parameters: Expr,
  components: number,
  term: (target: readonly Expr[], mean: Expr, logScale: Expr, inverse: Expr) => Expr,
  pointMass?: (target: readonly Expr[], k: number) => Expr,
): Expr {
  const [value] = g.mapFeatures([targets, parameters], (target, numbers) => {
    const count = numbers.length - 2 - 2 * components;
    const logits = numbers.slice(0, components);
    const masses = numbers.slice(components, count);
    const [shift, raw] = numbers.slice(count) as [Expr, Expr];
    const factor = g.clamp(raw, -largestFactor, largestFactor);
    const spreadFactor = g.exp(factor);
    const terms = logits.map((logit, m) => {
      const mean = g.add(shift, g.mul(spreadFactor, numbers[count + 2 + m]!));
      const rawLogScale = g.add(numbers[count + 2 + components + m]!, factor);
      const logScale = g.clamp(rawLogScale, leastLogScale, largestLogScale);
      return g.add(logit, term(target, mean, logScale, g.exp(g.neg(logScale))));
    });
    terms.push(...masses.map((logit, k) => g.select(pointMass!(target, k), logit, logNothing)));
    return [[g.sub(g.logSumExp(g.concatenate(terms)), g.logSumExp(g.concatenate([...logits, ...masses])))]];
  });
  return value!;
}

/** Logarithm of the mass of a point mass at other places: none, but a number that float32 has. */
const logNothing = -1e30;

/** Writes z, and how far along each stretch it is, about 0. */
function writePosition(z: number, knots: number, features: Float64Array, start: number): void {
  features[start] = z / logisticDeviation;
  const share = knots / (1 + Math.exp(-z));
  for (let k = 0; k < knots; k++)
    features[start + 1 + k] = Math.max(0, Math.min(1, share - k)) - 1 + (k + 0.5) / knots;
}

/** The middle of a cell; of one without an end, the other. */
function middleOf({ low, high }: { readonly low: number; readonly high: number }): number {
  const middle = low <= -farthestZ ? high : high >= farthestZ ? low : 0.5 * (low + high);
  return Math.abs(middle) >= farthestZ ? 0 : middle;
}

/** The head of a continuous column. Features: z, and how far along each stretch it is. */
export function pointHead(column: DensityColumn, options: MixtureHeadOptions): ColumnHead {
  const { map, components, knots = 0 } = options;
  const [lower, upper] = boundsOf(column);
  return {
    group: `point ${components}`,
    parameters: 3 * components + 2,
    shared: 2 * components,
    targets: 1,
    features: 1 + knots,
    start: parametersOf(options, []),
    encode(value, targets, targetStart, features, featureStart) {
      if (!(value > lower && value < upper)) return Number.NEGATIVE_INFINITY;
      const { z, logSlope } = marginalPoint(map, value);
      targets[targetStart] = z;
      writePosition(z, knots, features, featureStart);
      return logSlope;
    },
    encodeNothing() {},
    logProb: (targets, parameters) =>
      mixed(targets, parameters, components, ([z], mean, logScale, inverse) => {
        const u = g.mul(g.sub(z!, mean), inverse);
        return g.neg(g.total(logScale, g.softplus(u), g.softplus(g.neg(u))));
      }),
    distribution(members, weights) {
      const mixture = joinedMixture(
        members.map((parameters, k) => mixtureOf(parameters, components, 0, Math.log(weights[k]!))),
      );
      return {
        interval(value) {
          const logit = logitOf(mixture, marginalPoint(map, value).z);
          return [logit, logit];
        },
        quantile: (logit) =>
          between(lower, upper, marginalValue(map, logisticMixtureQuantile(mixture, logit))),
      };
    },
    toJSON: () => ({ type: "point", ...options }),
  };
}

/** A number that rounding has taken to a bound, or beyond the largest number, as the nearest inside. */
function between(lower: number, upper: number, value: number): number {
  const least = Number.isFinite(lower)
    ? lower + Math.max(Math.abs(lower) * 2 ** -52, Number.MIN_VALUE)
    : -Number.MAX_VALUE;
  const largest = Number.isFinite(upper)
    ? upper - Math.max(Math.abs(upper) * 2 ** -52, Number.MIN_VALUE)
    : Number.MAX_VALUE;
  return Math.max(least, Math.min(largest, value));
}

/** Numbers of point masses for which programs are made: a group of heads has one of these. */
const massCounts = [0, 2, 4, 8, 12] as const;
/** Point masses of a head at most. */
export const mostPointMasses: number = massCounts[massCounts.length - 1]!;
/** Widths of cells in z are at least this where an engine sees them. */
const leastWidth = 1e-30;
/** Logit of a point mass that stands for none. */
const noMass = -40;

/** The head of a column on a grid. Features: those of the middle of the cell, which frequent place it is, and parts of the calendar. */
export function cellsHead(column: DensityColumn, options: CellsHeadOptions): ColumnHead {
  const { map, components, knots = 0, shares, frequent, seen = [], calendar = [] } = options;
  const grid = gridOf(column);
  const { from, step, first, last } = grid;
  const cells = new MarginalCells(map, grid, shares);
  const recorded = new Map(shares?.values?.map((value, i) => [shares.places[i]!, value]));
  const order = new Map(frequent.map((place, i) => [place, i]));
  const seenOrder = new Map(seen.map((place, i) => [place, i]));
  const firstSeen = 1 + knots + frequent.length + calendarFeatures(calendar);
  const masses = massCounts.find((count) => count >= frequent.length)!;
  const padding = new Array<number>(masses - frequent.length).fill(noMass);
  /** The place of a value on the grid; NaN where it is on none, or beyond the bounds. */
  const placeOf = (value: number): number => {
    const exact = (value - from) / step;
    const place = Math.round(exact);
    // Values as files hold them are off the grid by their last digits.
    const isOn = Math.abs(exact - place) <= 1e-3 + 1e-14 * Math.abs(exact);
    return isOn && place >= first && place <= last ? place : Number.NaN;
  };
  return {
    group: `cells ${components} ${masses}`,
    parameters: 3 * components + 2 + masses,
    shared: 2 * components,
    targets: 3 + masses,
    features: firstSeen + seen.length,
    indicators: seen.length > 0 ? [firstSeen, seen.length] : undefined,
    start: parametersOf(options, [...options.masses, ...padding]),
    encode(value, targets, targetStart, features, featureStart, counted) {
      const place = placeOf(value);
      if (Number.isNaN(place)) return Number.NEGATIVE_INFINITY;
      const { low, high, width, logWidth } = cells.cell(place, counted);
      targets[targetStart] = low;
      targets[targetStart + 1] = high;
      // So narrow, the mass is proportional to the width: what float32 has no number for is added to the logarithm.
      const logShrinkage = Math.min(0, logWidth - Math.log(leastWidth));
      targets[targetStart + 2] = logShrinkage < 0 ? leastWidth : width;
      const middle = middleOf(counted ? cells.cell(place) : { low, high });
      writePosition(middle, knots, features, featureStart);
      encodeCalendar(calendar, value, features, featureStart + 1 + knots + frequent.length);
      const seenAt = seenOrder.get(place);
      if (seenAt !== undefined) features[featureStart + firstSeen + seenAt] = 1;
      const at = order.get(place);
      if (at === undefined) return logShrinkage;
      targets[targetStart + 3 + at] = 1;
      features[featureStart + 1 + knots + at] = 1;
      return 0;
    },
    encodeNothing(targets, targetStart) {
      targets.set([-1, 1, 2], targetStart);
    },
    logProb: (targets, parameters) =>
      mixed(
        targets,
        parameters,
        components,
        ([low, high, width], mean, _, inverse) => {
          const below = g.mul(g.sub(low!, mean), inverse);
          const above = g.mul(g.sub(mean, high!), inverse);
          const inside = g.log(g.neg(g.expm1(g.neg(g.mul(width!, inverse)))));
          return g.sub(inside, g.add(g.softplus(below), g.softplus(above)));
        },
        (target, k) => target[3 + k]!,
      ),
    distribution(members, weights) {
      // The mixture as a whole stands beside the point masses.
      const parts = members.map((parameters, k) => {
        const logits = [
          logSumOf(parameters.subarray(0, components)),
          ...parameters.subarray(components, components + masses),
        ];
        const total = logSumOf(logits) - Math.log(weights[k]!);
        return logits.map((logit) => logit - total);
      });
      const [logMixture, ...logMasses] = parts[0]!.map((_, i) =>
        logSumOf(parts.map((logits) => logits[i]!)),
      ) as [number, ...number[]];
      const mixture = joinedMixture(
        members.map((parameters, k) => mixtureOf(parameters, components, masses, parts[k]![0]! - logMixture)),
      );
      const logitBelow = (place: number): number => {
        const z = cells.edgeBelow(place);
        if (Math.abs(z) >= farthestZ) return z * Number.POSITIVE_INFINITY;
        let logCdf = logMixture + logisticMixtureLogCdf(mixture, z);
        let logSurvival = logMixture + logisticMixtureLogSurvival(mixture, z);
        frequent.forEach((pointPlace, k) => {
          if (pointPlace < place) logCdf = logAdd(logCdf, logMasses[k]!);
          else logSurvival = logAdd(logSurvival, logMasses[k]!);
        });
        return logCdf - logSurvival;
      };
      return {
        interval(value) {
          const place = placeOf(value);
          return [logitBelow(place), logitBelow(place + 1)];
        },
        quantile(logit) {
          const place = cells.lastPlace((each) => logitBelow(each) <= logit);
          return recorded.get(place) ?? valueAt(from, step, place);
        },
      };
    },
    toJSON: () => ({ type: "cells", ...options }),
  };
}

/** log sum e^x. */
function logSumOf(values: ArrayLike<number>): number {
  return Array.from(values).reduce(logAdd, Number.NEGATIVE_INFINITY);
}

/** The grid of a column that has one: place k is the value from + step k, `first` and `last` the places of its bounds. */
export function gridOf(column: DensityColumn): {
  readonly from: number;
  readonly step: number;
  readonly first: number;
  readonly last: number;
} {
  const step = stepOf(column)!;
  const from = column.from ?? 0;
  const [lower, upper] = boundsOf(column);
  return {
    from,
    step,
    first: Math.ceil((lower - from) / step - 1e-6),
    last: Math.floor((upper - from) / step + 1e-6),
  };
}

/** A value of a grid without the digits that the product adds: 0.1 * 3 is 0.3. */
export function valueAt(from: number, step: number, place: number): number {
  const value = from + step * place;
  return Number.isInteger(step) && Number.isInteger(from) ? value : Number(value.toPrecision(15));
}
