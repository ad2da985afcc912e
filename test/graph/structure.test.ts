import { expect, test } from "vitest";
import type { Expr } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/ops.ts";
import { structureOf } from "../../src/graph/structure.ts";

const x = (): Expr => g.input("x", [3]);
const w = (): Expr => g.parameter("w", [3]);

/** Graphs that all differ; each is written anew at every call. */
const graphs: Readonly<Record<string, () => readonly Expr[]>> = {
  product: () => [g.mul(x(), w())],
  "product the other way round": () => [g.mul(w(), x())],
  sum: () => [g.add(x(), w())],
  "another name": () => [g.mul(x(), g.parameter("v", [3]))],
  "another sort of leaf": () => [g.mul(x(), g.stepInput("w", [3]))],
  "another shape": () => [g.mul(g.input("x", [2]), g.parameter("w", [2]))],
  "two outputs": () => [g.mul(x(), w()), g.add(x(), w())],
  "two outputs in another order": () => [g.add(x(), w()), g.mul(x(), w())],
  constant: () => [g.mul(x(), g.constant([1, 2, 3]))],
  "another constant": () => [g.mul(x(), g.constant([1, 2, 4]))],
  "a constant of minus 0": () => [g.mul(x(), g.constant([1, 2, -0]))],
  "a constant of 0": () => [g.mul(x(), g.constant([1, 2, 0]))],
  move: () => [g.gather(x(), [0, 2], [2])],
  "another move": () => [g.gather(x(), [2, 0], [2])],
  "a sum of rows": () => [g.sumRows(x())],
  "a draw": () => [g.randomUniform([3], "x")],
  "another draw": () => [g.randomUniform([3], "y")],
  map: () => g.mapFeatures([x(), w()], ([a], [b]) => [[g.sub(a!, b!)]]),
  "a map of another body": () => g.mapFeatures([x(), w()], ([a], [b]) => [[g.sub(b!, a!)]]),
  "a map of two results": () => g.mapFeatures([x(), w()], ([a], [b]) => [[g.sub(a!, b!)], [g.sub(b!, a!)]]),
  scan: () => [g.scan(x(), 2, [g.parameter("s", [2, 3])], (state, [slice]) => g.mul(state, slice!))],
  "a scan of another body": () => [
    g.scan(x(), 2, [g.parameter("s", [2, 3])], (state, [slice]) => g.add(state, slice!)),
  ],
  "a scan from the end": () => [
    g.scan(x(), 2, [g.parameter("s", [2, 3])], (state, [slice]) => g.mul(state, slice!), { reversed: true }),
  ],
};

test("graphs that are written alike have one structure, all others have others", () => {
  const structures = Object.values(graphs).map((write) => structureOf(write()));
  expect(Object.values(graphs).map((write) => structureOf(write()))).toEqual(structures);
  expect(new Set(structures).size).toBe(structures.length);
  expect(structureOf(graphs.map!(), "a")).not.toBe(structureOf(graphs.map!(), "b"));
});
