/**
 * Densities that a gradient flow starts from or runs to: what people have at hand, and the one form that the
 * computation reads.
 *
 * @module
 */

import type { Distribution } from "../../distributions/distribution.ts";
import type { Engine } from "../../engines/engine.ts";
import { referenceEngine } from "../../engines/reference/engine.ts";
import { ShapeError, UsageError } from "../../errors.ts";
import { vjp } from "../../graph/derivative/reverse.ts";
import type { Expr } from "../../graph/expr.ts";
import { anExpression } from "../../graph/ops/leaves.ts";
import * as g from "../../graph/ops.ts";
import { Flow } from "../../models/flow.ts";
import { callback, checkArgument, count, describeValue } from "../../options.ts";
import { MixtureAt, type NormalMixture } from "./normalMixture.ts";

/** A density given by functions of many points at once. */
export interface Density {
  /** Numbers of a point. */
  readonly features: number;
  /** Log-density in nats, one per point; points are row-major and not changed. */
  logDensity(points: Float64Array): Float64Array | Promise<Float64Array>;
  /**
   * Gradient of the log-density, row-major as the points are. Left out, it is taken by central differences, which
   * calls `logDensity` on 2 `features` times as many points and keeps about ten digits.
   */
  gradient?(points: Float64Array): Float64Array | Promise<Float64Array>;
}

/**
 * What {@link gradientFlow} takes for a density: functions; a mixture of normals as numbers or fitted; a distribution
 * without trained parameters, such as `standardNormal({ features: 2 })`; a fitted flow that is not conditional.
 */
export type DensityLike = Density | NormalMixture | Distribution | Flow;

/** A density with its gradient, and as a mixture of normals where it is one. */
export interface ResolvedDensity extends Required<Density> {
  readonly mixture: NormalMixture | undefined;
}

/**
 * A density written on expressions: its gradient is exact, and both run on an engine.
 *
 * @param features - Numbers of a point.
 * @param logDensity - Log-density in nats, a scalar, of a point of shape `[features]`.
 * @param engine - Compiles it (default: the reference engine, float64).
 * @example densityOf(2, (x) => ops.mul(-0.5, ops.sum(ops.square(x)))) // a standard normal, up to a constant
 */
export function densityOf(
  features: number,
  logDensity: (x: Expr) => Expr,
  engine: Engine = referenceEngine,
): Density {
  checkArgument("densityOf", "features", features, count);
  checkArgument("densityOf", "logDensity", logDensity, callback, "such as (x) => ops.sum(ops.square(x))");
  const x = g.input("x", [features]);
  const value = logDensity(x);
  checkArgument("densityOf", "what logDensity returns", value, {
    ...anExpression,
    expected: "an expression",
  });
  if (value.shape.length > 0)
    throw new ShapeError({
      where: "densityOf",
      subject: "the log-density",
      expected: "a scalar",
      received: `the shape [${value.shape.join(", ")}]`,
    });
  const compiled = engine.compile({ rows: { value } });
  const slope = engine.compile({ rows: { gradient: vjp([value], [g.constant(1)], [x])[0]! } });
  return {
    features,
    async logDensity(points) {
      return (await (await compiled).run({ rows: points.length / features, inputs: { x: points } })).rows
        .value!;
    },
    async gradient(points) {
      return (await (await slope).run({ rows: points.length / features, inputs: { x: points } })).rows
        .gradient!;
    },
  };
}

/** Relative step of central differences: the cube root of the rounding error. */
const differenceStep = 6e-6;

function byDifferences(features: number, logDensity: Density["logDensity"]): Required<Density>["gradient"] {
  return async (points) => {
    const both = new Float64Array(points.length * 2 * features);
    const steps = points.map((value) => differenceStep * Math.max(1, Math.abs(value)));
    // Point i with its j-th number moved: up at (2 (i d + j)), down after it.
    for (let at = 0; at < points.length; at++) {
      const start = at - (at % features);
      for (let side = 0; side < 2; side++) {
        const to = (2 * at + side) * features;
        both.set(points.subarray(start, start + features), to);
        both[to + (at % features)]! += side === 0 ? steps[at]! : -steps[at]!;
      }
    }
    const values = await logDensity(both);
    return points.map((value, at) => {
      // What was added, after rounding.
      const width = value + steps[at]! - (value - steps[at]!);
      return (values[2 * at]! - values[2 * at + 1]!) / width;
    });
  };
}

/** The mixture of one standard normal. */
function standard(features: number): NormalMixture {
  const covariance = Array.from({ length: features ** 2 }, (_, i) => (i % (features + 1) === 0 ? 1 : 0));
  return { weights: [1], means: [new Array(features).fill(0)], covariances: [covariance] };
}

function ofMixture(mixture: NormalMixture): ResolvedDensity {
  const at = new MixtureAt(mixture);
  return {
    features: at.features,
    mixture,
    logDensity: (points) => at.logDensity(points),
    gradient: (points) => at.gradient(points),
  };
}

/**
 * The one form of a density.
 * @throws UsageError if it is none of the accepted kinds; ShapeError for a mixture whose sizes do not fit.
 */
export function resolveDensity(name: string, given: DensityLike): ResolvedDensity {
  if (given instanceof Flow) {
    const features = given.columns.length;
    if (given.given.length > 0)
      throw new UsageError({
        where: "gradientFlow",
        problem: `${name} is a conditional flow; its density has no one value`,
        expected: "a density without conditions",
        received: "a conditional flow",
      });
    const logDensity = (points: Float64Array): Promise<Float64Array> =>
      given.logProb(points, { precision: "float64" });
    return { features, mixture: undefined, logDensity, gradient: byDifferences(features, logDensity) };
  }
  if ("covariances" in given) return ofMixture(given);
  if ("logDensity" in given) {
    const { features, gradient } = given;
    const logDensity = (points: Float64Array): Float64Array | Promise<Float64Array> =>
      given.logDensity(points);
    return {
      features,
      mixture: undefined,
      logDensity,
      gradient: gradient ? (points) => gradient.call(given, points) : byDifferences(features, logDensity),
    };
  }
  if ("logProb" in given && "parameters" in given) {
    if (Object.keys(given.parameters).length > 0)
      throw new UsageError({
        where: "gradientFlow",
        problem: `${name} is a ${given.type}, which has trained parameters`,
        expected: "a density without trained parameters",
        received: given.type,
        remedy: "give a mixture, or use densityOf",
      });
    if (given.type === "standardNormal") return ofMixture(standard(given.features));
    const { features, gradient, logDensity } = densityOf(given.features, (x) => given.logProb(x, {}));
    return { features, mixture: undefined, logDensity, gradient: gradient! };
  }
  throw new UsageError({
    where: "gradientFlow",
    subject: name,
    expected: "a density: functions, a mixture of normals, a distribution, or a flow",
    received: describeValue(given),
  });
}
