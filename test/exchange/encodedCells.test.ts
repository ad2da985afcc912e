/** Cells of mixed columns as an exported graph and an exported module encode them: as their heads do. */

import { InferenceSession, Tensor } from "onnxruntime-node";
import { expect, test } from "vitest";
import { standaloneModule } from "../../src/engines/wasm/standalone/standaloneModule.ts";
import { type EncodedCell, encodeCell } from "../../src/exchange/columns/cellExpressions.ts";
import { sumsByComparing } from "../../src/exchange/columns/placeSums.ts";
import { OnnxGraph } from "../../src/exchange/onnx/onnxGraph.ts";
import { modelBytes } from "../../src/exchange/onnx/onnxMessages.ts";
import { PlaceSearches } from "../../src/exchange/onnx/placeSearch.ts";
import { writeProgram } from "../../src/exchange/onnx/rowPrograms.ts";
import type { Expr } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/ops.ts";
import type { DensityColumn } from "../../src/models/columns/column.ts";
import { type ColumnLayout, columnsDensity } from "../../src/models/columns/columnsDensity.ts";
import { encodeRows } from "../../src/models/columns/encodeRows.ts";

const mixture = { logWeights: [Math.log(0.3), Math.log(0.7)], means: [-1, 0.5], scales: [0.4, 1.1] };
const start = [0, 0, -1, 1, 0, 0];
const mapOf = (domain: object): object => ({ domain, mixture });
const year = 365.2425 * 86_400_000;
const dates = { ...mixture, means: [1.5e12, 1.6e12], scales: [2e10, 4e10] };

interface Example {
  readonly column: DensityColumn;
  readonly head: { readonly type: string; readonly [option: string]: unknown };
  readonly cells: readonly number[];
}

const point = (domain: object): Example["head"] => ({
  type: "point",
  map: mapOf(domain),
  components: 2,
  knots: 3,
  start,
});
const x = { name: "x" };
const examples: Readonly<Record<string, Example>> = {
  "a number on the line": {
    column: { ...x, kind: "continuous" },
    head: point({ type: "asinh", center: 0.2, scale: 3 }),
    cells: [0, -1, 1e-9, 25, -1e6, 1e200, 3.7],
  },
  "a positive number": {
    column: { ...x, kind: "positive" },
    head: point({ type: "softplusInverse", from: 0, scale: 2 }),
    cells: [1e-300, 0.3, 40, 1e9, 0, -2],
  },
  "a share": {
    column: { ...x, kind: "interval", lower: 0, upper: 1 },
    head: point({ type: "logit", from: 0, to: 1 }),
    cells: [1e-12, 0.5, 0.999999, 1, 0, -0.1, 3],
  },
  "a count with shares": {
    column: { ...x, kind: "integer", lower: 0 },
    head: {
      type: "cells",
      map: mapOf({ type: "log", from: -1 }),
      components: 2,
      knots: 2,
      shares: { places: [0, 1, 2, 4, 9], counts: [50, 20, 11, 3, 1], blend: 0.1 },
      frequent: [0, 1],
      masses: [1, 0],
      seen: [0, 2, 4],
      start,
    },
    cells: [0, 1, 2, 3, 4, 8, 9, 10, 1000, -1, 2.5, 1e9],
  },
  "a price in steps, with two ends": {
    column: { ...x, kind: "continuous", step: 0.25, from: 0.5, lower: 0.5, upper: 30 },
    head: {
      type: "cells",
      map: mapOf({ type: "asinh", center: 1, scale: 2 }),
      components: 2,
      frequent: [],
      masses: [],
      start,
    },
    cells: [0.5, 0.75, 1, 7.25, 29.75, 30, 30.25, 0.25, 0.8, -3],
  },
  "a moment": {
    column: { ...x, kind: "date-time", step: 1 },
    head: {
      type: "cells",
      map: { domain: { type: "identity" }, mixture: dates },
      components: 2,
      knots: 2,
      frequent: [],
      masses: [],
      calendar: ["day", "week", "year"],
      start,
    },
    cells: [1.5e12, 1.55e12 + 1, 1.6e12 + year, 0, 1.5e12 + 0.5],
  },
  "an angle": {
    column: { ...x, kind: "angle", period: 24 },
    head: { type: "angle", components: 1, start: [0, 0, 1, 0] },
    cells: [0, 23.9, 24, -5, 1e4],
  },
  "an angle in steps": {
    column: { ...x, kind: "angle", step: 5, from: 2.5 },
    head: { type: "angle", components: 1, start: [0, 0, 1, 0] },
    cells: [2.5, 357.5, 362.5, -2.5, 4],
  },
  "levels in buckets": {
    column: { ...x, kind: "categorical", levels: 4 },
    head: { type: "levels", buckets: [0, 1, 1, 2], shares: [1, 0.25, 0.75, 1], start: [0.5, 0.3, 0.2] },
    cells: [0, 1, 2, 3, 4, -1, 0.5],
  },
};

