import { expect, test } from "vitest";
import { vjp } from "../../src/graph/derivative/derivative.ts";
import type { Expr } from "../../src/graph/expr.ts";
import { mapOf } from "../../src/graph/ops/bodies.ts";
import { structureOfBody } from "../../src/graph/ops/bodyStructure.ts";
import { slot } from "../../src/graph/ops/leaves.ts";
import type { MapExpr } from "../../src/graph/ops/maps.ts";
import * as g from "../../src/graph/ops.ts";
import { allNodes } from "../../src/graph/program.ts";
import { simplify } from "../../src/graph/simplify.ts";
import { structureOf } from "../../src/graph/structure.ts";

const mapsOf = (outputs: readonly Expr[]): MapExpr[] => allNodes(outputs).filter((node) => node.op === "map");

/** The map of a body of two scalars, written anew at every call. */
const mapped = (body: (a: Expr, b: Expr) => Expr): MapExpr =>
  mapsOf(g.mapFeatures([g.input("x", [3]), g.parameter("w", [3])], ([a], [b]) => [[body(a!, b!)]]))[0]!;

/** Bodies that all differ. */
const bodies: readonly ((a: Expr, b: Expr) => Expr)[] = [
  (a, b) => g.mul(a, b),
  (a, b) => g.mul(b, a),
  (a) => g.mul(a, a),
  (a, b) => g.add(a, b),
  (a, b) => g.add(g.mul(a, b), g.mul(a, b)),
  (a, b) => {
    const product = g.mul(a, b);
    return g.add(product, product);
  },
  (a) => g.mul(a, 0),
  (a) => g.mul(a, -0),
  (a) => g.mul(a, 1e300),
  (a) => g.select(a, 1, 2),
];

test("bodies that are written alike have one structure, all others have others", () => {
  const structures = bodies.map((body) => structureOfBody(mapped(body).body));
  expect(bodies.map((body) => structureOfBody(mapped(body).body))).toEqual(structures);
  expect(new Set(structures).size).toBe(bodies.length);
});

test("maps that are written alike have one body when they are simplified, and their gradients have one", () => {
  const layer = (x: Expr, i: number): Expr =>
    g.mapFeatures([x, g.parameter(`w${i}`, [3])], ([a], [b]) => [
      [g.add(g.mul(a!, g.exp(b!)), g.log(g.add(1, g.mul(a!, a!))))],
    ])[0]!;
  const y = layer(layer(layer(g.input("x", [3]), 0), 1), 2);
  const leaves = [0, 1, 2].map((i) => g.parameter(`w${i}`, [3]));
  const gradients = vjp([g.sumRows(g.sum(y))], [g.constant(1)], leavesOf(y, leaves));
  const maps = mapsOf(simplify(gradients));
  expect(maps.length).toBeGreaterThan(4);
  // Of the layers, and of gradients to both blocks, of which the first layer's sends nothing to its input.
  expect(new Set(maps.map(({ body }) => body)).size).toBe(2);
});

/** The parameters of a graph that have the names of others. */
function leavesOf(root: Expr, named: readonly Expr[]): Expr[] {
  const nodes = allNodes([root]);
  return named.map(
    (leaf) => nodes.find((node) => "name" in node && "name" in leaf && node.name === leaf.name)!,
  );
}

test("programs differ whose second maps read other slots of the first", () => {
  const structure = (second: (a: Expr, b: Expr) => Expr): string => {
    const blocks = [g.input("x", [3]), g.parameter("w", [3])];
    const [a, b] = [slot([], "row"), slot([], "row")];
    const outputs = [g.mul(a, b), second(a, b)].flatMap((scalar) => mapOf(blocks, 3, [[a], [b]], [[scalar]]));
    return structureOf(outputs);
  };
  expect(structure((a) => g.exp(a))).not.toBe(structure((_, b) => g.exp(b)));
});
