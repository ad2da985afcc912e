/** Archives that NumPy wrote: test/files/makeNpz.py. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DataError, FormatError, UsageError } from "../../src/errors.ts";
import { readNpy } from "../../src/tables/binary/npy.ts";
import { readNpz } from "../../src/tables/binary/npz.ts";
import { readTable } from "../../src/tables/reading/readTable.ts";
import { column, leftOutColumns, type Table } from "../../src/tables/table.ts";

const path = (name: string): string => new URL(`../files/${name}`, import.meta.url).pathname;
const bytes = (name: string): Uint8Array => new Uint8Array(readFileSync(path(name)));
const read = (name: string, arrays?: readonly string[]): Promise<Table> =>
  readTable(path(`npz/${name}`), { arrays });

describe("an archive of arrays", () => {
  test.each(["columns-stored.npz", "columns-deflated.npz"])(
    "of one axis: a column each (%s)",
    async (name) => {
      const table = await read(name);
      expect(table.columns).toEqual(["a", "b", "c"]);
      expect([...column(table, "a")]).toEqual([-3, -2, -1, 0, 1, 2]);
      expect([...column(table, "b")]).toEqual([-0.75, -0.5, -0.25, 0, 0.25, 0.5]);
      expect([...column(table, "c")]).toEqual([0, 0, 0, 1, 1, 1]);
    },
  );

  test("with one array of two axes is read as .npy is", async () => {
    const table = await read("matrix.npz");
    expect(table.columns).toEqual(["x1", "x2"]);
    expect([...table.values]).toEqual(Array.from({ length: 12 }, (_, i) => i));
    // Bytes without a name are known by how they begin.
    expect(await readTable(bytes("npz/matrix.npz"))).toEqual(table);
  });

  test("with both is their columns side by side; what is no column of numbers is named", async () => {
    const table = await read("both.npz");
    expect(table.columns).toEqual(["X1", "X2", "y"]);
    expect([...column(table, "X2")]).toEqual([1, 3, 5, 7, 9, 11]);
    expect(leftOutColumns(table).map(({ column: name, reason }) => [name, reason])).toEqual([
      ["label", expect.stringContaining('elements of type "<U1"')],
      ["n", "it is a single value"],
    ]);
  });

  test("that are not one table says so, and takes a choice", async () => {
    const error = await read("unlike.npz").catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).toMatch(
      /not all the same number of rows \("train" \(6, 2\), "test" \(4, 2\)\); choose .*`arrays`/,
    );
    expect((await read("unlike.npz", ["test"])).rows).toBe(4);
    expect((await read("deep.npz", ["z"])).columns).toEqual(["z"]);
    await expect(read("deep.npz")).rejects.toThrow(/"images" has 3 axes/);
    await expect(read("unlike.npz", ["tests"])).rejects.toThrow(/no array "tests" \(did you mean "test"\?\)/);
    await expect(read("complex.npz")).rejects.toThrow(/array "z" holds elements of type "<c16".*imaginary/);
    await expect(readTable(path("npz/half.npy"), { arrays: ["x"] })).rejects.toThrow(UsageError);
  });

  test("that is damaged anywhere is refused, or read as it was", async () => {
    const good = bytes("npz/columns-deflated.npz");
    const table = await readNpz(good);
    for (let at = 0; at < good.length; at += 3) {
      const damaged = good.slice();
      damaged[at]! ^= 1 << (at % 8);
      const found = await readNpz(damaged).catch((caught: unknown) => caught);
      if (found instanceof Error)
        expect(found.constructor === FormatError || found.constructor === DataError).toBe(true);
      else expect((found as Table).rows).toBe(table.rows);
    }
    for (let length = 0; length < good.length; length += 41)
      await expect(readNpz(good.subarray(0, length))).rejects.toThrow(FormatError);
  });
});

describe("an array", () => {
  test("of half precision, in either byte order", () => {
    const values = readNpy(bytes("npz/half.npy")).values;
    expect([...values]).toEqual(
      [-0.428466796875, -0.2856445312, -0.142822265625, 0, 0.142822265625, 0.2856445312].map((v) =>
        expect.closeTo(v, 9),
      ),
    );
    const reported = readNpy(bytes("reports/float16.npy"));
    expect([reported.rows, reported.columns.length]).toEqual([60, 2]);
    expect(reported.values.every(Number.isFinite)).toBe(true);
  });

  test("in Fortran order", () =>
    expect([...readNpy(bytes("npz/fortran.npy")).values]).toEqual(Array.from({ length: 12 }, (_, i) => i)));

  test("of complex numbers is refused, with the remedy", () =>
    expect(() => readNpy(bytes("npz/complex.npy"), "c.npy")).toThrow(/"<c16"; .*real and imaginary parts/));

  test.each(["0x1e9", "0x1e23", "0x3e7"])("that claims %s columns of no rows is refused at once", (claim) => {
    const error = (): Table => readNpy(bytes(`faults/npy-${claim}.npy`), "claim.npy");
    expect(error).toThrow(FormatError);
    expect(error).toThrow(/^claim\.npy claims \d\S* columns and has no rows; copy or write it again\.$/);
  });
});
