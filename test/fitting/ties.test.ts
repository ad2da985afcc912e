import { expect, test } from "vitest";
import { findTies } from "../../src/fitting/columns/findTies.ts";
import { fitColumns } from "../../src/fitting/columns/fitColumns.ts";
import type { DensityColumn } from "../../src/models/columns/column.ts";
import { columnsDensity } from "../../src/models/columns/columnsDensity.ts";
import { ColumnsEvaluation } from "../../src/models/columns/columnsModel.ts";
import { contributionsOfRows } from "../../src/models/columns/contributions.ts";
import { sampleCells } from "../../src/models/columns/drawCells.ts";
import { RandomStream, randomKey, split } from "../../src/random/philox.ts";

const threads = 1;
const stations = 24;
const columns: DensityColumn[] = [
  { name: "number", kind: "integer", step: 1, from: 3000 },
  { name: "latitude", kind: "ordinal", levels: stations },
  { name: "station", kind: "categorical", levels: stations, missing: true },
  { name: "zone", kind: "categorical", levels: 4 },
];

/** Stations, of which the number says the latitude and the name; a name is missing in a tenth of the rows, and zones are any. */
function rides(n: number, seed: number) {
  const stream = new RandomStream(split(randomKey(seed), "rides"));
  const cells = columns.map(() => new Float64Array(n));
  for (let row = 0; row < n; row++) {
    const station = Math.floor(stations * stream.uniform() ** 2);
    cells[0]![row] = 3000 + 7 * ((station * 5) % stations);
    cells[1]![row] = (station * 11) % stations;
    cells[2]![row] = stream.uniform() < 0.1 ? Number.NaN : station;
    cells[3]![row] = stream.integerBelow(4);
  }
  return { rows: n, cells };
}

test("columns that another one says are found; those that none says are not", () => {
  const { cells } = rides(800, 1);
  expect(findTies(columns, cells, [3, 0, 1, 2])).toEqual([
    { from: 0, to: 1 },
    { from: 0, to: 2 },
  ]);
  // What comes later says nothing of what comes before.
  expect(findTies(columns, cells, [3, 1, 2, 0])).toEqual([{ from: 1, to: 2 }]);
  // Nearly unique values say everything of their own rows, and nothing of others.
  const unique = [Float64Array.from({ length: 800 }, (_, row) => row), ...cells.slice(1)];
  expect(findTies(columns, unique, [3, 0, 1])).toEqual([]);
});

test("what a column says of another is in the density, in samples and in the model file", async () => {
  const train = rides(800, 1);
  const next = rides(500, 2);
  const { model } = await fitColumns(columns, train, { seed: 1, threads, recipe: { steps: 60 } });
  expect(model.density.options.ties).toHaveLength(2);
  const evaluation = new ColumnsEvaluation(model);
  const { values } = await contributionsOfRows(evaluation, next.cells, { threads });
  const meanOf = (j: number): number =>
    Array.from({ length: next.rows }, (_, row) => values[row * columns.length + j]!).reduce((a, b) => a + b) /
    next.rows;
  // A guess by the column alone has -2.9 nats.
  expect(meanOf(1)).toBeGreaterThan(-0.2);
  const drawn = await sampleCells(evaluation, 500, [], { seed: 1, threads });
  const known = new Map(Array.from(train.cells[0]!, (number, row) => [number, train.cells[1]![row]!]));
  const right = drawn[0]!.filter((number, row) => known.get(number) === drawn[1]![row]).length;
  expect(right).toBeGreaterThan(475);
  const density = columnsDensity(JSON.parse(JSON.stringify(model.density.options)));
  const again = await contributionsOfRows(new ColumnsEvaluation({ ...model, density }), next.cells, {
    threads,
  });
  expect(again.logProb).toEqual((await contributionsOfRows(evaluation, next.cells, { threads })).logProb);
  expect(() => columnsDensity({ ...model.density.options, ties: [{ from: 1, to: 0 }] })).toThrow(
    /cannot be tied/,
  );
});
