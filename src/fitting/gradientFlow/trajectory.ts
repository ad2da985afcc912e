/**
 * Points carried by a gradient flow, with their densities and Jacobians.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import type { ResolvedDensity } from "./density.ts";

/** Points at one time. */
export interface Snapshot {
  /** Row-major, as the points at the start. */
  readonly points: Float64Array;
  /** See {@link Path.logDensity}. */
  readonly logDensity: Float64Array;
  /** See {@link Path.logAbsDet}. */
  readonly logAbsDet: Float64Array;
}

/** Points at several times. Arrays are indexed by time first, then by row. */
export interface Path {
  /** Times, ascending, without a unit. */
  readonly times: Float64Array;
  /** At each time the points, row-major: `rows` times `features` numbers. */
  readonly points: readonly Float64Array[];
  /** At each time the log-density, in nats, of the law of the points, at the points. */
  readonly logDensity: readonly Float64Array[];
  /** At each time log abs(det J), in nats, of the map from the points at time 0 to the points. */
  readonly logAbsDet: readonly Float64Array[];
  /** At each time the Jacobians of that map, row-major, `features` squared numbers per row; only where asked for. */
  readonly jacobians: readonly Float64Array[] | undefined;
  /**
   * The points and densities at one of the times.
   * @throws UsageError if `t` is not one of them.
   */
  at(t: number): Snapshot;
}

/** Points z_t = phi_t(x) on their way from rho to mu; `logDensity` is log rho_t(z_t). */
export interface Trajectory extends Path {
  /** At each time dz/dt, row-major. */
  readonly velocities: readonly Float64Array[];
  /** At each time the divergence of the velocity field at the points: d log rho_t(z_t)/dt is its opposite. */
  readonly divergences: readonly Float64Array[];
  /** At each time log rho~_t(x) = log mu(z_t) + logAbsDet: the estimate of log rho at the points of time 0, in nats. */
  readonly logEstimate: readonly Float64Array[];
  /** Weight of each point in {@link logLikelihood}; they add up to 1. */
  readonly weights: Float64Array;
  /** L[phi_t], the weighted mean of `logEstimate`, at each time, in nats. */
  readonly logLikelihood: Float64Array;
}

/** What the computation of a path yields. */
export interface PathParts {
  readonly times: Float64Array;
  readonly points: readonly Float64Array[];
  readonly logAbsDet: readonly Float64Array[];
  readonly jacobians: readonly Float64Array[] | undefined;
}

/** What the computation of a trajectory yields. */
export interface TrajectoryParts extends PathParts {
  readonly velocities: readonly Float64Array[];
  readonly divergences: readonly Float64Array[];
}

/** Adds densities to a path; `logStart` is the log-density of the law at time 0, at the points of time 0. */
export function completePath(parts: PathParts, logStart: Float64Array): Path {
  const { times, points, logAbsDet, jacobians } = parts;
  const logDensity = logAbsDet.map((rowsAtTime) => rowsAtTime.map((value, row) => logStart[row]! - value));
  return {
    times,
    points,
    logDensity,
    logAbsDet,
    jacobians,
    at(t) {
      const k = times.indexOf(t);
      if (k < 0)
        throw new UsageError({
          where: "gradientFlow",
          problem: `the points are known at the times ${times.join(", ")}, not at ${t}`,
          expected: `one of ${times.join(", ")}`,
          received: `${t}`,
          remedy: "name it in times",
        });
      return { points: points[k]!, logDensity: logDensity[k]!, logAbsDet: logAbsDet[k]! };
    },
  };
}

/** Adds densities, estimates and L to a trajectory. */
export async function completeTrajectory(
  parts: TrajectoryParts,
  logStart: Float64Array,
  to: ResolvedDensity,
  weights: Float64Array,
): Promise<Trajectory> {
  const logEstimate: Float64Array[] = [];
  for (let k = 0; k < parts.times.length; k++) {
    const target = await to.logDensity(parts.points[k]!);
    logEstimate.push(parts.logAbsDet[k]!.map((value, row) => value + target[row]!));
  }
  const logLikelihood = Float64Array.from(logEstimate, (estimate) =>
    estimate.reduce((sum, value, row) => (weights[row]! > 0 ? sum + weights[row]! * value : sum), 0),
  );
  const { velocities, divergences } = parts;
  return { ...completePath(parts, logStart), velocities, divergences, logEstimate, weights, logLikelihood };
}

/** Equal weights that add up to 1. */
export function equalWeights(rows: number): Float64Array {
  return new Float64Array(rows).fill(1 / rows);
}
