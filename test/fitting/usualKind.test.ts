/** Which kind of flow a table gets where nobody names one. */

import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";
import type { FitOptions } from "../../src/fitting/fitOptions.ts";
import { usualKind } from "../../src/fitting/usualKind.ts";
import { load } from "../../src/models/flow.ts";
import { keptColumns } from "../../src/models/keptColumns.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { tableFromObjects, tableToObjects } from "../../src/tables/reading/tableFromObjects.ts";
import type { Table } from "../../src/tables/table.ts";

const rows = 300;
type Cell = string | number | boolean | null;
/** Two columns of real numbers and one more. */
function withColumn(cell: (row: number, stream: RandomStream) => Cell, name = "c"): Table {
  const stream = new RandomStream(randomKey(4));
  return tableFromObjects(
    Array.from({ length: rows }, (_, row) => ({
      x: stream.normal(),
      y: 5 + stream.normal(),
      [name]: cell(row, stream),
    })),
  );
}

describe("a table whose columns are real numbers gets nsf-ar", () => {
  it.each<[string, (row: number, stream: RandomStream) => Cell]>([
    ["a column beyond all bounds", (_, stream) => 1e6 * stream.normal()],
    ["whole numbers that hardly repeat", (_, stream) => Math.round(1e6 * stream.uniform())],
    ["recorded in steps that hardly show", (_, stream) => Math.round(1000 * stream.normal()) / 1000],
    ["a row on a bound", (row, stream) => (row === 7 ? 0 : Math.exp(stream.normal()))],
    ["a constant", () => 3],
    ["an identifier", (row) => row + 1],
    ["names of rows", (row) => `row ${row}`],
  ])("%s", (_, cell) => {
    expect(usualKind(withColumn(cell), {})).toMatchObject({
      kind: "nsf-ar",
      reason: "the columns are real numbers",
    });
  });

  it("whatever numbers it is given, but not where they come round, are texts or miss cells", () => {
    const kindGiven = (cell: (row: number) => Cell, name = "c"): string =>
      usualKind(withColumn(cell, name), { columns: ["x", "y"], given: [name] }).kind;
    expect([kindGiven((row) => row % 5), kindGiven((row) => row % 2)]).toEqual(["nsf-ar", "nsf-ar"]);
    expect(kindGiven((row) => (row * 37) % 360, "direction")).toBe("columns");
    expect(kindGiven((row) => (row % 2 ? "a" : "b"))).toBe("columns");
    expect(kindGiven((row) => (row % 9 === 0 ? null : row % 5))).toBe("columns");
  });

  it("without those that have no density, which it says", async () => {
    const table = withColumn(() => 3);
    const options: FitOptions = { epochs: 2, hidden: [4], threads: 1 };
    const { flow, report } = await fit(table, options);
    expect([flow.description.kind, flow.columns]).toEqual(["nsf-ar", ["x", "y"]]);
    expect(report.chosen).toBe("the columns are real numbers");
    expect(report.leftOut).toMatchObject([
      { column: "c", kind: "constant", reason: "the column is constant (3 in every row)" },
    ]);
    expect(report.warnings[0]).toEqual({
      message:
        'column "c" is left out: the column is constant (3 in every row); to carry it along, pass `keep: ["c"]`',
    });
    const named = await fit(table, { ...options, flow: "nsf-ar", columns: ["x", "y"] });
    expect(flow.toBytes()).toEqual(named.flow.toBytes());
    expect(named.report.chosen).toBeUndefined();
  });
});

describe("any other table gets columns", () => {
  it.each<[string, (row: number, stream: RandomStream) => Cell, string, string?]>([
    ["levels", (row) => ["a", "b", "c"][row % 3]!, "c has levels"],
    ["truth values", (row) => row % 2 === 0, "c is yes or no"],
    ["dates", (row) => `2020-01-${String((row % 28) + 1).padStart(2, "0")}`, "c holds dates"],
    ["missing cells", (row, stream) => (row % 9 === 0 ? null : stream.normal()), "c misses cells"],
    ["counts", (row) => row % 7, "c holds whole numbers that repeat"],
    ["steps", (_, stream) => Math.round(10 * stream.normal()) / 10, "c is recorded in steps"],
    [
      "an atom",
      (row, stream) => (row % 5 === 0 ? 0 : Math.exp(stream.normal())),
      "c has a value that many rows share",
    ],
    ["an angle", (_, stream) => 360 * stream.uniform() - 180, "heading comes round", "heading"],
  ])("%s", (_, cell, reason, name) => {
    const table = withColumn(cell, name);
    expect(usualKind(table, {})).toMatchObject({ kind: "columns", reason });
    // Not where the column is none of the fit's.
    for (const options of [{ columns: ["x", "y"] }, { exclude: [name ?? "c"] }, { keep: [name ?? "c"] }])
      expect(usualKind(table, options).kind).toBe("nsf-ar");
  });

  it("in words for many", () => {
    const stream = new RandomStream(randomKey(1));
    const table = tableFromObjects(
      Array.from({ length: 60 }, (_, row) => ({
        a: ["k", "l", "m"][row % 3]!,
        b: row % 4 < 2 ? "p" : "q",
        c: row % 5 < 2 ? "u" : "w",
        d: row % 6 < 2 ? "r" : "s",
        x: stream.normal(),
        n: row % 6,
      })),
    );
    expect(usualKind(table, {}).reason).toBe(
      "a, b and 2 more have levels; n holds whole numbers that repeat",
    );
  });
});

