/**
 * Moves that are written by gathers: broadcasts and transposes.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import { checkShape, type Expr, formatShape, type Shape, sameShape, sizeOf } from "../expr.ts";
import { checkExpressions } from "./leaves.ts";
import { gather, zeroIndices } from "./moves.ts";

/** The shape that operands broadcast to. */
export function broadcastShape(where: string, operands: readonly Expr[]): Shape {
  const rank = Math.max(...operands.map((operand) => operand.shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    let extent = 1;
    for (const { shape } of operands) {
      const operandExtent = shape[shape.length - rank + axis] ?? 1;
      if (operandExtent === 1 || operandExtent === extent) continue;
      if (extent !== 1)
        throw new ShapeError({
          where,
          problem: `shapes ${operands.map((operand) => formatShape(operand.shape)).join(" and ")} do not broadcast`,
          expected: "equal extents, or 1",
          received: operands.map((operand) => formatShape(operand.shape)).join(" and "),
        });
      extent = operandExtent;
    }
    return extent;
  });
}

/** Repeats axes of extent one, and adds leading axes, until the shape is reached. */
export function broadcastTo(a: Expr, shape: Shape): Expr {
  checkShape("broadcastTo", shape);
  checkExpressions("broadcastTo", a);
  if (sameShape(a.shape, shape)) return a;
  if (sizeOf(a.shape) === 1) return gather(a, zeroIndices(sizeOf(shape)), shape);
  if (!sameShape(broadcastShape("broadcastTo", [a, { ...a, shape }]), shape))
    throw new ShapeError({
      where: "broadcastTo",
      subject: "the shape",
      expected: `one that ${formatShape(a.shape)} broadcasts to`,
      received: formatShape(shape),
    });
  const padded = [...Array<number>(shape.length - a.shape.length).fill(1), ...a.shape];
  return gather(a, indexGrid(shape, padded), shape);
}

/** For each element of `shape`, its row-major place in an array of extents `source`, where extents of one repeat. */
function indexGrid(shape: Shape, source: Shape): Int32Array {
  const strides: number[] = [];
  let stride = 1;
  for (let axis = source.length - 1; axis >= 0; axis--) {
    strides[axis] = source[axis] === 1 ? 0 : stride;
    stride *= source[axis]!;
  }
  return Int32Array.from({ length: sizeOf(shape) }, (_, flat) => {
    let index = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index += (flat % shape[axis]!) * strides[axis]!;
      flat = Math.floor(flat / shape[axis]!);
    }
    return index;
  });
}

/** Transpose of a matrix. */
export function transpose(a: Expr): Expr {
  checkExpressions("transpose", a);
  const [rows, columns] = a.shape;
  if (rows === undefined || columns === undefined || a.shape.length !== 2)
    throw new ShapeError({
      where: "transpose",
      subject: "the value",
      expected: "a matrix",
      received: formatShape(a.shape),
    });
  return gather(
    a,
    Int32Array.from({ length: rows * columns }, (_, i) => (i % rows) * columns + Math.floor(i / rows)),
    [columns, rows],
  );
}
