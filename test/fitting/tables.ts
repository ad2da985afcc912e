import type { FlowKind } from "../../src/architectures/kinds.ts";
import type { FitOptions } from "../../src/fitting/fitOptions.ts";

import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { type Table, tableFromRows } from "../../src/tables/table.ts";

/** Every architecture. */
export const kinds: readonly FlowKind[] = ["realnvp", "maf", "nsf", "nsf-ar"];

/** A fit of a second or less. */
export const quick: FitOptions = { hidden: [8], transforms: 2, epochs: 4, threads: 1, seed: 1 };

/** A table from a function of a stream of random numbers. */
export function draw(
  columns: readonly string[],
  rows: number,
  seed: number,
  row: (stream: RandomStream) => readonly number[],
): Table {
  const stream = new RandomStream(randomKey(seed));
  return tableFromRows(
    columns,
    Array.from({ length: rows }, () => row(stream)),
  );
}

/** A skewed column, a curved ridge over it, and one far from zero, in units that differ by many powers of ten. */
export function curved(rows: number, seed: number): Table {
  return draw(["mass", "gap", "height"], rows, seed, (stream) => {
    const [a, b, c] = [stream.normal(), stream.normal(), stream.normal()];
    return [1e3 * Math.exp(0.7 * a), 1e-3 * (a * a + 0.3 * b), 1e4 + 50 * (Math.sin(2 * b) + 0.2 * c)];
  });
}

/** The mean and standard deviation of each column. */
export function momentsOf(table: Table): { mean: number[]; deviation: number[] } {
  const width = table.columns.length;
  const at = (row: number, i: number): number => table.values[row * width + i]!;
  const rows = Array.from({ length: table.rows }, (_, row) => row);
  const mean = table.columns.map((_, i) => rows.reduce((sum, row) => sum + at(row, i), 0) / table.rows);
  const deviation = table.columns.map((_, i) =>
    Math.sqrt(rows.reduce((sum, row) => sum + (at(row, i) - mean[i]!) ** 2, 0) / table.rows),
  );
  return { mean, deviation };
}

/** The mean of numbers. */
export function meanOf(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}
