/**
 * The gradient flow on a grid of x, in one and two dimensions, for any two densities and both mobilities: L itself is
 * put on the grid, and the nodes climb it.
 *
 * Cells c have masses M_c, the mean of rho at their corners times their area; nodes j have m_j, a quarter (in one
 * dimension half) of each cell around. At a corner the Jacobian is that of the two edges that meet there, D their determinant
 * over the area of a cell:
 *
 *     L(z)     = sum_j m_j log mu(z_j) + sum_c M_c / 4 sum over corners of log D
 *     dz_j/dt  = (dL/dz_j) / m_j                   unit mobility: steepest ascent in the metric sum_j m_j |dz_j|^2
 *     dz_j/dt  = (dL/dz_j) / v_j                   density mobility: v_j is the volume around z_j, so that m_j / v_j is
 *                                                  rho_t(z_j)
 *
 * Both are consistent with the field to second order in the spacing, by the chain rule: the gradient of
 * log rho_t = log rho - log det J on the grid is taken through z. So L cannot fall, whatever the spacing, but for the error of a step
 * in time; and it is minus infinity before a cell turns over, so that the solution never folds. Nothing is asked at the boundary:
 * the mass outside of the box is left out.
 *
 * Between nodes phi_t is the tensor product of cubics (gridInterpolation.ts): once differentiable, and its Jacobian, which is what
 * is reported, is at a node that of central differences.
 *
 * L. Evans, O. Savin, W. Gangbo, "Diffeomorphisms and nonlinear heat flows", SIAM Journal on Mathematical Analysis 37
 * (2005), https://doi.org/10.1137/04061386X, for the flow in Lagrangian coordinates.
 *
 * @module
 */

import { NumericalError, UsageError } from "../../errors.ts";
import { BandedMatrix } from "../../numerics/bandedCholesky.ts";
import { determinant, GridInterpolation, inverse } from "../../numerics/gridInterpolation.ts";
import { Rosenbrock, type StiffSystem } from "../../numerics/ode/rosenbrock.ts";
import type { ResolvedDensity } from "./density.ts";
import type { Mobility } from "./gradientFlow.ts";
import { GridCells } from "./gridCells.ts";
import type { NormalMixture } from "./normalMixture.ts";
import type { PathParts, TrajectoryParts } from "./trajectory.ts";

/** The grid of x. */
export interface GridOptions {
  /**
   * Lowest and highest x, a pair for each feature. Default for a mixture of normals: 4.5 standard deviations beyond
   * each component, 3 with two features. It should hold nearly all the mass of rho, and not much that is empty: with two features a tail
   * in which two modes meet ends in a NumericalError, because cells there are sheared until they would fold.
   */
  readonly box?: readonly (readonly [number, number])[] | undefined;
  /** Nodes along each feature, at least 5. Default 201 for one feature, 31 for two. */
  readonly nodes?: number | readonly number[] | undefined;
}

interface Common {
  readonly times: Float64Array;
  readonly tolerance: number;
  readonly jacobians: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Standard deviations beyond the means of a mixture, by the number of features. */
const reach: readonly number[] = [0, 4.5, 3];
/** Largest part of the mass that may be missing in the box, or too much. */
const massTolerance = 0.02;

function boxOf({ means, covariances }: NormalMixture): [number, number][] {
  const d = means[0]!.length;
  return Array.from({ length: d }, (_, i) => {
    const ends = (side: number): number[] =>
      means.map((mean, k) => mean[i]! + side * reach[d]! * Math.sqrt(covariances[k]![i * d + i]!));
    return [Math.min(...ends(-1)), Math.max(...ends(1))];
  });
}

/** The map of one time, with a layer of extrapolated nodes around it. */
interface Stored {
  readonly positions: Float64Array;
  readonly padded: Float64Array;
  readonly paddedVelocity: Float64Array;
}

/** A gradient flow on a grid, solved at the times. */
export class GridFlow {
  /** The nodes x, row-major; the last feature runs fastest. */
  readonly nodes: Float64Array;
  /** Their shares of the mass; they add up to 1. */
  readonly weights: Float64Array;
  readonly #features: number;
  readonly #counts: readonly number[];
  readonly #cells: GridCells;
  readonly #low: readonly number[];
  readonly #spacing: readonly number[];
  readonly #between: GridInterpolation;
  readonly #cellMass: Float64Array;
  readonly #nodeMass: Float64Array;
  readonly #to: ResolvedDensity;
  readonly #mobility: Mobility;
  readonly #common: Common;
  readonly #stored: Stored[] = [];

