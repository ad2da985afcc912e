import { expect, describe as group, it } from "vitest";
import { normalsAt, RandomStream, randomKey, split } from "../../src/random/philox.ts";
import {
  dateReading,
  momentOf,
  momentStep,
  momentText,
  secondsOfDay,
} from "../../src/tables/schema/dateTimes.ts";
import { type ColumnDescription, describe } from "../../src/tables/schema/describe.ts";
import { columnLines, tableLines, valuesText } from "../../src/tables/schema/descriptionLines.ts";
import { tailIndex } from "../../src/tables/schema/tailIndex.ts";
import type { Table } from "../../src/tables/table.ts";
import { readCsv } from "./readers.ts";

const rows = 400;

/** A CSV table of generated cells. */
async function tableOf(
  columns: Readonly<Record<string, (row: number, uniform: number) => string | number>>,
): Promise<Table> {
  const names = Object.keys(columns);
  const streams = names.map((name) => new RandomStream(split(randomKey(1), name)));
  const lines = Array.from({ length: rows }, (_, row) =>
    names.map((name, i) => `"${columns[name]!(row, streams[i]!.uniform())}"`).join(","),
  );
  return await readCsv([names.join(","), ...lines].join("\n"));
}

const day = (row: number): string => new Date(Date.UTC(2020, 0, 1 + row)).toISOString().slice(0, 10);

const table = await tableOf({
  real: (_, u) => Math.log(u / (1 - u)),
  price: (_, u) => (u < 0.3 ? 0 : -100 * Math.log(u)),
  share: (_, u) => u,
  count: (_, u) => Math.floor(-3 * Math.log(u)),
  rounded: (_, u) => (10 * u).toFixed(1),
  heading: (_, u) => 360 * u - 180,
  lamp: (_, u) => (u < 0.5 ? "yes" : "no"),
  flag: (_, u) => (u < 0.2 ? 1 : 0),
  color: (_, u) => ["red", "green", "blue"][Math.floor(3 * u)]!,
  band: (_, u) => ["10-19", "20-29", "<10"][Math.floor(3 * u)]!,
  size: (_, u) => ["S", "M", "L"][Math.floor(3 * u)]!,
  when: (row) => day((row * 7919) % 1000),
  clock: (_, u) => `${String(Math.floor(24 * u)).padStart(2, "0")}:30`,
  same: () => "x",
  id: (row) => row + 1,
  tag: (row) => `user${row}`,
  note: (row, u) => `a few words about row ${row} and ${u}`,
  zip: (_, u) => 10000 + Math.floor(40 * u),
});

const found = describe(table);
const columnOf = (name: string): ColumnDescription => found.columns.find((each) => each.name === name)!;

group("kinds of columns", () => {
  it.each([
    ["real", { kind: "continuous", use: "fit" }],
    ["price", { kind: "positive", use: "fit", lower: 0, atoms: [0] }],
    ["share", { kind: "interval", use: "fit", lower: 0, upper: 1 }],
    ["count", { kind: "integer", use: "fit", step: 1, from: 0, lower: 0 }],
    ["heading", { kind: "angle", use: "fit", period: 360, lower: -180 }],
    ["lamp", { kind: "boolean", use: "fit", levels: ["no", "yes"] }],
    ["flag", { kind: "boolean", use: "fit", levels: [0, 1] }],
    ["color", { kind: "categorical", use: "fit", levels: ["blue", "green", "red"] }],
    ["band", { kind: "ordinal", use: "fit", levels: ["<10", "10-19", "20-29"] }],
    ["size", { kind: "ordinal", use: "fit", levels: ["S", "M", "L"] }],
    [
      "when",
      {
        kind: "date-time",
        use: "fit",
        written: "year-month-day",
        step: 86_400_000,
        from: Date.UTC(2020, 0, 1),
      },
    ],
    ["clock", { kind: "angle", use: "fit", period: 86_400, written: "time-of-day", step: 60, from: 0 }],
    ["same", { kind: "constant", use: "exclude" }],
    ["id", { kind: "identifier", use: "exclude" }],
    ["tag", { kind: "identifier", use: "exclude" }],
    ["note", { kind: "text", use: "exclude" }],
  ])("%s", (name, schema) => {
    expect(columnOf(name).schema).toEqual({ name, ...schema });
  });

  it("recorded in steps", () => {
    expect(columnOf("rounded").schema).toMatchObject({ kind: "positive", step: 0.1, lower: 0 });
  });

  it("in doubt say what else they may be", () => {
    expect(columnOf("zip").doubt?.kind).toBe("categorical");
    expect(columnLines(columnOf("zip"), rows)[0]).toMatch(/^zip: taken for integer .* it is categorical$/);
    expect(columnOf("real").doubt).toBeUndefined();
  });

  it("are in the table's order", () => {
    expect(found.schema.columns.map(({ name }) => name)).toEqual(table.records.map(({ name }) => name));
  });
});