/** A column that has two atoms, and cells of which are missing. */
const gaps: Example = {
  column: { ...x, kind: "positive", atoms: [0, 7], missing: true },
  head: point({ type: "softplusInverse", from: 0, scale: 2 }),
  cells: [0, 7, Number.NaN, 0.3, 40, -2, Number.POSITIVE_INFINITY],
};

/** Numbers of encoded rows `[width]`, row by row, of cells. */
type Encode = (layout: ColumnLayout, width: number, cells: Float64Array) => Promise<Float64Array>;

const joined = ({ features, targets, offset, isUnknown }: EncodedCell): Expr =>
  g.concatenate([features, targets!, offset, isUnknown]);

const inModule: Encode = async (layout, width, cells) => {
  const result = joined(encodeCell(layout, g.input("rows", [1]), { sums: sumsByComparing, components: 0 }));
  const program = { program: { rows: { result } }, parameters: {}, precision: "float64" } as const;
  const bytes = await standaloneModule(
    () => [{ name: "encode", width: 1, results: width, programs: [program] }],
    {},
  );
  const { instance } = await WebAssembly.instantiate(bytes, {});
  const { memory, allocate, encode } = instance.exports as unknown as {
    readonly memory: WebAssembly.Memory;
    readonly allocate: (bytes: number) => number;
    readonly encode: (rows: number, count: number, results: number) => void;
  };
  const [rows, results] = [allocate(cells.byteLength), allocate(8 * width * cells.length)];
  new Float64Array(memory.buffer, rows, cells.length).set(cells);
  encode(rows, cells.length, results);
  return new Float64Array(memory.buffer, results, width * cells.length);
};

const inGraph: Encode = async (layout, width, cells) => {
  const graph = new OnnxGraph();
  const searches = new PlaceSearches();
  const rows = graph.input("rows", "double", ["rows", 1]);
  const result = joined(encodeCell(layout, g.input("rows", [1]), { sums: searches.sums, components: 0 }));
  const how = { graph, type: "double", parameters: {} } as const;
  const found = searches.write(
    graph,
    (place, others) => writeProgram({ place }, { rows, ...others }, how).place,
  );
  graph.output("result", writeProgram({ result }, { rows, ...found }, how).result, "double", ["rows", width]);
  const bytes = modelBytes(graph.fields("cell"), { description: "", metadata: {} });
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const results = await session.run({ rows: new Tensor("float64", cells, [cells.length, 1]) });
  return Float64Array.from(results.result!.data as Float64Array);
};

const targets: readonly (readonly [string, Encode])[] = [
  ["module", inModule],
  ["graph", inGraph],
];

test.each(
  Object.entries({ ...examples, "a number with gaps": gaps }).flatMap(([what, example]) =>
    targets.map(([target, encode]) => ({ target, what, encode, ...example })),
  ),
)("a $target encodes $what as rows are encoded", async ({ encode, column, head, cells }) => {
  const outcomes = column.atoms ? [0.2, 0.2, 0.1, 0.5] : [1];
  const density = columnsDensity({
    columns: [{ column, head, outcomes }],
    given: [],
    order: [0],
    hidden: [2],
  });
  const all = Float64Array.from([...cells, Number.NaN, Number.NEGATIVE_INFINITY]);
  const width = density.width + 2;
  const values = await encode(density.columns[0]!, width, all);
  const expected = encodeRows(density, [all], 0, all.length);
  all.forEach((cell, row) => {
    const wanted = [
      ...expected.encoded.subarray(row * density.width, (row + 1) * density.width),
      expected.offsets[row]!,
      expected.unknown[row]!,
    ];
    wanted.forEach((want, i) => {
      const got = values[row * width + i]!;
      if (!Number.isFinite(want)) return expect(got, `number ${i} of ${cell}`).toBe(want);
      const difference = Math.abs(got - want) / Math.max(1, Math.abs(want));
      expect(difference, `number ${i} of ${cell}: ${got}, not ${want}`).toBeLessThan(1e-11);
    });
  });
  expect(expected.offsets.filter(Number.isFinite).length).toBeGreaterThan(2);
});
