/**
 * Rows of bijections/blocks.
 *
 * @module
 */

import { blockAutoregressive } from "../../../src/bijections/blocks/blockAutoregressive.ts";
import type { BijectionCases } from "./bijectionCase.ts";

/** What the masks of blocks hide: all of a weight matrix but what is below its diagonal blocks. */
const hidesBlocks =
  (features: number, units: readonly number[]) =>
  (name: string, index: number): boolean => {
    const layer = Number(/^weight(\d)$/.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(layer)) return false;
    const sizes = [1, ...units, 1];
    const columns = features * sizes[layer]!;
    const from = Math.floor((index % columns) / sizes[layer]!);
    return from >= Math.floor(Math.floor(index / columns) / sizes[layer + 1]!);
  };

const solved = { startsAsIdentity: false, draws: 5, largestParameter: 20 } as const;

/** Rows by type. */
export const blockCases: Readonly<
  Record<keyof typeof import("../../../src/bijections/blocks/makers.ts"), BijectionCases>
> = {
  blockAutoregressive: {
    "two features in the other order, with context": {
      // Of a small leak the density is spread too far for a grid.
      bijection: blockAutoregressive({ features: 2, context: 1, units: [2], gated: true, order: [1, 0] }),
      hides: hidesBlocks(2, [2]),
      ...solved,
      draws: 3,
    },
    "one feature, two layers": {
      bijection: blockAutoregressive({ features: 1, units: [2, 1], leak: 0.1 }),
      hides: hidesBlocks(1, [2, 1]),
      ...solved,
    },
  },
};