group("dates and times", () => {
  it("are read in the order that all cells allow", () => {
    expect(dateReading(["2020-01-31", "2021-12-01"])).toEqual({ order: "year-month-day", isGuess: false });
    expect(dateReading(["31/01/2020", "01/02/2020"])).toEqual({ order: "day-month-year", isGuess: false });
    expect(dateReading(["01/31/2020", "01/02/2020"])).toEqual({ order: "month-day-year", isGuess: false });
    expect(dateReading(["01/02/2020"])).toEqual({ order: "month-day-year", isGuess: true });
    expect(dateReading(["Oct 11 2002", "1 May 2003", "Sept. 5, 2003"])).toBeUndefined();
    expect(dateReading(["Oct 11 2002", "1-May-2003", "September 5, 2003 3:04 PM"])).toEqual({
      order: "named-month",
      isGuess: false,
    });
    expect(dateReading(["1/31/2020 12:00 AM"])).toEqual({ order: "month-day-year", isGuess: false });
    expect(dateReading(["Feb 30 2002"])).toBeUndefined();
    expect(dateReading(["2020-02-30"])).toBeUndefined();
    expect(dateReading(["2020-01-31", "soon"])).toBeUndefined();
  });

  it("are moments in UTC, written back no finer than their step", () => {
    const texts = ["2020-01-31T12:30:15.250Z", "2020-01-31 12:30", "0099-03-01"];
    const moments = texts.map((text) => momentOf(text, "year-month-day")!);
    expect(moments.map((moment) => new Date(moment).toISOString())).toEqual([
      "2020-01-31T12:30:15.250Z",
      "2020-01-31T12:30:00.000Z",
      "0099-03-01T00:00:00.000Z",
    ]);
    expect(momentOf("September 5, 2003 3:04 PM", "named-month")).toBe(Date.UTC(2003, 8, 5, 15, 4));
    expect(momentOf("5 sep 2003 12:04am", "named-month")).toBe(Date.UTC(2003, 8, 5, 0, 4));
    expect(momentOf("1/31/2020 13:00 PM", "month-day-year")).toBeUndefined();
    expect(momentOf("2020-01-31T12:30+02:00", "year-month-day")).toBe(Date.UTC(2020, 0, 31, 10, 30));
    expect(momentStep(moments)).toBe(1);
    expect(momentText(moments[1]!, 60_000)).toBe("2020-01-31T12:30");
    expect(momentText(moments[2]!, 86_400_000)).toBe("0099-03-01");
    expect([secondsOfDay("23:59:30"), secondsOfDay("24:00")]).toEqual([86_370, undefined]);
  });
});

