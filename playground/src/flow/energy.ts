/**
 * An energy as a target: its expression, and what is known of it by a grid.
 *
 * @module
 */

import { formula } from "pushforward";
import { paretoSmoothed } from "pushforward/diagnostics";
import type { Engine } from "pushforward/engines";
import { type Expr, ops } from "pushforward/graph";
import { wall } from "../data/energies.ts";
import { uniforms } from "../data/random.ts";

/** How fast the wall rises: by 1/2 over this distance. */
const softness = 0.25;

/** Logarithm of the density of an energy, up to a constant. */
export function logDensityOf(text: string, point: Expr): Expr {
  const coordinate = (axis: number): Expr => ops.reshape(ops.slice(point, axis, axis + 1), []);
  const [x, y] = [coordinate(0), coordinate(1)];
  const energy = formula(text, { x, y });
  if (energy.shape.length > 0) throw new Error("An energy is one number: this formula gives several.");
  const beyond = (value: Expr): Expr =>
    ops.square(ops.div(ops.relu(ops.sub(ops.abs(value), wall)), softness));
  return ops.neg(ops.add(energy, ops.mul(0.5, ops.add(beyond(x), beyond(y)))));
}

/** What a grid says of a target. */
export interface Target {
  /** Points of its law, x and y in turn. */
  readonly points: Float64Array;
  /** Logarithm of the integral of exp(-energy). */
  readonly logIntegral: number;
  /** Logarithm of its density, up to that constant, at points. */
  heightAt(points: Float64Array): Promise<Float64Array>;
  /** Gives memory and threads back. */
  dispose(): void;
}

/** Rows and columns of the grid. */
const size = 400;
const count = 1500;

/** Integrates a target over the window, and draws points of it. */
export async function targetOf(text: string, engine: Engine, signal: AbortSignal): Promise<Target> {
  const point = ops.input("data", [2]);
  const executable = await engine.compile({ rows: { height: logDensityOf(text, point) } }, { signal });
  try {
    const half = wall + 4 * softness;
    const cell = (2 * half) / size;
    const grid = new Float64Array(2 * size * size);
    for (let row = 0, at = 0; row < size; row++)
      for (let column = 0; column < size; column++) {
        grid[at++] = -half + (column + 0.5) * cell;
        grid[at++] = -half + (row + 0.5) * cell;
      }
    const heightAt = async (data: Float64Array): Promise<Float64Array> =>
      (await executable.run({ rows: data.length / 2, inputs: { data } })).rows.height!;
    const height = await heightAt(grid);
    let top = Number.NEGATIVE_INFINITY;
    for (const value of height) {
      if (Number.isNaN(value) || value === Number.POSITIVE_INFINITY)
        throw new Error(
          "This energy is not a number everywhere between −4 and 4, or has no lowest value there.",
        );
      top = Math.max(top, value);
    }
    if (!Number.isFinite(top))
      throw new Error("This energy leaves no place with any probability between −4 and 4.");
    const sums = new Float64Array(height.length);
    let total = 0;
    height.forEach((value, i) => {
      total += Math.exp(value - top);
      sums[i] = total;
    });
    const uniform = uniforms(11);
    const points = new Float64Array(2 * count);
    for (let i = 0; i < count; i++) {
      const wanted = uniform() * total;
      let [low, high] = [0, sums.length - 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (sums[middle]! < wanted) low = middle + 1;
        else high = middle;
      }
      for (const axis of [0, 1]) points[2 * i + axis] = grid[2 * low + axis]! + (uniform() - 0.5) * cell;
    }
    return {
      points,
      logIntegral: top + Math.log(total * cell * cell),
      heightAt,
      dispose: () => executable.dispose(),
    };
  } catch (error) {
    executable.dispose();
    throw error;
  }
}

/** How far the samples of a flow can stand for the target. */
export interface Weighed {
  /** Shape of the tail of the weights. */
  readonly kHat: number;
  /** Effective number of samples, as a share. */
  readonly effectiveShare: number;
}

/** Judges a flow by the weights target / flow of its samples. */
export function weighed(logRatios: Float64Array): Weighed {
  const { logWeights, k } = paretoSmoothed(logRatios);
  const squares = logWeights.reduce((sum, weight) => sum + Math.exp(2 * weight), 0);
  return { kHat: k, effectiveShare: 1 / squares / logWeights.length };
}
