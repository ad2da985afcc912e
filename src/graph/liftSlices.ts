/**
 * What the body of a scan computes from its slices alone is computed of the stacked values, once for all steps and rows; the
 * body gets its slices. So a slice is only ever read where a row's own values are too.
 *
 * @module
 */

import { dependents, type Expr, type MapExpr, type SlotExpr, sizeOf } from "./expr.ts";
import { apply } from "./ops/arithmetic.ts";
import { slot } from "./ops/leaves.ts";
import {
  broadcastTo,
  concatenate,
  gather,
  reshape,
  scatter,
  slice as takeSlice,
  transpose,
} from "./ops/movement.ts";
import { matrixProduct } from "./ops/products.ts";
import { substitute, withInputs } from "./rebuild.ts";

/** A scan's body and what it reads step by step. */
export interface SlicedBody {
  readonly result: Expr;
  readonly slices: readonly SlotExpr[];
  /** One a slice, of one more leading axis. */
  readonly stacked: readonly Expr[];
}

/** The same body, with everything that depends on slices alone taken out of it. */
export function liftSlices({ result, slices, stacked }: SlicedBody, steps: number): SlicedBody {
  const inside = dependents([result], ...slices);
  /** By node that depends on slices alone: its stacked value. */
  const lifted = new Map<Expr, Expr>(slices.map((slice, i) => [slice, stacked[i]!]));
  const isLifted = (node: Expr): boolean => lifted.has(node) || (node.op === "map" && !node.batched);
  for (const node of inside)
    if (!node.batched && !isLifted(node)) lifted.set(node, stackedValue(node, lifted, steps));
  // Those that something else reads become slices; the rest has gone into them.
  const own = new Map<Expr, SlotExpr>();
  for (const node of inside)
    if (!isLifted(node))
      for (const operand of node.inputs)
        if (lifted.has(operand) && !own.has(operand))
          own.set(
            operand,
            slices.includes(operand as SlotExpr) ? (operand as SlotExpr) : slot(operand.shape, false),
          );
  return {
    result: substitute([result], own)[0]!,
    slices: [...own.values()],
    stacked: [...own.keys()].map((node) => lifted.get(node)!),
  };
}

/** Slice number `at` of a stacked value, without its first axis. */
export function sliceAt(stacked: Expr, at: number): Expr {
  return reshape(takeSlice(stacked, at, at + 1), stacked.shape.slice(1));
}

/** The values of a node in all steps, one after another, from those of its operands; an operand without is the same in all. */
function stackedValue(node: Expr, lifted: ReadonlyMap<Expr, Expr>, steps: number): Expr {
  const [a, ...rest] = node.inputs as [Expr, ...Expr[]];
  const source = lifted.get(a);
  const shape = [steps, ...node.shape];
  switch (node.op) {
    case "elementwise":
      return apply(
        node.name,
        ...node.inputs.map((operand) => {
          const own = lifted.get(operand);
          const isScalar = operand.shape.length === 0;
          return own && isScalar ? reshape(own, [steps, ...node.shape.map(() => 1)]) : (own ?? operand);
        }),
      );
    case "reshape":
      return reshape(source!, shape);
    case "gather":
      return gather(source!, inAllSteps(node.indices, steps, sizeOf(a.shape)), shape);
    case "scatter":
      return scatter(source!, inAllSteps(node.indices, steps, sizeOf(node.shape)), shape);
    case "sum":
      return { ...node, outer: steps * node.outer, shape, inputs: [source!] };
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
      const own = lifted.get(operand);
      return own ? sliceAt(own, step) : operand;
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
  const whole = node.inputs.map((part) => lifted.get(part) ?? part);
  const starts: number[] = [];
  let start = 0;
  for (const part of whole) {
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
  const flat = whole.map((part) => reshape(part, [sizeOf(part.shape)]));
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
  const whole: MapExpr = { ...map, features, inputs };
  const width = map.body.results[index]!.length;
  return { op: "project", index, shape: [features, width], batched: false, inputs: [whole] };
}
