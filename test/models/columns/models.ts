/**
 * Small densities of mixed columns, with parameters far from where training starts.
 *
 * @module
 */

import { modelColumn } from "../../../src/fitting/columns/modelColumn.ts";
import { sizeOf } from "../../../src/graph/expr.ts";
import { flattenTree } from "../../../src/graph/parameters.ts";
import { type DensityColumn, hasLevels, levelsOf } from "../../../src/models/columns/column.ts";
import { type ColumnsDensity, columnsDensity } from "../../../src/models/columns/columnsDensity.ts";
import { ColumnsEvaluation } from "../../../src/models/columns/columnsModel.ts";
import { RandomStream, randomKey, split } from "../../../src/random/philox.ts";

/** Rows that heads are made of. */
const rows = 200;

/** Cells that a column can have, atoms and missing ones among them. */
export function someCells(column: DensityColumn, seed: number): Float64Array {
  const stream = new RandomStream(split(randomKey(seed), column.name));
  const { kind, lower, upper, step, from = 0, period = 360, atoms = [], missing } = column;
  const value = (): number => {
    if (hasLevels(column)) return stream.integerBelow(levelsOf(column));
    if (kind === "angle") {
      const turn = period * stream.uniform();
      return step === undefined ? turn : from + step * Math.floor(turn / step);
    }
    const least = lower ?? (kind === "positive" ? 0 : undefined);
    const span = least !== undefined && upper !== undefined ? upper - least : undefined;
    const own =
      span !== undefined
        ? least! + span * stream.uniform() ** 2
        : least !== undefined
          ? least + Math.exp(stream.normal())
          : upper !== undefined
            ? upper - Math.exp(stream.normal())
            : 3 * stream.normal();
    const grid = step ?? (kind === "integer" || kind === "date-time" ? 1 : undefined);
    if (grid === undefined) return own;
    const first = least === undefined ? Number.NEGATIVE_INFINITY : Math.ceil((least - from) / grid);
    return from + grid * Math.max(first, Math.floor((own - from) / grid));
  };
  return Float64Array.from({ length: rows }, () => {
    const choice = stream.uniform();
    if (missing && choice < 0.2) return Number.NaN;
    if (atoms.length > 0 && choice < 0.5) return atoms[stream.integerBelow(atoms.length)]!;
    return value();
  });
}

/** Weights of members that differ. */
export function weightsOf(members: number): number[] {
  return Array.from({ length: members }, (_, k) => (2 * (k + 1)) / (members * (members + 1)));
}

/** A density of some columns whose heads depend on one another as parameters of a random network say. */
export function someDensity(
  columns: readonly DensityColumn[],
  {
    order = columns.map((_, i) => i),
    given = [],
    members = 1,
    scale = 0.7,
    seed = 1,
    anyOrder,
  }: {
    readonly order?: readonly number[];
    readonly given?: readonly DensityColumn[];
    readonly members?: number;
    readonly scale?: number;
    readonly seed?: number;
    readonly anyOrder?: boolean;
  } = {},
): ColumnsEvaluation {
  const modeled = [...given, ...columns].map((column) =>
    modelColumn(column, someCells(column, seed), undefined, { components: 3, angleComponents: 3 }),
  );
  const density = columnsDensity({
    given: modeled.slice(0, given.length),
    columns: modeled.slice(given.length),
    order,
    hidden: [12, 12],
    ...(anyOrder ? { anyOrder } : {}),
    ...(members > 1 ? { members: columns.map(() => weightsOf(members)) } : {}),
  });
  return evaluationOf(density, scale, seed);
}

/** A density with random parameters. */
export function evaluationOf(density: ColumnsDensity, scale: number, seed: number): ColumnsEvaluation {
  const values = Object.fromEntries(
    Array.from(flattenTree(density.parameters), ([name, { shape }]) => {
      const stream = new RandomStream(split(randomKey(seed), name));
      const start = density.start[name];
      return [
        name,
        Float64Array.from({ length: sizeOf(shape) }, (_, i) => (start?.[i] ?? 0) + scale * stream.normal()),
      ];
    }),
  );
  return new ColumnsEvaluation({ density, values, precision: "float64" });
}

/** All rows that have one of some cells in each column: an array for each column. */
export function product(cells: readonly ArrayLike<number>[]): Float64Array[] {
  const total = cells.reduce((count, own) => count * own.length, 1);
  let inner = total;
  return cells.map((own) => {
    inner /= own.length;
    return Float64Array.from({ length: total }, (_, row) => own[Math.floor(row / inner) % own.length]!);
  });
}
