/**
 * The body of a map as scalars alone: what a body does with small vectors (a `logSumExp` of three numbers, a product with a
 * constant matrix, a map within the map) is written out, element by element, so that an engine's kernel for maps has scalar
 * operations and constants to know, and nothing else.
 *
 * @module
 */

import { ShapeError } from "../errors.ts";
import { type Expr, type MapExpr, type ScatterExpr, sizeOf, topologicalOrder, unreachable } from "./expr.ts";
import { add, apply, div, mul, sub } from "./ops/arithmetic.ts";
import { constant } from "./ops/leaves.ts";
import { substitute } from "./rebuild.ts";

/**
 * The scalars that the results are, each of size 1, computed from the slots by element-wise operations of shape `[]`.
 * @throws {@link ShapeError} if a body reads a leaf other than its slots and constants, or needs rows or rounds.
 */
export function scalarize(results: readonly Expr[], slots: ReadonlySet<Expr>): Expr[] {
  const elements = new Map<Expr, readonly Expr[]>();
  for (const node of topologicalOrder(results, slots))
    elements.set(node, slots.has(node) ? [node] : elementsOf(node, elements));
  return results.map((result) => elements.get(result)![0]!);
}

function elementsOf(node: Expr, elements: ReadonlyMap<Expr, readonly Expr[]>): readonly Expr[] {
  const size = sizeOf(node.shape);
  const operands = node.inputs.map((input) => elements.get(input)!);
  const [a, b, c] = operands as [readonly Expr[], readonly Expr[], readonly Expr[] | undefined];
  const each = (element: (i: number) => Expr): Expr[] => Array.from({ length: size }, (_, i) => element(i));
  switch (node.op) {
    case "constant":
      return node.shape.length === 0 ? [node] : each((i) => constant(node.data[i]!));
    case "elementwise":
      if (node.shape.length === 0 && node.inputs.every((input, k) => operands[k]![0] === input))
        return [node];
      return each((i) =>
        apply(node.name, ...operands.map((operand) => (operand.length === 1 ? operand[0]! : operand[i]!))),
      );
    case "reshape":
      return a;
    case "gather":
      return each((i) => (node.indices[i]! < 0 ? constant(0) : a[node.indices[i]!]!));
    case "scatter":
      return scattered(node, a);
    case "concatenate":
      return operands.flat();
    case "sum":
      return each((i) => {
        const [outer, inner] = [Math.floor(i / node.inner), i % node.inner];
        return total(node.count, (k) => a[(outer * node.count + k) * node.inner + inner]!);
      });
    case "linear":
      return each((row) => {
        const at = (k: number): Expr => b[node.transposed ? k * size + row : row * a.length + k]!;
        const product = total(a.length, (k) => mul(a[k]!, at(k)));
        return c ? add(c[row]!, product) : product;
      });
    case "matrixProduct": {
      const columns = node.shape[1]!;
      const inner = node.inputs[0]!.shape[1]!;
      return each((i) => {
        const [row, column] = [Math.floor(i / columns), i % columns];
        return total(inner, (k) => mul(a[row * inner + k]!, b[k * columns + column]!));
      });
    }
    case "solveTriangular": {
      // The transpose of a lower triangle is an upper one.
      const isForward = node.lower !== node.transposed;
      const at = (i: number, j: number): Expr => (node.transposed ? a[j * size + i]! : a[i * size + j]!);
      const x: Expr[] = new Array(size);
      for (let step = 0; step < size; step++) {
        const i = isForward ? step : size - 1 - step;
        let rest = b[i]!;
        for (let k = 0; k < step; k++) {
          const j = isForward ? k : size - 1 - k;
          rest = sub(rest, mul(at(i, j), x[j]!));
        }
        x[i] = div(rest, at(i, i));
      }
      return x;
    }
    case "map":
      return [];
    case "project": {
      const map = node.inputs[0] as MapExpr;
      return Array.from({ length: map.features }, (_, feature) => {
        const values = map.body.slots.flatMap((block, k) =>
          block.map((slot, j) => [slot, elements.get(map.inputs[k]!)![feature * block.length + j]!] as const),
        );
        return substitute(map.body.results[node.index]!, new Map<Expr, Expr>(values));
      }).flat();
    }
    case "input":
    case "parameter":
    case "stepInput":
    case "slot":
    case "rowMark":
    case "random":
      throw new ShapeError({
        where: "mapFeatures",
        problem: `a body cannot read a ${node.op} from outside`,
        expected: "scalars from outside",
        received: node.op,
        remedy: "make it a block",
      });
    case "sumRows":
    case "sumOuter":
    case "fixedPoint":
    case "scan":
    case "iterate":
    case "implicit":
    case "odeSolution":
      throw new ShapeError({
        where: "mapFeatures",
        problem: `a body has scalar operations alone, not ${node.op}`,
        expected: "scalar operations",
        received: node.op,
        remedy: "compute that outside of the map",
      });
    default:
      return unreachable(node);
  }
}

function total(count: number, term: (k: number) => Expr): Expr {
  let sum = term(0);
  for (let k = 1; k < count; k++) sum = add(sum, term(k));
  return sum;
}

function scattered(node: ScatterExpr, values: readonly Expr[]): Expr[] {
  const out: (Expr | undefined)[] = Array.from({ length: sizeOf(node.shape) }, () => undefined);
  node.indices.forEach((to, i) => {
    if (to < 0) return;
    const partialSum = out[to];
    out[to] = partialSum ? add(partialSum, values[i]!) : values[i]!;
  });
  return out.map((value) => value ?? constant(0));
}
