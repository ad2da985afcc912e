/**
 * Rows of cells, joined and parted.
 *
 * @module
 */

import { type RandomKey, RandomStream } from "../../random/philox.ts";
import type { CellRows } from "./fitColumns.ts";

/** Rows one below the other. */
export function joinedRows(first: CellRows, second: CellRows): CellRows {
  const join = (a: Float64Array, b: Float64Array): Float64Array => {
    const out = new Float64Array(a.length + b.length);
    out.set(a);
    out.set(b, a.length);
    return out;
  };
  return {
    rows: first.rows + second.rows,
    cells: first.cells.map((own, i) => join(own, second.cells[i]!)),
    weights: first.weights && second.weights && join(first.weights, second.weights),
  };
}

/** Rows at random in blocks of one size, of which fewer rows than there are blocks are left over; all in their order where one will do. */
export function rowBlocks(rows: CellRows, most: number, key: RandomKey): readonly CellRows[] {
  if (rows.rows <= most) return [rows];
  const order = new RandomStream(key).permutation(rows.rows);
  const count = Math.ceil(rows.rows / most);
  const size = Math.floor(rows.rows / count);
  return Array.from({ length: count }, (_, block) => {
    const own = order.subarray(block * size, (block + 1) * size);
    const pick = (values: Float64Array): Float64Array => Float64Array.from(own, (row) => values[row]!);
    return {
      rows: size,
      // Picked when they are needed: all blocks together are a copy of the table.
      get cells() {
        return rows.cells.map(pick);
      },
      ...(rows.weights ? { weights: pick(rows.weights) } : {}),
    };
  });
}
