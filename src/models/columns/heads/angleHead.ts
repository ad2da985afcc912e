/**
 * The head of angles: a mixture of wrapped logistic distributions and the uniform one.
 *
 *     p(a) = w_0 / 2 pi + sum_m w_m sum_k logistic(a + 2 pi k; m_m, s_m)        a in radians
 *
 * Scales are at most 0.35, and k runs over -1, 0, 1 from the turn nearest to the component: what the sum leaves out is e^(-3 pi / 0.35),
 * 2e-12 of the mass. Of each row the network says the weights, a turn common to all components, and how sharp they are.
 * A grid of angles has the masses of its cells, as `mixtureHead.ts` has them.
 *
 * @module
 */

import type { Expr } from "../../../graph/expr.ts";
import * as g from "../../../graph/ops.ts";
import { sigmoid } from "../../../numerics/special.ts";
import type { DensityColumn } from "../column.ts";
import { probabilities } from "../members.ts";
import type { ColumnHead, ValueDistribution } from "./columnHead.ts";
import { logSum } from "./logSums.ts";

const turn = 2 * Math.PI;
/** Scales are between these, in radians. */
const leastScale = 1e-3;
const largestScale = 0.35;
/** Newton's steps and halvings of a quantile at most. */
const mostRounds = 100;
const wraps = [-1, 0, 1] as const;

/** Options of {@link angleHead}. */
export interface AngleHeadOptions {
  /** Number of components. */
  readonly components: number;
  /** Parameters of the column's own distribution: the uniform's logit and the others', places, raw scales. */
  readonly start: readonly number[];
}

/** Raw number of a scale. */
export function rawAngleScale(scale: number): number {
  const share = (scale - leastScale) / (largestScale - leastScale);
  return Math.log(share / (1 - share));
}

/** The head of an angle, on a grid where the column has a step. Features: cosine and sine of it and of its double. */
export function angleHead(column: DensityColumn, { components, start }: AngleHeadOptions): ColumnHead {
  const { step, period = 360, from = 0, lower = 0 } = column;
  const toRadians = turn / period;
  /** Steps of a turn; undefined for a continuous angle. */
  const steps = step === undefined ? undefined : Math.round(period / step);
  const cell = steps === undefined ? 0 : turn / steps;
  /** Place on the grid, from 0; NaN for a value on none. */
  const placeOf = (value: number): number => {
    const exact = (value - from) / step!;
    const place = Math.round(exact);
    if (!(Math.abs(exact - place) <= 1e-3 + 1e-14 * Math.abs(exact))) return Number.NaN;
    return place - steps! * Math.floor(place / steps!);
  };
  const radians = (value: number): number => {
    const part = (value - from) / period;
    return turn * (part - Math.floor(part));
  };
  return {
    group: `${steps === undefined ? "angle" : "cells of angles"} ${components}`,
    parameters: 3 + 3 * components,
    shared: 2 * components,
    targets: steps === undefined ? 1 : 2,
    features: 4,
    start: Float64Array.from([...start.slice(0, 1 + components), 0, 0, ...start.slice(1 + components)]),
    encode(value, targets, targetStart, features, featureStart) {
      const at = steps === undefined ? radians(value) : placeOf(value) * cell;
      if (!Number.isFinite(at)) return Number.NEGATIVE_INFINITY;
      targets[targetStart] = at - 0.5 * cell;
      if (steps !== undefined) targets[targetStart + 1] = cell;
      features.set([Math.cos(at), Math.sin(at), Math.cos(2 * at), Math.sin(2 * at)], featureStart);
      return steps === undefined ? Math.log(toRadians) : 0;
    },
    encodeNothing(targets, targetStart) {
      if (steps !== undefined) targets[targetStart + 1] = cell;
    },
    logProb(targets, parameters) {
      const [value] = g.mapFeatures([targets, parameters], ([low, width], numbers) => {
        const logits = numbers.slice(0, 1 + components);
        const terms = [
          g.add(logits[0]!, width ? g.log(g.mul(width, 1 / turn)) : -Math.log(turn)),
          ...logits.slice(1).map((logit, m) => {
            const [shift, sharpness] = [numbers[1 + components]!, numbers[2 + components]!];
            const raw = g.sub(numbers[3 + 2 * components + m]!, sharpness);
            const scale = g.add(leastScale, g.mul(largestScale - leastScale, g.sigmoid(raw)));
            const mean = g.add(shift, numbers[3 + components + m]!);
            return g.add(logit, wrappedTerm(low!, width, mean, scale));
          }),
        ];
        return [[g.sub(logSum(terms), logSum(logits))]];
      });
      return value!;
    },
    distribution: (members, weights) =>
      angleDistribution(joinedMixture(members, weights, components), {
        toAngle: (value) => (steps === undefined ? radians(value) : placeOf(value) * cell),
        cell,
        toValue(angle) {
          const part =
            steps === undefined ? angle / turn : Math.min(steps - 1, Math.round(angle / cell)) / steps;
          const value = from + period * part;
          // Into the turn that begins at `lower`.
          return steps === undefined
            ? value - period * Math.floor((value - lower) / period)
            : Number((value - period * Math.floor((value - lower) / period + 1e-9)).toPrecision(15));
        },
      }),
    toJSON: () => ({ type: "angle", components, start }),
  };
}

