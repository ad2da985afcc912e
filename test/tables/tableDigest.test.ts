import { describe, expect, it } from "vitest";
import { tableFromRows } from "../../src/tables/table.ts";
import { rowKeys, tableDigest } from "../../src/tables/tableDigest.ts";

const rows = [
  [1, 0.1, 7],
  [2, 0.2, 8],
  [2, 0.2, 9],
  [-0, 0.3, 7],
];
const names = ["a", "b", "c"];
const digest = (of: readonly (readonly number[])[], columns = ["a", "b"]): string =>
  tableDigest(
    tableFromRows(
      names,
      of.map((row) => [...row]),
    ),
    columns,
  );

describe("tableDigest", () => {
  it("is the same for the same rows in any order, beside rows that miss a value, and for 0 and -0", () => {
    const own = digest(rows);
    expect(own).toMatch(/^[0-9a-f]{32}$/);
    expect(digest([rows[3]!, rows[1]!, rows[0]!, rows[2]!])).toBe(own);
    expect(digest([...rows, [Number.NaN, 1, 1]])).toBe(own);
    expect(digest([...rows.slice(0, 3), [0, 0.3, 7]])).toBe(own);
    expect(digest(rows.map(([a, b]) => [a!, b!, 0]))).toBe(own);
  });

  it("differs for other values, fewer or more rows, rows that repeat, and columns that are exchanged", () => {
    const others = [
      digest(rows.slice(1)),
      digest([...rows, rows[0]!]),
      digest([...rows, rows[0]!, rows[0]!]),
      digest([...rows.slice(0, 3), [1e-300, 0.3, 7]]),
      digest([...rows.slice(0, 3), [0, 0.1 + 0.2, 7]]),
      digest(rows, ["b", "a"]),
      digest(rows, ["a"]),
      digest(rows, ["a", "b", "c"]),
      // Values that change rows.
      digest([[1, 0.2, 7], [2, 0.1, 8], rows[2]!, rows[3]!]),
    ];
    expect(new Set([digest(rows), ...others]).size).toBe(10);
  });

  it("gives rows that repeat one key", () => {
    const keys = rowKeys(tableFromRows(names, rows), ["a", "b"]);
    expect(keys[1]).toBe(keys[2]);
    expect(new Set(keys).size).toBe(3);
  });
});
