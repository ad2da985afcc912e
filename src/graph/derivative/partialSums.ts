/**
 * Sums of the cotangents that one value receives, in an order that engines can do as moves.
 *
 * What slices of a value send back is zero but for the slice. Two of them that do not overlap add up to one move out of both, which
 * simplification finds where they stand side by side. So cotangents are added up in layers, in each of which no element has two.
 *
 * @module
 */

import type { Expr } from "../expr.ts";
import { type Cotangent, joined } from "./cotangent.ts";

interface Layer {
  sum: Cotangent;
  /** By element, 1 where the sum can be other than zero; undefined: anywhere. */
  readonly occupied: Uint8Array | undefined;
}

/** The cotangents of values, added up as they come. */
export class PartialSums {
  readonly #layers = new Map<Expr, Layer[]>();

  /** Adds a cotangent of a value's shape. */
  add(to: Expr, cotangent: Cotangent): void {
    const occupied = occupiedPlaces(cotangent.value);
    const layers = this.#layers.get(to);
    if (!layers) {
      this.#layers.set(to, [{ sum: cotangent, occupied }]);
      return;
    }
    const layer = occupied && layers.find((other) => other.occupied && areDisjoint(other.occupied, occupied));
    if (!layer) {
      layers.push({ sum: cotangent, occupied });
      return;
    }
    layer.sum = joined(layer.sum, cotangent);
    occupied.forEach((isOccupied, i) => {
      if (isOccupied) layer.occupied![i] = 1;
    });
  }

  /** The sum of what came for a value; undefined if nothing did. */
  of(value: Expr): Cotangent | undefined {
    return this.#layers
      .get(value)
      ?.map(({ sum }) => sum)
      .reduce(joined);
  }
}

/** By element, 1 where a move out of another value puts something; undefined for other values, and moves that fill all. */
function occupiedPlaces(value: Expr): Uint8Array | undefined {
  const move = value.op === "reshape" ? value.inputs[0]! : value;
  if (move.op !== "gather" || !move.indices.includes(-1)) return undefined;
  return Uint8Array.from(move.indices, (from) => (from >= 0 ? 1 : 0));
}

function areDisjoint(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((isOccupied, i) => !isOccupied || !b[i]);
}
