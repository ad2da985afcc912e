import fc from "fast-check";
import { expect, test } from "vitest";
import { DataError, UsageError } from "../../src/errors.ts";
import { tableFromObjects, tableToObjects } from "../../src/tables/reading/tableFromObjects.ts";
import { splitTable } from "../../src/tables/splitTable.ts";
import { column, type Table, tableFromColumns } from "../../src/tables/table.ts";

const cells = (table: Table, name: string): unknown[] => tableToObjects(table).map((row) => row[name]);

test("no group is on both sides, and the share is met as nearly as the groups allow", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("a", "b", "c", "d", "e", "f", null), { minLength: 2, maxLength: 60 }),
      fc.double({ min: 0.05, max: 0.95, noNaN: true }),
      fc.nat(100),
      (groups, share, seed) => {
        fc.pre(new Set(groups).size > 1);
        const table = tableFromObjects(groups.map((group, x) => ({ x, group })));
        const { train, test: rest } = splitTable(table, { by: "group", test: share, seed });
        expect([...column(train, "x"), ...column(rest, "x")].sort((a, b) => a - b)).toEqual([
          ...groups.keys(),
        ]);
        const ours = new Set(cells(train, "group"));
        for (const group of cells(rest, "group")) expect(ours.has(group)).toBe(false);
        // A group that would have brought the share nearer is not left behind.
        const counts = [...ours].map((group) => groups.filter((own) => own === group).length);
        const missing = share * groups.length - rest.rows;
        if (ours.size > 1)
          for (const count of counts) expect(count).toBeGreaterThanOrEqual(2 * missing - 1e-9);
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});

test("a group of numbers, and the seed decides which", () => {
  const table = tableFromColumns({
    person: Array.from({ length: 90 }, (_, i) => i % 30),
    x: Array.from({ length: 90 }, (_, i) => i),
  });
  const groups = (seed: number): number[] =>
    [...new Set(column(splitTable(table, { by: "person", seed }).test, "person"))].sort((a, b) => a - b);
  expect(groups(0)).toHaveLength(6);
  expect(groups(0)).toEqual(groups(0));
  expect(groups(0)).not.toEqual(groups(1));
});

test("the latest rows are the test, and no moment is on both sides", () => {
  const days = ["2024-03-02", "2024-03-01", "2024-03-03", "2024-03-03", "2024-02-28"];
  const table = tableFromObjects(days.map((day, x) => ({ x, day })));
  expect([...column(splitTable(table, { time: "day", test: 0.2 }).test, "x")]).toEqual([2, 3]);
  expect([...column(splitTable(table, { time: "day", test: 0.6 }).test, "x")]).toEqual([0, 2, 3]);
  expect([...column(splitTable(table, { time: "day", test: 0.01 }).test, "x")]).toEqual([2, 3]);
  expect([...column(splitTable(table, { time: "day", test: 0.99 }).train, "x")]).toEqual([4]);
  // Zones count, and numbers are times, too.
  const zoned = tableFromObjects([
    { at: "2024-03-01T10:00:00+02:00" },
    { at: "2024-03-01T09:00:00Z" },
    { at: "2024-03-01T08:30:00Z" },
  ]);
  expect(cells(splitTable(zoned, { time: "at", test: 0.3 }).test, "at")).toEqual(["2024-03-01T09:00:00Z"]);
  const years = tableFromColumns({ year: [2001, 1999, 2003, 2002] });
  expect([...column(splitTable(years, { time: "year", test: 0.5 }).test, "year")]).toEqual([2003, 2002]);
});

test.each([
  [{ by: "persn" }, UsageError, /there is no column "persn" \(did you mean "person"\?\)/],
  [{ time: "when" }, UsageError, /there is no column "when"/],
  [{ by: "person", time: "day" }, UsageError, /by and time are two ways to split/],
  [{ by: "one" }, DataError, /column "one" has one value in all rows/],
  [{ time: "one" }, DataError, /column "one" has one value in all rows/],
  [{ time: "person" }, DataError, /column "person" \(row 1\): "ann" is not a date.*2024-03-01/],
  [{ time: "unsure" }, DataError, /column "unsure" \(row 1\): no cell tells whether the day or the month/],
  [{ time: "gap" }, DataError, /column "gap" \(row 2\): the time of the row is missing/],
] as const)("%j is refused in one line with the culprit", (options, type, message) => {
  const table = tableFromObjects([
    { person: "ann", day: "2024-01-01", one: 1, unsure: "01/02/2024", gap: "2024-01-01" },
    { person: "bob", day: "2024-01-02", one: 1, unsure: "03/04/2024", gap: null },
  ]);
  expect(() => splitTable(table, options)).toThrow(type);
  expect(() => splitTable(table, options)).toThrow(message);
});
