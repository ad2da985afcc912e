/** Figures of columns of any kinds. */

import { parseHTML } from "linkedom/worker";
import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { drawnColumn, drawnSchema, sharesOf } from "../../src/figures/drawnColumn.ts";
import { mosaicParts } from "../../src/figures/mosaic.ts";
import { hexagonShares } from "../../src/figures/pairMarks.ts";
import { pairPlot } from "../../src/figures/pairPlot.ts";
import { momentAxis } from "../../src/figures/plotAxis.ts";
import { tablePlot } from "../../src/figures/tablePlot.ts";
import { tableFromObjects } from "../../src/tables/reading/tableFromObjects.ts";
import type { ColumnSchema } from "../../src/tables/schema/columnSchema.ts";
import { inferSchema } from "../../src/tables/schema/describe.ts";

const cities = [
  "Rome",
  "Oslo",
  "a < b & c",
  "Reykjavík on the sea",
  "Bonn",
  "Kyiv",
  "Lima",
  "Cork",
  "Faro",
  "Nice",
];
const rows = Array.from({ length: 210 }, (_, i) => ({
  city: i % 7 === 0 ? null : cities[(i * i + 3) % 10],
  member: i % 3 === 0,
  size: (i * 7) % 5,
  price: i % 2 === 0 ? 0 : ((i * 7919) % 9973) / 100,
  joined: `20${10 + (i % 9)}-0${1 + (i % 8)}-1${i % 9}`,
  hour: `${String(i % 24).padStart(2, "0")}:30`,
}));
const table = tableFromObjects(rows);
const schema = inferSchema(table);
const names = schema.columns.map(({ name }) => name);

const words = (svg: string): string[] =>
  [...parseHTML(`<html><body>${svg}</body></html>`).document.querySelectorAll("text")].map(
    (element) => element.textContent ?? "",
  );

describe("pairPlot of mixed columns", () => {
  it.each([[names.slice(0, 4)], [["city"]], [["city", "member"]], [["price", "city"]], [["joined", "size"]]])(
    "draws %j",
    (columns) => {
      const svg = pairPlot({ data: table, samples: table, columns, schema });
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
      if (columns.length === 2) expect(pairPlot({ data: table, samples: table, columns, schema })).toBe(svg);
      for (const name of columns) expect(words(svg)).toContain(name);
      if (columns.includes("city")) expect(svg).toMatch(/missing.*14 %/);
    },
  );

  it("finds out what text is without a schema, and refuses one that is none", () => {
    const said = words(pairPlot({ samples: table, columns: ["city", "joined"] }));
    expect(said).toContain("Reykjavík on…");
    expect(said.some((word) => /^20\d\d$/.test(word))).toBe(true);
    expect(() => pairPlot({ samples: table, schema: { columns: "age" } as never })).toThrow(UsageError);
  });
});