describe("an option that one of them has decides", () => {
  const numbers = withColumn((_, stream) => stream.normal());
  const mixed = withColumn((row) => ["a", "b"][row % 2]!);
  it.each<[FitOptions, Table, string, string]>([
    [{ kinds: { c: "positive" } }, numbers, "columns", "`kinds` is an option of it"],
    [{ missing: "marginal" }, numbers, "columns", "`missing` is an option of it"],
    [{ transforms: 2 }, mixed, "nsf-ar", "`transforms` is an option of it"],
  ])("%j", (options, table, kind, reason) => {
    expect(usualKind(table, options)).toMatchObject({ kind, reason });
  });

  it("how long it may take decides nothing, and is refused where it is not an option", async () => {
    expect(usualKind(mixed, { budget: 5 }).kind).toBe("columns");
    expect(usualKind(numbers, { budget: 5 }).kind).toBe("nsf-ar");
    await expect(fit(mixed, { flow: "gaussian", budget: 5 })).rejects.toThrow(
      /budget means nothing for gaussian/,
    );
  });

  it("missing cells whose rows are left out, or refused, are none", () => {
    const table = withColumn((row, stream) => (row % 9 === 0 ? null : stream.normal()));
    for (const missing of ["drop", "error"] as const)
      expect(usualKind(table, { missing }).kind).toBe("nsf-ar");
  });

  it("a kind of numbers that is named takes the columns of numbers, and says what takes the rest", async () => {
    const { flow, report } = await fit(mixed, { flow: "gaussian" });
    expect(flow.columns).toEqual(["x", "y"]);
    expect(report.leftOut[0]!.remedy).toMatch(/^to use it, fit `flow: "columns"`, which takes levels/);
    await expect(fit(mixed, { flow: "gaussian", missing: "marginal" })).rejects.toThrow(
      /gaussian has no probability for rows with missing cells/,
    );
  });

  it("the former option of noise is refused with what to do", async () => {
    const former = { flow: "gaussian", dequantize: ["c"] } as FitOptions;
    await expect(fit(numbers, former)).rejects.toThrow(
      /there is no dequantize any more: .* the value of a step has a mass; .* `flow: "columns"`/,
    );
  });
});

describe("columns that are carried along", () => {
  const table = withColumn((row) => `row ${row}`);
  it.each(["columns", "gaussian"] as const)(
    "%s: are named by the model and found beside its scores",
    async (flow) => {
      const { flow: own } = await fit(table, {
        flow,
        keep: ["c"],
        ...(flow === "columns" ? { epochs: 1, hidden: [4] } : {}),
      });
      expect(own.columns).toEqual(["x", "y"]);
      const back = await load(own.toBytes());
      expect(back.description.fitted.keep).toEqual(["c"]);
      expect(back.facts.kept).toBe("c (carried along, not fitted)");
      const kept = keptColumns(back, table)!;
      expect(tableToObjects(kept).slice(0, 2)).toEqual([{ c: "row 0" }, { c: "row 1" }]);
      expect(() =>
        keptColumns(
          back,
          withColumn(() => 1, "d"),
        ),
      ).toThrow(/no column "c", which the model carries along/);
    },
  );

  it("none where none was named; a column has one role", async () => {
    expect(keptColumns((await fit(table, { flow: "gaussian" })).flow, table)).toBeUndefined();
    for (const flow of ["gaussian", "columns"] as const)
      await expect(fit(table, { flow, columns: ["x"], keep: ["x"] })).rejects.toThrow(UsageError);
    await expect(fit(table, { flow: "gaussian", keep: ["d"] })).rejects.toThrow(/no column "d"/);
  });
});