/** Log-density at an angle, or log-mass of a cell, under one component. */
function wrappedTerm(low: Expr, width: Expr | undefined, mean: Expr, scale: Expr): Expr {
  const offset = g.sub(low, mean);
  const nearest = g.sub(offset, g.mul(turn, g.floor(g.mul(1 / turn, g.add(offset, Math.PI)))));
  const inverse = g.div(1, scale);
  const terms = wraps.map((k) => {
    const a = g.mul(g.add(nearest, k * turn), inverse);
    if (!width) return g.neg(g.add(g.softplus(a), g.softplus(g.neg(a))));
    return g.neg(g.add(g.softplus(a), g.softplus(g.neg(g.add(a, g.mul(width, inverse))))));
  });
  const sum = logSum(terms);
  return width ? g.add(sum, g.log(g.neg(g.expm1(g.neg(g.mul(width, inverse)))))) : g.sub(sum, g.log(scale));
}

/** A mixture: the weight of the uniform distribution, then those of the components; their places and scales. */
interface AngleMixture {
  readonly weights: Float64Array;
  readonly means: Float64Array;
  readonly scales: Float64Array;
}

/** One mixture of the components of all members. */
function joinedMixture(
  members: readonly Float64Array[],
  weights: readonly number[],
  components: number,
): AngleMixture {
  const memberWeights = members.map((parameters, k) =>
    probabilities(parameters.slice(0, 1 + components)).map((mass) => weights[k]! * mass),
  );
  const join = (part: (parameters: Float64Array) => Float64Array): Float64Array =>
    Float64Array.from(members.flatMap((parameters) => [...part(parameters)]));
  return {
    weights: Float64Array.from([
      memberWeights.reduce((sum, [uniform]) => sum + uniform!, 0),
      ...memberWeights.flatMap((memberMasses) => [...memberMasses.subarray(1)]),
    ]),
    means: join((parameters) =>
      parameters.slice(3 + components, 3 + 2 * components).map((mean) => {
        const part = (mean + parameters[1 + components]!) / turn;
        return turn * (part - Math.floor(part));
      }),
    ),
    scales: join((parameters) =>
      parameters
        .slice(3 + 2 * components, 3 + 3 * components)
        .map((raw) => leastScale + (largestScale - leastScale) * sigmoid(raw - parameters[2 + components]!)),
    ),
  };
}

function angleDistribution(
  { weights, means, scales }: AngleMixture,
  {
    toAngle,
    toValue,
    cell,
  }: {
    readonly toAngle: (value: number) => number;
    readonly toValue: (angle: number) => number;
    readonly cell: number;
  },
): ValueDistribution {
  const start = -0.5 * cell;
  /** The factors of a mass from the start, by component and turn: they are the same for every end. */
  const fromStart = new Float64Array(5 * means.length);
  for (let m = 0, at = 0; m < means.length; m++)
    for (let k = -2; k <= 2; k++)
      fromStart[at++] = 1 + Math.exp((start + (k * turn - means[m]!)) / scales[m]!);
  /** Mass of the angles from the start of the turn to `high`, of at most a turn. */
  const mass = (high: number): number => {
    let sum = (weights[0]! * (high - start)) / turn;
    for (let m = 0, at = 0; m < means.length; m++) {
      const scale = scales[m]!;
      let part = 0;
      // s(b) - s(a) = s(b) s(-a) (1 - e^(a - b)), without cancellation.
      for (let k = -2; k <= 2; k++) {
        const offset = k * turn - means[m]!;
        part += 1 / ((1 + Math.exp(-(high + offset) / scale)) * fromStart[at++]!);
      }
      sum -= weights[m + 1]! * part * Math.expm1((start - high) / scale);
    }
    return sum;
  };
  /** Density at an angle. */
  const density = (angle: number): number => {
    let sum = weights[0]! / turn;
    for (let m = 0; m < means.length; m++) {
      let part = 0;
      for (let k = -2; k <= 2; k++) {
        const decay = Math.exp(-Math.abs(angle - means[m]! + k * turn) / scales[m]!);
        part += decay / (1 + decay) ** 2;
      }
      sum += (weights[m + 1]! * part) / scales[m]!;
    }
    return sum;
  };
  const totalMass = mass(start + turn);
  const logit = (angle: number): number => {
    if (angle <= start) return Number.NEGATIVE_INFINITY;
    if (angle >= start + turn) return Number.POSITIVE_INFINITY;
    const below = mass(angle);
    return Math.log(below) - Math.log(totalMass - below);
  };
  return {
    interval(value) {
      const angle = toAngle(value);
      if (cell === 0) {
        const at = logit(angle);
        return [at, at];
      }
      const isLast = angle + 0.5 * cell >= start + turn - 0.25 * cell;
      return [logit(angle - 0.5 * cell), isLast ? Number.POSITIVE_INFINITY : logit(angle + 0.5 * cell)];
    },
    quantile(value) {
      if (cell > 0) {
        let [low, high] = [0, Math.round(turn / cell) - 1];
        while (low < high) {
          const middle = (low + high + 1) >> 1;
          if (logit((middle - 0.5) * cell) <= value) low = middle;
          else high = middle - 1;
        }
        return toValue(low * cell);
      }
      let [low, high] = [0, turn];
      let angle = 0.5 * turn;
      for (let round = 0; round < mostRounds; round++) {
        const below = mass(angle);
        const gap = Math.log(below) - Math.log(totalMass - below) - value;
        if (gap > 0) high = angle;
        else low = angle;
        // Newton's step, within what is known.
        let nextAngle = angle - (gap * below * (totalMass - below)) / (totalMass * density(angle));
        if (!(nextAngle > low && nextAngle < high)) nextAngle = 0.5 * (low + high);
        if (gap === 0 || Math.abs(nextAngle - angle) <= 1e-15 * turn) break;
        angle = nextAngle;
      }
      return toValue(angle);
    },
  };
}
