import { expect, it } from "vitest";
import type { MixedColumn } from "../../src/cli/serve/rowSchemas.ts";
import { tableMaker } from "../../src/cli/serve/tableMaker.ts";
import { cellsOf } from "../../src/tables/schema/cells.ts";

it("takes cells as the model's columns are, whatever they look like", () => {
  const mixed: readonly MixedColumn[] = [
    { name: "code", kind: "categorical", use: "fit", levels: ["007", "1,5", "x"] },
    { name: "size", kind: "ordinal", use: "fit", levels: [1, 2, 3] },
    { name: "is", kind: "boolean", use: "fit", levels: ["no", "yes"] },
    { name: "when", kind: "date-time", use: "fit", step: 86_400_000 },
    { name: "turn", kind: "angle", use: "fit", period: 86_400, written: "time-of-day" },
    { name: "value", kind: "continuous", use: "fit" },
  ];
  const names = mixed.map(({ name }) => name);
  const table = tableMaker({ names, mixed })([
    ["007", 2, true, "1970-01-02", "00:01:00", 0.5],
    ["1,5", 3, "no", null, null, null],
    [7, "1", 1, "1970-01-01T00:00:01", "01:00", -1],
  ]);
  expect(cellsOf(table, mixed).cells.map((cells) => Array.from(cells))).toEqual([
    [0, 1, 0],
    [1, 2, 0],
    [1, 0, 1],
    [86_400_000, Number.NaN, 1000],
    [60, Number.NaN, 3600],
    [0.5, Number.NaN, -1],
  ]);
});