group("what is odd", () => {
  it("missing cells that go with another column", async () => {
    const own = describe(
      await tableOf({
        group: (_, u) => (u < 0.5 ? "a" : "b"),
        other: (_, u) => u,
      }),
    );
    expect(own.columns.every(({ missing }) => missing.rows === 0 && !missing.dependsOn)).toBe(true);
    let kind = "a";
    const gaps = describe(
      await tableOf({
        group: (_, u) => {
          kind = u < 0.5 ? "a" : "b";
          return kind;
        },
        value: (_, u) => (kind === "a" && u < 0.8 ? "" : u),
        chance: (_, u) => (u < 0.3 ? "" : u),
      }),
    );
    expect(gaps.columns[1]!.missing.dependsOn).toMatchObject({ on: "group" });
    expect(gaps.columns[1]!.missing.dependsOn!.strength).toBeGreaterThan(0.5);
    expect(gaps.columns[2]!.missing.dependsOn).toBeUndefined();
  });

  it("rows that repeat, columns that determine each other, an order of the rows", async () => {
    const code = ["N", "S", "W"];
    const name = ["north", "south", "west"];
    let at = 0;
    const own = describe(
      await tableOf({
        code: (_, u) => {
          at = Math.floor(3 * u);
          return code[at]!;
        },
        name: () => name[at]!,
        batch: (row) => `b${Math.floor(row / 100)}`,
        year: (row) => 1900 + Math.floor(row / 10),
      }),
    );
    expect(own.determined).toContainEqual({ column: "name", by: "code", isSame: true });
    expect(own.determined).toContainEqual({ column: "batch", by: "year", isSame: false });
    expect(own.ordered).toEqual([
      { column: "batch", how: "groups" },
      { column: "year", how: "sorted" },
    ]);
    expect(own.duplicates.rows).toBeGreaterThan(200);
    const { row, equals } = own.duplicates.first!;
    expect(equals).toBeLessThan(row);
    expect(tableLines(own).join("\n")).toMatch(
      /rows equal an earlier one[\s\S]*name and code determine each other/,
    );
    expect(found.ordered.map(({ column }) => column)).toEqual(["id"]);
    expect(found.duplicates.rows).toBe(0);
  });

  it("heavy tails within their errors, and no others", () => {
    const stream = new RandomStream(randomKey(3));
    for (const index of [1, 2]) {
      const sorted = Float64Array.from({ length: 20_000 }, () => stream.uniform() ** (-1 / index)).sort();
      const tail = tailIndex(sorted)!;
      // The threshold lies above the median, which a Pareto tail does not begin at.
      expect(Math.abs(tail.index - index)).toBeLessThan(3 * tail.standardError + 0.15);
    }
    const gaussian = Float64Array.from({ length: 20_000 });
    normalsAt(randomKey(4), 0, gaussian.length, gaussian);
    expect(tailIndex(gaussian.sort())!.index).toBeGreaterThan(3);
    expect(columnOf("real").tails).toBeUndefined();
  });

  it("is estimated from a sample of many rows", () => {
    const own = describe(table, { mostRows: 100 });
    expect(own.sampledRows).toBe(100);
    expect(own.columns.map(({ schema }) => schema)).toEqual(found.columns.map(({ schema }) => schema));
    expect(tableLines(own).at(-1)).toBe(
      "what concerns several columns is estimated from 100 rows drawn at random",
    );
  });
});

it("values are told in few words", () => {
  expect(valuesText(columnOf("when"))).toBe(`${day(0)} to ${day(999)}`);
  expect(valuesText(columnOf("tag"))).toBe("400 different");
  expect(valuesText(columnOf("flag"))).toMatch(/^0 \d+, 1 \d+$/);
  expect(valuesText(columnOf("color"))).toMatch(/^\w+ \d+, \w+ \d+, \w+ \d+$/);
});

it("takes repeated numbers of few decimals for a grid of their decimals, however their gaps differ", async () => {
  // Pounds as kilograms: 0.45 or 0.46 apart.
  const { columns } = describe(
    await tableOf({ weight: (_, u) => (0.45359237 * Math.round(90 + 120 * u)).toFixed(2) }),
  ).schema;
  expect(columns[0]).toMatchObject({ kind: "positive", step: 0.01 });
  expect(columns[0]).not.toHaveProperty("decimals");
});

it("tells apart large numbers that lie close together", async () => {
  const at = (k: number) => 1.79e15 + 3 * ((k * k) % 199);
  const { columns } = describe(await tableOf({ at }));
  expect(columns[0]!.schema.kind).toBe("integer");
  expect(valuesText(columns[0]!)).toMatch(
    /^1790000000000000 to 1790000000000\d{3}, median 1790000000000\d{3}$/,
  );
});