  private constructor(
    counts: readonly number[],
    box: readonly (readonly [number, number])[],
    nodes: Float64Array,
    density: Float64Array,
    to: ResolvedDensity,
    mobility: Mobility,
    common: Common,
  ) {
    this.#features = counts.length;
    this.#counts = counts;
    this.#cells = new GridCells(counts);
    this.#low = box.map(([low]) => low);
    this.#spacing = box.map(([low, high], i) => (high - low) / (counts[i]! - 1));
    this.nodes = nodes;
    this.#between = new GridInterpolation(counts, this.#low, this.#spacing, nodes);
    this.#to = to;
    this.#mobility = mobility;
    this.#common = common;
    const volume = this.#spacing.reduce((product, step) => product * step, 1);
    const corners = 2 ** this.#features;
    this.#nodeMass = new Float64Array(density.length);
    this.#cellMass = new Float64Array(this.#cells.count);
    this.#cells.eachCell((cell, at) => {
      this.#cellMass[cell] = (volume * at.reduce((sum, node) => sum + density[node]!, 0)) / corners;
      for (const node of at) this.#nodeMass[node]! += this.#cellMass[cell]! / corners;
    });
    const total = this.#nodeMass.reduce((sum, mass) => sum + mass, 0);
    if (!(Math.abs(total - 1) < massTolerance))
      throw new UsageError({
        where: "gradientFlow",
        subject: "the mass on the grid",
        expected: "1",
        received: `${total.toPrecision(4)}`,
        remedy: "normalize from, widen the box, or take more nodes",
      });
    this.weights = this.#nodeMass.map((mass) => mass / total);
    // A node of no mass has no velocity of its own.
    const least = 1e-280 * this.#nodeMass.reduce((maximum, mass) => Math.max(maximum, mass), 0);
    for (let j = 0; j < density.length; j++) this.#nodeMass[j] = Math.max(least, this.#nodeMass[j]!);
  }

  /**
   * Solves the flow at the times. A step costs O(n) with n nodes along one feature, O(n^4) with n by n.
   * @throws UsageError for a box or node counts that do not fit; {@link NumericalError} if the grid would fold.
   */
  static async create(
    from: ResolvedDensity,
    to: ResolvedDensity,
    mobility: Mobility,
    options: GridOptions,
    common: Common,
  ): Promise<GridFlow> {
    const d = to.features;
    const box = options.box ?? (from.mixture && boxOf(from.mixture));
    if (!box)
      throw new UsageError({
        where: "gradientFlow",
        subject: "grid.box",
        expected: "the lowest and highest x of each feature",
        received: "none",
        remedy: "only a mixture of normals says it itself",
      });
    if (box.length !== d || !box.every(([low, high]) => Number.isFinite(high - low) && low < high))
      throw new UsageError({
        where: "gradientFlow",
        subject: "grid.box",
        expected: `${d} pairs, the lower number first`,
        received: JSON.stringify(box),
      });
    const { nodes = d === 1 ? 201 : 31 } = options;
    const counts = typeof nodes === "number" ? new Array<number>(d).fill(nodes) : nodes;
    if (counts.length !== d || !counts.every((count) => Number.isSafeInteger(count) && count >= 5))
      throw new UsageError({
        where: "gradientFlow",
        subject: "grid.nodes",
        expected: `a whole number from 5, or ${d} of them`,
        received: JSON.stringify(nodes),
      });
    const total = counts.reduce((product, count) => product * count, 1);
    const places = new Float64Array(total * d);
    for (let node = 0; node < total; node++)
      for (let axis = d - 1, rest = node; axis >= 0; rest = Math.floor(rest / counts[axis]!), axis--) {
        const [low, high] = box[axis]!;
        places[node * d + axis] = low + ((high - low) * (rest % counts[axis]!)) / (counts[axis]! - 1);
      }
    const density = (await from.logDensity(places)).map(Math.exp);
    const flow = new GridFlow(counts, box, places, density, to, mobility, common);
    await flow.#solve();
    return flow;
  }

  /** The velocities of the nodes to `out`, and the metric, m_j or v_j, to `metric`; NaN where a cell is turned over. */
  async #velocity(z: Float64Array, out: Float64Array, metric: Float64Array): Promise<void> {
    const d = this.#features;
    const mass = this.#nodeMass;
    const isUnit = this.#mobility === "unit";
    const share = 1 / 2 ** d;
    metric.fill(0);
    out.fill(0);
    const isRegular = this.#cells.eachTerm(z, this.#cellMass, (node, own, det, at, slope) => {
      metric[node]! += share * det;
      for (let i = 0; i < at.length; i++) out[at[i]!]! += own * slope[i]!;
    });
    if (!isRegular) {
      out.fill(Number.NaN);
      return;
    }
    if (isUnit) metric.set(mass);
    const pull = await this.#to.gradient(z);
    for (let at = 0; at < out.length; at++) {
      const j = d === 1 ? at : at >> 1;
      out[at] = (out[at]! + mass[j]! * pull[at]!) / metric[j]!;
    }
  }

  /**
   * The equation with the stiff part of its Jacobian, A = -W^-1 K: W the metric, K the sum of M (grad log D)(grad log D)'
   * and of what log mu adds to the diagonal. Left out: the second derivatives of D, whose sum over the corners is a null
   * Lagrangian, and those of the metric; both are of first order in space.
   */
  #system(): StiffSystem {
    const d = this.#features;
    const mass = this.#nodeMass;
    const size = this.nodes.length;
    const band = d === 1 ? 1 : 2 * this.#cells.columns + 1;
    const stiffness = new BandedMatrix(size, band);
    const matrix = new BandedMatrix(size, band);
    const metric = new Float64Array(mass.length);
    const here = new Float64Array(mass.length);
    return {
      weights: new Float64Array(size).fill(1 / size),
      derivative: (y, out) => this.#velocity(y, out, metric),
      linearize: async (y) => {
        here.set(metric);
        stiffness.values.fill(0);
        this.#cells.eachTerm(y, this.#cellMass, (_, own, __, at, slope) => {
          for (let i = 0; i < at.length; i++)
            for (let j = 0; j <= i; j++) stiffness.add(at[i]!, at[j]!, own * slope[i]! * slope[j]!);
        });
        for (let axis = 0; axis < d; axis++) {
          const step = 1e-5;
          const up = await this.#to.gradient(
            y.map((coordinate, at) => (at % d === axis ? coordinate + step : coordinate)),
          );
          const down = await this.#to.gradient(
            y.map((coordinate, at) => (at % d === axis ? coordinate - step : coordinate)),
          );
          for (let at = axis; at < size; at += d) {
            const curvature = (down[at]! - up[at]!) / (2 * step);
            if (curvature > 0) stiffness.add(at, at, mass[(at - axis) / d]! * curvature);
          }
        }
      },
      factor: (share) => {
        // Scaled by the square roots of the metric, which spans many orders of magnitude.
        const scale = (at: number): number => 1 / Math.sqrt(here[d === 1 ? at : at >> 1]!);
        for (let i = 0; i < size; i++) {
          const row = i * (band + 1) - i + band;
          for (let j = Math.max(0, i - band); j <= i; j++)
            matrix.values[row + j] =
              (i === j ? 1 : 0) + share * stiffness.values[row + j]! * scale(i) * scale(j);
        }
        return matrix.factor();
      },
      solve: (right) => {
        const root = (at: number): number => Math.sqrt(here[d === 1 ? at : at >> 1]!);
        for (let at = 0; at < size; at++) right[at]! *= root(at);
        matrix.solve(right);
        for (let at = 0; at < size; at++) right[at]! /= root(at);
      },
      failure: (t) => ({
        where: "gradientFlow",
        problem: `the grid would fold at time ${t}: no step is small enough`,
        expected: "a step that leaves the nodes in their order",
        received: "none",
        remedy: "make the box smaller, so that rho varies less in it, or take more nodes",
      }),
    };
  }

  async #solve(): Promise<void> {
    const { times, tolerance, signal } = this.#common;
    const z = this.nodes.slice();
    const system = this.#system();
    const solver = new Rosenbrock(system, tolerance, signal);
    let t = 0;
    for (const next of times) {
      await solver.advance(z, t, next);
      t = next;
      const velocity = new Float64Array(z.length);
      await system.derivative(z, velocity);
      this.#stored.push({
        positions: z.slice(),
        padded: this.#between.pad(z),
        paddedVelocity: this.#between.pad(velocity),
      });
    }
  }

  /** Evaluates the solution at points of the box. O(1) per row and time. */
  async toBase(points: Float64Array): Promise<TrajectoryParts> {
    const d = this.#features;
    const rows = points.length / d;
    const { times } = this.#common;
    for (let at = 0; at < points.length; at++) this.#requireInside(points[at]!, at);
    const parts = this.#emptyParts(rows);
    const velocities = Array.from(times, () => new Float64Array(points.length));
    const divergences = Array.from(times, () => new Float64Array(rows));
    const value = new Float64Array(d);
    const velocity = new Float64Array(d);
    const jacobian = new Float64Array(d * d);
    const slope = new Float64Array(d * d);
    for (let k = 0; k < times.length; k++)
      for (let row = 0; row < rows; row++) {
        const x = points.subarray(row * d, (row + 1) * d);
        const { padded, paddedVelocity } = this.#stored[k]!;
        this.#between.interpolate(padded, x, value, jacobian);
        this.#between.interpolate(paddedVelocity, x, velocity, slope);
        const det = determinant(jacobian, d);
        if (!(det > 0))
          throw new NumericalError({
            where: "gradientFlow",
            problem: `the map between the nodes folds at time ${times[k]} near row ${row + 1}`,
            expected: "a map that does not fold",
            received: "one that does",
            remedy: "take more nodes",
          });
        parts.points[k]!.set(value, row * d);
        parts.logAbsDet[k]![row] = Math.log(det);
        parts.jacobians?.[k]?.set(jacobian, row * d * d);
        velocities[k]!.set(velocity, row * d);
        // The trace of (d velocity / dx) J^-1.
        divergences[k]![row] =
          d === 1
            ? slope[0]! / det
            : (slope[0]! * jacobian[3]! -
                slope[1]! * jacobian[2]! +
                slope[3]! * jacobian[0]! -
                slope[2]! * jacobian[1]!) /
              det;
      }
    return { ...parts, velocities, divergences };
  }

  /** Finds the x that the solution moves to each point, by Newton steps from the nearest node. O(nodes) per row and time. */
  async toData(points: Float64Array): Promise<PathParts> {
    const d = this.#features;
    const rows = points.length / d;
    const { times } = this.#common;
    const parts = this.#emptyParts(rows);
    const x = new Float64Array(d);
    const jacobian = new Float64Array(d * d);
    for (let k = 0; k < times.length; k++) {
      const { positions, padded } = this.#stored[k]!;
      for (let row = 0; row < rows; row++) {
        const y = points.subarray(row * d, (row + 1) * d);
        if (!this.#between.solveFor(positions, padded, y, x, jacobian))
          throw new UsageError({
            where: "gradientFlow, toData",
            problem: `no point of the box is moved to row ${row + 1}, (${Array.from(y).join(", ")}), by time ${times[k]}`,
            expected: "a point that the box reaches",
            received: `(${Array.from(y).join(", ")})`,
            remedy: "widen the box",
          });
        parts.points[k]!.set(x, row * d);
        parts.logAbsDet[k]![row] = -Math.log(determinant(jacobian, d));
        parts.jacobians?.[k]?.set(inverse(jacobian, d), row * d * d);
      }
    }
    return parts;
  }

  #emptyParts(rows: number): PathParts {
    const d = this.#features;
    const { times, jacobians } = this.#common;
    return {
      times,
      points: Array.from(times, () => new Float64Array(rows * d)),
      logAbsDet: Array.from(times, () => new Float64Array(rows)),
      jacobians: jacobians ? Array.from(times, () => new Float64Array(rows * d * d)) : undefined,
    };
  }

  #requireInside(value: number, at: number): void {
    const axis = at % this.#features;
    const low = this.#low[axis]!;
    const high = low + this.#spacing[axis]! * (this.#counts[axis]! - 1);
    const slack = 1e-12 * (high - low);
    if (!(value >= low - slack && value <= high + slack))
      throw new UsageError({
        where: "gradientFlow",
        problem: `row ${Math.floor(at / this.#features) + 1} has ${value} where the grid reaches from ${low} to ${high}`,
        expected: `${low} to ${high}`,
        received: `${value}`,
        remedy: "widen the box",
      });
  }
}
