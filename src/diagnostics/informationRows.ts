/**
 * The rows that densities of some of a table's columns are estimated from, where some columns may be shares of a total.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import type { FitData } from "../fitting/fitData.ts";

/** Rows of some columns. */
export interface RowsOfColumns {
  readonly columns: readonly string[];
  /** Row-major. */
  readonly data: Float64Array;
  /** What is added to the log-density of each row of `data` to have that of the columns, in nats; undefined for nothing. */
  readonly logAbsDet: Float64Array | undefined;
}

/** Shares of rows of log-ratios to the last one: closed, so that they sum to the total. */
function sharesOf({ columns, tableColumns, simplex, train }: FitData): Float64Array {
  const { shares, total } = simplex!;
  const width = columns.length;
  const values = new Float64Array(train.rows * tableColumns.length);
  const last = shares.at(-1)!;
  for (let row = 0; row < train.rows; row++) {
    const ratio = (name: string): number =>
      name === last ? 0 : train.data[row * width + columns.indexOf(name)]!;
    const largest = shares.reduce((largest, name) => Math.max(largest, ratio(name)), 0);
    const sum = shares.reduce((total, name) => total + Math.exp(ratio(name) - largest), 0);
    tableColumns.forEach((name, i) => {
      values[row * tableColumns.length + i] = shares.includes(name)
        ? (total * Math.exp(ratio(name) - largest)) / sum
        : ratio(name);
    });
  }
  return values;
}

/**
 * Gives the rows of columns, named by their places in the table. All shares of a total together are log-ratios, whose density is one
 * with respect to all of them but the last; some of them alone are columns like others.
 */
export function rowsOfColumns(data: FitData): (places: readonly number[]) => RowsOfColumns {
  const { columns, tableColumns, simplex, train } = data;
  const plain = simplex ? sharesOf(data) : train.data;
  const pick = (names: readonly string[], all: readonly string[], values: Float64Array): Float64Array => {
    const from = names.map((name) => all.indexOf(name));
    return Float64Array.from({ length: train.rows * from.length }, (_, i) => {
      const place = i % from.length;
      return values[((i - place) / from.length) * all.length + from[place]!]!;
    });
  };
  return (places) => {
    const names = places.map((i) => tableColumns[i]!);
    if (!simplex?.shares.every((name) => names.includes(name)))
      return { columns: names, data: pick(names, tableColumns, plain), logAbsDet: undefined };
    const others = names.filter((name) => name !== simplex.shares.at(-1));
    return { columns: others, data: pick(others, columns, train.data), logAbsDet: train.logAbsDetOfRows };
  };
}

/** @throws UsageError if groups share the shares of a total between them: together they tell the last one exactly. */
export function checkDividedShares(
  between: readonly (readonly string[])[] | undefined,
  shares: readonly string[] | undefined,
): void {
  if (!between || !shares?.every((name) => between.flat().includes(name))) return;
  if (between.some((group) => shares.every((name) => group.includes(name)))) return;
  throw new UsageError({
    where: "information",
    problem: `the shares ${shares.join(", ")} are in several groups of between, which tell each other's exactly: their mutual information has no bound`,
    expected: "all shares of a total in one group, or one of them in none",
    received: between.map((group) => group.join(",")).join(" : "),
    remedy: "put them in one group, or leave one of them out",
  });
}
