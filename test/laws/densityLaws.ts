/**
 * The law that a density integrates to one.
 *
 * @module
 */

import { expect, test } from "vitest";
import { trapezoidalMass } from "../../src/diagnostics/laws/pushedMass.ts";
import type { BijectionCase } from "./cases/bijectionCase.ts";
import type { Subject } from "./harness.ts";
import { randomParameters, type Values } from "./parameters.ts";

/** Base points go this far; the normal mass outside is 1e-15. */
const reach = 8;

/**
 * Declares the law that the density of the standard normal pushed through integrates to one, if the case has one or two
 * features. The subject's engine should be fast, and of float64: that it agrees with the oracle is a law of its own.
 *
 * The integral is that of the trapezoidal rule over y. Its nodes are the images of an even grid of base points, so
 * that they are where the density is; the areas between them come from their coordinates alone and know no Jacobian.
 */
export function densityLaws({ bijection, foldsAt }: BijectionCase, subject: Subject): void {
  if (bijection.features > 2) return;
  const two = bijection.features === 2;
  // The error of the rule falls with the square of the nodes of a side: a density that passes has mass 1, one that does not gets more.
  const sides = two ? [126, 251, 501, 1001] : [1001, 10_001, 100_001];

  /** Nodes: `side`, or `side` times `side`, points, one coordinate after the other. */
  async function nodes(side: number, parameters: Values, context: readonly number[]): Promise<Float64Array> {
    const at = (i: number): number => (2 * reach * i) / (side - 1) - reach;
    // A map with branches covers its image several times: there the nodes start from its edge and are even.
    const edge = bijection.branches ? foldsAt!(parameters) : undefined;
    const base = new Float64Array(two ? 2 * side * side : side);
    const coordinates = Float64Array.from({ length: side }, (_, i) => at(i));
    for (let k = 0; k < base.length; k++) {
      const place = coordinates[two && k % 2 === 1 ? (k >> 1) % side : Math.floor(k / (two ? 2 * side : 1))]!;
      base[k] = edge ? edge[k % edge.length]! + 5 * (place + reach) : place;
    }
    if (edge) return base;
    return (await subject.image("forward", parameters, { x: base, context: repeat(context, base) })).value;
  }

  function repeat(context: readonly number[], points: Float64Array): Float64Array {
    const out = new Float64Array((points.length / bijection.features) * context.length);
    context.forEach((value, k) => {
      for (let at = k; at < out.length; at += context.length) out[at] = value;
    });
    return out;
  }

  async function integral(side: number, seed: number, scale: number): Promise<number> {
    const parameters = randomParameters(bijection, seed, scale);
    const context = Array.from({ length: bijection.context }, (_, i) => Math.sin(seed + i));
    const y = await nodes(side, parameters, context);
    const density = await subject.logDensity(parameters, { x: y, context: repeat(context, y) });
    for (let k = 0; k < density.length; k++) density[k] = Math.exp(density[k]!);
    return trapezoidalMass(y, density, side);
  }

  // Where slopes differ by thousands from bin to bin the rule needs more nodes than there is time for.
  const sizes = two ? [0.3, 0.3, 0.3] : [0.3, 1, 1, 1];
  // What does not take any number is tried behind a map that gives what it takes.
  test.runIf(!bijection.domain).each(sizes.map((size, i) => [size, i + 1] as const))(
    "the density of the standard normal pushed through integrates to 1 with parameters of size %d (seed %i)",
    async (scale, seed) => {
      let error = Number.POSITIVE_INFINITY;
      let coarser: { readonly side: number; readonly mass: number } | undefined;
      for (const side of sides) {
        const mass = await integral(side, seed, scale);
        // Of two grids, what is left when that error is taken out of both (Richardson 1911): on 251 and 501 nodes nearer than on 1001 alone.
        const correction =
          coarser === undefined ? 0 : (mass - coarser.mass) / (((side - 1) / (coarser.side - 1)) ** 2 - 1);
        error = Math.abs(mass + correction - 1);
        if (error < 1e-3) break;
        coarser = { side, mass };
      }
      expect(error).toBeLessThan(1e-3);
    },
  );
}
