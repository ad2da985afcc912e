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

import * as g from "../../../graph/ops.ts";
import {
  leastExactSum,
  logAdd,
  logisticMixtureLogs,
  logisticMixtureMasses,
  logisticMixtureQuantile,
  type WeightedLogisticMixture,
  withWeights,
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
  withMixtureWeights,
} from "./marginalMap.ts";
import { largestFactor, largestLogScale, leastLogScale, mixed } from "./mixtureTerms.ts";

/** z over this is about as wide as a standard normal number. */
export const logisticDeviation = 1.8;

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
  /**
   * A row stretches the components by e to the power of this at most, 1 or less (default 5, as in models of before). Over all rows z is about
   * logistic, so that in none it can be much wider: a network that has learnt one far value by heart would stretch the components
   * without an end for rows that go further in its direction, and samples with them.
   */
  readonly largestStretch?: number | undefined;
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

/** Parameters of the mixture of one member, and the logarithm of all that its components weigh together. */
interface MixtureMember {
  readonly parameters: Float64Array;
  readonly logMass: number;
}

/** One mixture of the components of all members. */
function mixtureOf(
  members: readonly MixtureMember[],
  components: number,
  masses: number,
  largestStretch: number,
): WeightedLogisticMixture {
  const size = members.length * components;
  const logWeights = new Float64Array(size);
  const means = new Float64Array(size);
  const scales = new Float64Array(size);
  const meansStart = components + masses + 2;
  members.forEach(({ parameters, logMass }, member) => {
    const total = logSumOf(parameters, 0, components) - logMass;
    const shift = parameters[components + masses]!;
    const logFactor = Math.max(
      -largestFactor,
      Math.min(largestStretch, parameters[components + masses + 1]!),
    );
    const factor = Math.exp(logFactor);
    for (let m = 0; m < components; m++) {
      const at = member * components + m;
      const rawScale = parameters[meansStart + components + m]! + logFactor;
      logWeights[at] = parameters[m]! - total;
      means[at] = shift + factor * parameters[meansStart + m]!;
      scales[at] = Math.exp(Math.max(leastLogScale, Math.min(largestLogScale, rawScale)));
    }
  });
  return withWeights({ logWeights, means, scales });
}

const logitOf = (mixture: WeightedLogisticMixture, z: number): number => {
  if (z <= -farthestZ) return Number.NEGATIVE_INFINITY;
  if (z >= farthestZ) return Number.POSITIVE_INFINITY;
  const { logCdf, logSurvival } = logisticMixtureLogs(mixture, z);
  return logCdf - logSurvival;
};

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
  const { components, knots = 0, largestStretch = largestFactor } = options;
  const map = withMixtureWeights(options.map);
  const [lower, upper] = boundsOf(column);
  return {
    group: `point ${components} ${largestStretch}`,
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
      mixed(
        targets,
        parameters,
        components,
        ([z], mean, logScale, inverse) => {
          const u = g.mul(g.sub(z!, mean), inverse);
          return g.neg(g.total(logScale, g.softplus(u), g.softplus(g.neg(u))));
        },
        largestStretch,
      ),
    distribution(members, weights) {
      const mixture = mixtureOf(
        members.map((parameters, k) => ({ parameters, logMass: Math.log(weights[k]!) })),
        components,
        0,
        largestStretch,
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
export const leastWidth = 1e-30;
/** Logit of a point mass that stands for none. */
const noMass = -40;

/** The head of a column on a grid. Features: those of the middle of the cell, which frequent place it is, and parts of the calendar. */
export function cellsHead(column: DensityColumn, options: CellsHeadOptions): ColumnHead {
  const {
    map,
    components,
    knots = 0,
    shares,
    frequent,
    seen = [],
    calendar = [],
    largestStretch = largestFactor,
  } = options;
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
    group: `cells ${components} ${masses} ${largestStretch}`,
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
        largestStretch,
        masses,
      ),
    distribution(members, weights) {
      // Of each member, the logarithm of what components and point masses weigh together, by which all are divided.
      const logTotals = members.map(
        (parameters, k) => logSumOf(parameters, 0, components + masses) - Math.log(weights[k]!),
      );
      const mixture = mixtureOf(
        members.map((parameters, k) => ({
          parameters,
          logMass: logSumOf(parameters, 0, components) - logTotals[k]!,
        })),
        components,
        masses,
        largestStretch,
      );
      const logMassOf = (i: number): number =>
        members.reduce(
          (sum, parameters, k) => logAdd(sum, parameters[components + i]! - logTotals[k]!),
          Number.NEGATIVE_INFINITY,
        );
      const massBefore = new Float64Array(frequent.length + 1);
      const massFrom = new Float64Array(frequent.length + 1);
      const pointMasses = frequent.map((_, i) => Math.exp(logMassOf(i)));
      for (let i = 0; i < frequent.length; i++) massBefore[i + 1] = massBefore[i]! + pointMasses[i]!;
      for (let i = frequent.length; i > 0; i--) massFrom[i - 1] = massFrom[i]! + pointMasses[i - 1]!;
      const logitBelow = (place: number): number => {
        const z = cells.edgeBelow(place);
        if (Math.abs(z) >= farthestZ) return z * Number.POSITIVE_INFINITY;
        let massesBefore = 0;
        while (massesBefore < frequent.length && frequent[massesBefore]! < place) massesBefore++;
        const smooth = logisticMixtureMasses(mixture, z);
        const below = smooth.cdf + massBefore[massesBefore]!;
        const above = smooth.survival + massFrom[massesBefore]!;
        if (below > leastExactSum && above > leastExactSum) return Math.log(below / above);
        let { logCdf, logSurvival } = logisticMixtureLogs(mixture, z);
        for (let i = 0; i < massesBefore; i++) logCdf = logAdd(logCdf, logMassOf(i));
        for (let i = massesBefore; i < frequent.length; i++) logSurvival = logAdd(logSurvival, logMassOf(i));
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

/** log sum e^x of the values from `start` to `end`. */
function logSumOf(values: ArrayLike<number>, start: number, end: number): number {
  let top = Number.NEGATIVE_INFINITY;
  for (let i = start; i < end; i++) top = Math.max(top, values[i]!);
  if (!Number.isFinite(top)) return top;
  let sum = 0;
  for (let i = start; i < end; i++) sum += Math.exp(values[i]! - top);
  return top + Math.log(sum);
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
