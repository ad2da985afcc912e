/**
 * The values that a node of a scan's body has in all steps, one after another, computed once.
 *
 * @module
 */

import { type Expr, type MapExpr, sizeOf, spaceOf } from "./expr.ts";
import { withInputs } from "./graphRules.ts";
import { apply } from "./ops/arithmetic.ts";
import { matrixProduct } from "./ops/matrices.ts";
import { broadcastTo, transpose } from "./ops/movement.ts";
import { concatenate, gather, reshape, scatter, slice as takeSlice } from "./ops/moves.ts";

/** Slice number `at` of a stacked value, without its first axis. */
export function sliceAt(stacked: Expr, at: number): Expr {
  return reshape(takeSlice(stacked, at, at + 1), stacked.shape.slice(1));
}

/** The values of a node in all steps, one after another, from those of its operands; an operand without is the same in all. */
export function stackedValue(node: Expr, lifted: ReadonlyMap<Expr, Expr>, steps: number): Expr {
  const [a, ...rest] = node.inputs as [Expr, ...Expr[]];
  const source = lifted.get(a);
  const shape = [steps, ...node.shape];
  switch (node.op) {
    case "elementwise":
      return apply(
        node.name,
        ...node.inputs.map((operand) => {
          const stackedOperand = lifted.get(operand);
          const isScalar = operand.shape.length === 0;
          return stackedOperand && isScalar
            ? reshape(stackedOperand, [steps, ...node.shape.map(() => 1)])
            : (stackedOperand ?? operand);
        }),
      );
    case "reshape":
      return reshape(source!, shape);
    case "gather":
      return gather(source!, inAllSteps(node.indices, steps, sizeOf(a.shape)), shape);
    case "scatter":
      return scatter(source!, inAllSteps(node.indices, steps, sizeOf(node.shape)), shape);
    case "sum":
      return { ...node, outer: steps * node.outer, shape, space: source!.space, inputs: [source!] };
    case "concatenate":
      return concatenatedAcross(node, lifted, steps);
    case "project":
      return reshape(mapOfAll(node.inputs[0] as MapExpr, node.index, lifted, steps), shape);
    case "linear": {
      if (!source || rest.some((operand) => lifted.has(operand))) break;
      const [weights, bias] = rest as [Expr, Expr | undefined];
      const product = matrixProduct(source, node.transposed ? weights : transpose(weights));
      return bias ? apply("add", product, bias) : product;
    }
  }
  const each = Array.from({ length: steps }, (_, step) => {
    const inputs = node.inputs.map((operand) => {
      const stackedOperand = lifted.get(operand);
      return stackedOperand ? sliceAt(stackedOperand, step) : operand;
    });
    return reshape(withInputs(node, inputs), [1, ...node.shape]);
  });
  return concatenate(each);
}

/** Indices into one step's elements, for all steps. */
function inAllSteps(indices: Int32Array, steps: number, size: number): Int32Array {
  return Int32Array.from({ length: steps * indices.length }, (_, i) => {
    const index = indices[i % indices.length]!;
    return index < 0 ? -1 : Math.floor(i / indices.length) * size + index;
  });
}

function concatenatedAcross(node: Expr, lifted: ReadonlyMap<Expr, Expr>, steps: number): Expr {
  const parts = node.inputs.map((part) => lifted.get(part) ?? part);
  const starts: number[] = [];
  let start = 0;
  for (const part of parts) {
    starts.push(start);
    start += sizeOf(part.shape);
  }
  const indices = Array.from({ length: steps }, (_, step) =>
    node.inputs.flatMap((part, k) => {
      const size = sizeOf(part.shape);
      const first = starts[k]! + (lifted.has(part) ? step * size : 0);
      return Array.from({ length: size }, (__, i) => first + i);
    }),
  ).flat();
  const flat = parts.map((part) => reshape(part, [sizeOf(part.shape)]));
  return gather(concatenate(flat), indices, [steps, ...node.shape]);
}

/** One map over the features of all steps. */
function mapOfAll(map: MapExpr, index: number, lifted: ReadonlyMap<Expr, Expr>, steps: number): Expr {
  const features = steps * map.features;
  const inputs = map.inputs.map((block, k) => {
    const width = map.body.slots[k]!.length;
    const shape = [steps, map.features, width];
    const all = lifted.get(block) ?? broadcastTo(reshape(block, [1, map.features, width]), shape);
    return reshape(all, [features, width]);
  });
  const stackedMap: MapExpr = { ...map, features, space: spaceOf(inputs), inputs };
  const width = map.body.results[index]!.length;
  return { op: "project", index, shape: [features, width], space: stackedMap.space, inputs: [stackedMap] };
}
