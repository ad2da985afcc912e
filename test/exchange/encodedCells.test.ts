/** Cells of mixed columns as an exported graph and an exported module encode them: as their heads do. */

import { InferenceSession, Tensor } from "onnxruntime-node";
import { expect, test } from "vitest";
import { standaloneModule } from "../../src/engines/wasm/standalone/standaloneModule.ts";
import { encodeValue } from "../../src/exchange/onnx/columns/headEncodings.ts";
import { OnnxFormulas } from "../../src/exchange/onnx/onnxFormulas.ts";
import { OnnxGraph } from "../../src/exchange/onnx/onnxGraph.ts";
import { modelBytes } from "../../src/exchange/onnx/onnxMessages.ts";
import { encodeCell } from "../../src/exchange/wasm/cellPrograms.ts";
import * as g from "../../src/graph/ops.ts";
import type { DensityColumn } from "../../src/models/columns/column.ts";
import { columnsDensity } from "../../src/models/columns/columnsDensity.ts";
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

test.each(Object.entries(examples))("%s is encoded as by its head", async (_, { column, head, cells }) => {
  const density = columnsDensity({
    columns: [{ column, head, outcomes: [1] }],
    given: [],
    order: [0],
    hidden: [2],
  });
  const layout = density.columns[0]!;
  const { targets, features } = layout.head;
  const graph = new OnnxGraph();
  const formulas = new OnnxFormulas(graph, "double");
  const cell = graph.input("cell", "double", ["rows", 1]);
  const encoded = encodeValue(graph, layout, cell);
  const joined = (parts: readonly string[]): string => graph.node("Concat", parts, { axis: 1 });
  const offsets = formulas.add(encoded.offset, formulas.mul(cell, formulas.number(0)));
  graph.output("isPossible", formulas.asNumber(encoded.isPossible), "double", ["rows", 1]);
  graph.output("offset", offsets, "double", ["rows", 1]);
  graph.output("features", joined(encoded.features), "double", ["rows", features]);
  graph.output("targets", joined(encoded.targets), "double", ["rows", targets]);
  const bytes = modelBytes(graph.fields("cell"), { description: "", metadata: {} });
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const result = await session.run({
    cell: new Tensor("float64", Float64Array.from(cells), [cells.length, 1]),
  });
  let possible = 0;
  cells.forEach((value, row) => {
    const expected = { targets: new Float64Array(targets), features: new Float64Array(features) };
    const offset = layout.head.encode(value, expected.targets, 0, expected.features, 0);
    const isPossible = Number.isFinite(offset);
    expect(Number(result.isPossible!.data[row]), `whether ${value} is possible`).toBe(isPossible ? 1 : 0);
    if (!isPossible) return;
    possible++;
    const close = (name: string, got: unknown, want: number): void =>
      expect(
        Math.abs((got as number) - want) / Math.max(1, Math.abs(want)),
        `${name} of ${value}`,
      ).toBeLessThan(1e-11);
    close("offset", result.offset!.data[row], offset);
    for (const name of ["targets", "features"] as const)
      expected[name].forEach((want, i) => {
        close(`${name}[${i}]`, result[name]!.data[row * expected[name].length + i], want);
      });
  });
  expect(possible).toBeGreaterThan(2);
});

/** A column that has two atoms, and cells of which are missing. */
const gaps: Example = {
  column: { ...x, kind: "positive", atoms: [0, 7], missing: true },
  head: point({ type: "softplusInverse", from: 0, scale: 2 }),
  cells: [0, 7, Number.NaN, 0.3, 40, -2, Number.POSITIVE_INFINITY],
};

test.each(Object.entries({ ...examples, "a number with gaps": gaps }))(
  "a module encodes %s as rows are encoded",
  async (_, { column, head, cells }) => {
    const outcomes = column.atoms ? [0.2, 0.2, 0.1, 0.5] : [1];
    const density = columnsDensity({
      columns: [{ column, head, outcomes }],
      given: [],
      order: [0],
      hidden: [2],
    });
    const all = Float64Array.from([...cells, Number.NaN, Number.NEGATIVE_INFINITY]);
    const { features, targets, offset, isUnknown } = encodeCell(density.columns[0]!, g.input("rows", [1]));
    const result = g.concatenate([features, targets!, offset, isUnknown]);
    const width = density.width + 2;
    const program = { program: { rows: { result } }, parameters: {}, precision: "float64" } as const;
    const bytes = await standaloneModule(
      [{ name: "encode", width: 1, results: width, programs: [program] }],
      {},
    );
    const { instance } = await WebAssembly.instantiate(bytes, {});
    const { memory, allocate, encode } = instance.exports as unknown as {
      readonly memory: WebAssembly.Memory;
      readonly allocate: (bytes: number) => number;
      readonly encode: (rows: number, count: number, results: number) => void;
    };
    const [rows, results] = [allocate(all.byteLength), allocate(8 * width * all.length)];
    new Float64Array(memory.buffer, rows, all.length).set(all);
    encode(rows, all.length, results);
    const values = new Float64Array(memory.buffer, results, width * all.length);
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
  },
);
