import { expect, describe as group, it } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import {
  roundedToSingle,
  type SingleForm,
  singleForms,
  singlePrecisionOf,
} from "../../src/tables/recording/singlePrecision.ts";
import { cellsOf, tableOfCells } from "../../src/tables/schema/cells.ts";
import { checkSchema } from "../../src/tables/schema/checkSchema.ts";
import { describe, inferSchema } from "../../src/tables/schema/describe.ts";
import { descriptionText } from "../../src/tables/schema/descriptionLines.ts";
import { schemaOf } from "../../src/tables/schema/tableSchema.ts";
import { column, tableFromColumns } from "../../src/tables/table.ts";

const stream = new RandomStream(randomKey(5));
const rows = 300;
const normals = (n: number): Float64Array => {
  const values = new Float64Array(n);
  stream.fillNormal(values);
  return values;
};
/** Decimals from 0 to about 4, as a form rounds them. */
const decimals = (form: SingleForm, digits: number): Float64Array =>
  normals(rows).map((z) => roundedToSingle(Number(Math.abs(z).toFixed(digits)), form));
const formOf = (values: Float64Array): ReturnType<typeof singlePrecisionOf> =>
  singlePrecisionOf(values.slice().sort());

group("decimals that single precision has rounded", () => {
  it.each(singleForms)("are told as %s", (form) => {
    // A percentage of whole hundredths is a whole number, which single precision has.
    for (const digits of form === "float32-percent" ? [3, 4] : [1, 2, 3, 4])
      expect([digits, formOf(decimals(form, digits))]).toEqual([digits, { form, decimals: digits }]);
  });

  it("are told among thousands, as far as single precision has their last digit", () => {
    const prices = Float64Array.from({ length: rows }, (_, i) => Math.fround(1000 + 7 * i + (i % 100) / 100));
    expect(formOf(prices)).toEqual({ form: "float32", decimals: 2 });
    const larger = Float64Array.from({ length: rows }, (_, i) => Math.fround(4e6 + 7 * i + (i % 100) / 100));
    expect(formOf(larger)).toBeUndefined();
  });

  it("are not found in measured numbers, of single precision or double, of any size", () => {
    let columns = 0;
    for (const scale of [1e-4, 0.03, 1, 40, 1000, 1e5, 3e6])
      for (const n of [3, 10, 40, 400])
        for (const round of [Math.fround, (x: number) => Number(Math.fround(x).toPrecision(8)), Number])
          for (let k = 0; k < 8; k++) {
            const values = normals(n).map((z) => round(scale * (k % 2 === 0 ? z : Math.exp(z))));
            expect([scale, n, formOf(values)]).toEqual([scale, n, undefined]);
            columns++;
          }
    expect(columns).toBe(672);
  });

  it("are not found in decimals as they are, whole numbers, halves and quarters, or one odd value", () => {
    for (const digits of [0, 1, 2, 5])
      expect(formOf(normals(rows).map((z) => Number((9 * z).toFixed(digits))))).toBeUndefined();
    expect(formOf(normals(rows).map((z) => Math.round(40 * z) / 4))).toBeUndefined();
    expect(formOf(Float64Array.from([1, 1.5, 2, Math.fround(0.8)]))).toBeUndefined();
  });
});

const price = decimals("float32", 1);
const share = Float64Array.from({ length: rows }, (_, i) => Math.fround(20 + ((i * 37) % 60) + 0.7) / 100);
const measured = normals(rows).map(Math.fround);
price[7] = Number.NaN;
const table = tableFromColumns([
  ["price", price],
  ["share", share],
  ["measured", measured],
]);

group("a column of such decimals", () => {
  const { columns } = inferSchema(table);

  it("is on the grid of the decimals, and described so; a measured one is not", () => {
    expect(columns).toEqual([
      {
        name: "price",
        use: "fit",
        missing: true,
        kind: "positive",
        lower: 0,
        step: 0.1,
        from: 0,
        rounded: "float32",
      },
      {
        name: "share",
        use: "fit",
        kind: "interval",
        lower: 0,
        upper: 1,
        step: 0.01,
        from: 0.207,
        rounded: "float32-percent",
      },
      { name: "measured", use: "fit", kind: "continuous" },
    ]);
    const description = describe(table);
    expect(description.columns[0]!.numbers!.maximum).toBe(
      Number(Math.max(...price.filter(Number.isFinite)).toFixed(1)),
    );
    expect(descriptionText(description)).toContain(
      "price: its values are decimals in steps of 0.1 that single precision has rounded; with the kind positive they are measured numbers",
    );
    expect(schemaOf("fit", table, { kinds: { price: "positive" } }).columns[0]).not.toHaveProperty("rounded");
  });

  it("has decimals as cells, and the table's own values back", () => {
    const { cells } = cellsOf(table, columns);
    expect(cells[0]!.every((cell) => Number.isNaN(cell) || cell === Number(cell.toFixed(1)))).toBe(true);
    const back = tableOfCells(columns, cells);
    for (const name of table.columns) expect(column(back, name)).toEqual(column(table, name));
    // Somebody may write the decimal itself.
    expect(cellsOf(tableFromColumns([["price", Float64Array.of(0.8)]]), [columns[0]!]).cells[0]![0]).toBe(
      0.8,
    );
  });

  it("has masses, and samples in the table's own values", async () => {
    const { flow } = await fit(table, {
      flow: "columns",
      members: 1,
      hidden: [8],
      epochs: 1,
      seed: 1,
      threads: 1,
    });
    const logProb = await flow.logProb(table, { missing: "empty" });
    expect(logProb.every(Number.isFinite)).toBe(true);
    const { columns: contributions } = await flow.contributions(table, { missing: "empty" });
    expect(Math.max(...contributions[1]!.value)).toBeLessThanOrEqual(0);
    const samples = await flow.sample(200, { seed: 2 });
    for (const value of column(samples, "price").filter(Number.isFinite)) {
      expect(value).toBe(Math.fround(value));
      expect(Math.fround(Number(value.toFixed(1)))).toBe(value);
    }
    for (const value of column(samples, "share"))
      expect(Math.fround(Number((100 * value).toFixed(1))) / 100).toBe(value);
  });

  it("says what a schema lacks that rounds without a step, or by a way that there is not", () => {
    const given = (rounded: string, step?: number) => () =>
      checkSchema("fit", { columns: [{ name: "a", kind: "continuous", use: "fit", rounded, step }] });
    expect(given("float32")).toThrow(/is rounded: its step must be a number above 0/);
    expect(given("float16", 0.1)).toThrow(UsageError);
    expect(given("float32", 0.1)).not.toThrow();
  });
});
