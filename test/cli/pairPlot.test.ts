import { parseHTML } from "linkedom/worker";
import { describe, expect, it } from "vitest";
import { DataError } from "../../src/errors.ts";
import { mostColumns, pairPlot } from "../../src/figures/pairPlot.ts";
import { numberAxis } from "../../src/figures/plotAxis.ts";
import { rasterize } from "../../src/figures/rasterize.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { type Table, tableFromColumns } from "../../src/tables/table.ts";

function normals(names: readonly string[], rows: number, seed: number): Table {
  const stream = new RandomStream(randomKey(seed));
  return tableFromColumns(
    names.map((name) => [name, Array.from({ length: rows }, () => stream.normal())] as const),
  );
}

const eightNames = ["a", "b", "c", "d", "e", "f", "g", "h"];

function parse(svg: string) {
  return parseHTML(`<html><body>${svg}</body></html>`).document;
}

/** What all text in the figure says. */
function words(svg: string): string[] {
  return [...parse(svg).querySelectorAll("text")].map((element) => element.textContent ?? "");
}

describe("pairPlot", () => {
  it.each([1, 2, 3, 6])("draws %i columns, with and without data", async (count) => {
    const names = eightNames.slice(0, count);
    const samples = normals(names, 300, 1);
    for (const data of [undefined, normals(names, 200, 2)]) {
      const svg = pairPlot({ samples, ...(data ? { data } : {}), title: "A <title> & more" });
      const said = words(svg);
      for (const name of names) expect(said).toContain(name);
      expect(said).toContain("A <title> & more");
      expect(said).toContain("samples (300 rows)");
      expect(said.includes("data (200 rows)")).toBe(data !== undefined);
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
      const png = await rasterize(svg);
      const width = Number(parse(svg).querySelector("svg")?.getAttribute("width"));
      expect(new DataView(png.buffer, png.byteOffset).getUint32(16)).toBe(2 * width);
    }
  });

  it("draws the first six of more columns and says so", () => {
    const svg = pairPlot({ samples: normals(eightNames, 100, 1) });
    expect(words(svg)).toContain(`the first ${mostColumns} of 8 columns`);
    expect(words(svg)).not.toContain("g");
  });

  it("keeps all digits of a tick", () => {
    const samples = tableFromColumns({ a: Array.from({ length: 9 }, (_, i) => (i + 1) / 1000) });
    expect(words(pairPlot({ samples }))).toContain("0.005");
  });

  it("is the same at every call", () => {
    const options = { samples: normals(["a", "b", "c"], 5000, 3) };
    expect(pairPlot(options)).toBe(pairPlot(options));
  });

  it("copes with missing values, one row, a constant column and far outliers", () => {
    const samples = tableFromColumns({ a: [1, Number.NaN, 3], b: [5, 5, 5], c: [0, 1, 1e300] });
    expect(pairPlot({ samples })).not.toMatch(/NaN|undefined|Infinity/);
    expect(pairPlot({ samples: tableFromColumns({ a: [1], b: [2] }) })).not.toMatch(/NaN|undefined/);
    const missing = tableFromColumns({ a: [Number.NaN] });
    expect(() => pairPlot({ samples: missing })).toThrow(DataError);
  });
});

describe("numberAxis", () => {
  const axis = (values: readonly number[]) => {
    const found = numberAxis("v", Float64Array.from(values), 5);
    return { ...found, labels: found.ticks.map(found.format) };
  };
  const range = (low: number, high: number) =>
    Array.from({ length: 501 }, (_, i) => low + ((high - low) * i) / 500);

  it("has round ticks inside the limits", () => {
    expect(axis(range(0, 1)).labels).toEqual(["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
    expect(axis(range(-0.02, 0.02)).labels).toEqual(["−0.02", "−0.01", "0.00", "0.01", "0.02"]);
  });

  it("divides a turn into parts of a turn", () => {
    expect(axis(range(-180, 180)).ticks).toEqual([-180, -90, 0, 90, 180]);
  });

  it("moves a power of ten, or an offset, into the unit", () => {
    const large = axis(range(2e6, 6e6));
    expect([large.unit, ...large.labels]).toEqual([" (10⁶)", "2", "3", "4", "5", "6"]);
    const time = axis(range(1.7e9 - 2000, 1.7e9 + 2000));
    expect([time.unit, ...time.labels]).toEqual([" − 1.7·10⁹", "−2000", "−1000", "0", "1000", "2000"]);
  });

  it("is not stretched by a few outliers", () => {
    const { low, high } = axis([...range(0, 1), 1e6]);
    expect([low, high]).toEqual([expect.closeTo(-0.03, 1), expect.closeTo(1.1, 1)]);
  });
});