describe("drawn columns", () => {
  const size = { ticks: 5, levels: 4, pixels: 200 };
  const of = (own: ColumnSchema) => drawnColumn(own, [{ name: "data", color: "#000", table }], size);

  it("rare levels are one, and shares add up to what is not missing", () => {
    const column = of(schema.columns[0]!);
    expect(column.axis.levels).toBe(4);
    expect(column.axis.format(3)).toMatch(/^\d others$/);
    const { bars } = sharesOf(column, 0);
    expect(bars.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1 - column.missing[0]!, 12);
    expect([...bars.slice(0, 3)]).toEqual([...bars.slice(0, 3)].sort((a, b) => b - a));
  });

  it("of levels are a mosaic: areas are shares of the pairs, widths those of the first column", () => {
    const [city, member] = [of(schema.columns[0]!), of(schema.columns[1]!)];
    const { parts, columns } = mosaicParts(city, member, 0);
    const both = Array.from(city.cells[0]!, (cell, row) => [cell, member.cells[0]![row]!] as const).filter(
      ([cell]) => cell >= 0,
    );
    const shareOf = (isOne: (pair: readonly [number, number]) => boolean): number =>
      both.filter(isOne).length / both.length;
    for (const { x1, x2, y1, y2, level } of parts) {
      const first = columns.findIndex(([start]) => start === x1);
      const area = (x2 - x1) * (y2 - y1);
      expect(area).toBeCloseTo(
        shareOf(([cell, other]) => cell === first && other === level),
        12,
      );
      expect(x2 - x1).toBeCloseTo(
        shareOf(([cell]) => cell === first),
        12,
      );
    }
    expect(parts.reduce((sum, { x1, x2, y1, y2 }) => sum + (x2 - x1) * (y2 - y1), 0)).toBeCloseTo(1, 12);
    expect(parts.length).toBeGreaterThan(5);
  });

  it("of numbers are hexagons, each row in the one whose center is nearest", () => {
    const numbers = (name: string, seed: number) =>
      drawnColumn(
        { name, kind: "continuous", use: "fit" },
        [
          {
            name: "data",
            color: "#000",
            table: tableFromObjects(rows.map((_, i) => ({ [name]: ((i * seed) % 997) / 997 }))),
          },
        ],
        size,
      );
    const [x, y] = [numbers("x", 389), numbers("y", 211)];
    const hexagons = hexagonShares(x, y, 0, { width: 20, side: 200 });
    expect(hexagons.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
    const scale = [200 / (x.axis.high - x.axis.low), 200 / (y.axis.high - y.axis.low)] as const;
    const distance = (row: number, center: { x: number; y: number }): number =>
      Math.hypot(scale[0] * (x.cells[0]![row]! - center.x), scale[1] * (y.cells[0]![row]! - center.y));
    const counts = hexagons.map(() => 0);
    for (const row of rows.keys()) {
      const distances = hexagons.map((hexagon) => distance(row, hexagon));
      const nearest = distances.indexOf(Math.min(...distances));
      // No point is farther from its center than a corner.
      expect(distances[nearest]).toBeLessThanOrEqual(20 / Math.sqrt(3) + 1e-9);
      counts[nearest]!++;
    }
    expect(counts).toEqual(hexagons.map(({ share }) => Math.round(share * rows.length)));
  });

  it("an atom has a bar of its own, whole numbers one each", () => {
    const price = of({ name: "price", kind: "positive", use: "fit", atoms: [0] });
    const shares = sharesOf(price, 0);
    expect(shares.atoms[0]).toBeCloseTo(0.5, 12);
    expect(shares.bars.reduce((sum, share) => sum + share, 0)).toBeGreaterThan(0.48);
    const sizes = of({ name: "size", kind: "integer", use: "fit" });
    expect(sizes.isSeparate).toBe(true);
    expect(sizes.edges).toEqual([-0.5, 0.5, 1.5, 2.5, 3.5, 4.5]);
    for (const share of sharesOf(sizes, 0).bars) expect(share).toBeCloseTo(0.2, 12);
  });

  it("numbers without a schema are numbers", () =>
    expect(drawnSchema(table, ["size"], undefined)).toEqual([
      { name: "size", kind: "continuous", use: "fit" },
    ]));
});

describe("moments", () => {
  const labels = (first: string, last: string): string[] => {
    const axis = momentAxis("t", Float64Array.of(Date.parse(first), Date.parse(last)), 4);
    return axis.ticks.map(axis.format);
  };
  it.each([
    ["1970-01-01", "2020-12-31", ["1970", "1980", "1990", "2000", "2010", "2020"]],
    ["2018-01-02", "2018-12-31", ["2018-04", "2018-07", "2018-10"]],
    ["2018-03-01", "2018-03-29", ["03-01", "03-08", "03-15", "03-22", "03-29"]],
    ["2018-03-01T10:00Z", "2018-03-01T11:00Z", ["10:00", "10:15", "10:30", "10:45", "11:00"]],
  ])("from %s to %s", (first, last, expected) => expect(labels(first, last)).toEqual(expected));
});

describe("tablePlot", () => {
  it("draws each column with its kind, missing cells and atoms, and passes over what has no picture", () => {
    const more = tableFromObjects(rows.map((row, i) => ({ ...row, id: `x${i}`, nothing: null })));
    const svg = tablePlot(more, { title: "Some <people>" });
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    const said = words(svg);
    for (const word of ["Some <people>", ...names, "id", "identifier", "date-time"])
      expect(said).toContain(word);
    expect(said.some((word) => word.startsWith("missing 14 %"))).toBe(true);
    expect(said.some((word) => word.startsWith("0 in 50 %"))).toBe(true);
  });
});
