import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { compare } from "../../src/diagnostics/compare/compare.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { dependentColumns } from "../../src/tables/dependence.ts";
import { readTable } from "../../src/tables/reading/readTable.ts";
import { tableFromRows } from "../../src/tables/table.ts";

const shares = fileURLToPath(new URL("../files/reports/shares-sum-to-one.csv", import.meta.url));

/** The rules of the columns a, b, c, ... of 400 rows. */
function rules(row: (stream: RandomStream) => readonly number[]): string[] {
  const stream = new RandomStream(randomKey(1));
  const rows = Array.from({ length: 400 }, () => row(stream));
  const names = rows[0]!.map((_, i) => String.fromCharCode(97 + i));
  return dependentColumns(tableFromRows(names, rows)).map(
    ({ column, rule, rounded }) => `${column} = ${rule}${rounded ? ", rounded" : ""}`,
  );
}

describe("columns that follow from others", () => {
  it("are found with their rule", async () => {
    expect(dependentColumns(await readTable(shares)).map(({ rule }) => rule)).toEqual(["1 - a - b"]);
    const pair = (stream: RandomStream): [number, number] => [stream.normal(), 5 + stream.normal()];
    const percent = (stream: RandomStream): number[] => {
      const [a, b] = [stream.uniform(), stream.uniform()];
      return [100 * a * b, 100 * a * (1 - b), 100 * (1 - a)];
    };
    expect(rules((stream) => percent(stream).map((value) => Math.round(10 * value) / 10))).toEqual([
      "c = 100 - a - b, rounded",
    ]);
    expect(rules((stream) => percent(stream).map(Math.fround))).toEqual(["c = 100 - a - b"]);
    expect(
      rules((stream) => {
        const [a, b] = pair(stream);
        return [a, b, a, 32 + 1.8 * b, 2 * a - 0.5 * b + 7];
      }),
    ).toEqual(["c = a", "d = 32 + 1.8 b", "e = 7 + 2 a - 0.5 b"]);
    // Far from zero for their spread.
    expect(
      rules((stream) => {
        const [a, b] = pair(stream);
        return [1e9 + a, b, 1e9 + a];
      }),
    ).toEqual(["c = a"]);
  });

  it("are not found where columns are only alike", () => {
    expect(
      rules((stream) => {
        const [a, noise] = [stream.normal(), stream.normal()];
        return [a, a + 0.001 * noise, a * a, Math.round(a)];
      }),
    ).toEqual([]);
    // Counts whose steps hide whether they add up.
    expect(
      rules((stream) => [stream.integerBelow(4), stream.integerBelow(4), stream.integerBelow(7)]),
    ).toEqual([]);
  });

  it("win no comparison", async () => {
    const table = await readTable(shares);
    const how = { flows: ["gaussian", "kde"], seed: 1, threads: 1 } as const;
    const lines: string[] = [];
    const own = await compare(table, { ...how, onWarning: (line) => lines.push(line) });
    expect(own.columns).toEqual(["a", "b"]);
    expect(own.best).toBeDefined();
    expect(lines.join("\n")).toMatch(/c = 1 - a - b.*\ncompared without c;/s);
    const all = await compare(table, { ...how, columns: ["a", "b", "c"] });
    expect([all.best, all.tied, all.columns]).toEqual([undefined, [], ["a", "b", "c"]]);
    expect(all.dependent.map(({ column }) => column)).toEqual(["c"]);
  });
});
