/**
 * The code of a fused unit: its operations as a scalar program, with the values that it reads and makes.
 *
 * @module
 */

import { type Expr, type MapExpr, sizeOf, topologicalOrder } from "../../graph/expr.ts";
import { largestMagnitude } from "../analysis/bounds.ts";
import { isTotal, type Unit } from "../analysis/fusion.ts";
import { type View, viewOf } from "../analysis/storage.ts";
import { type ScalarCode, ScalarWriter } from "../scalarCode.ts";

/** A unit's code, and what its kernel is called with. */
export interface FusedCode {
  readonly code: ScalarCode;
  /** In the order of the code's sources. */
  readonly sources: readonly View[];
  /** In the order of the code's results. */
  readonly results: readonly Expr[];
}

/** The code of a fused unit. `isRead` says what is read outside of it, `numberOf` gives codes their numbers. */
export function fusedCode(
  unit: Unit,
  isRead: (node: Expr) => boolean,
  numberOf: (text: string) => number,
): FusedCode {
  const features = unit.features!;
  const unitNodes = new Set(unit.nodes);
  const writer = new ScalarWriter();
  const sources: View[] = [];
  const sourcePlaces = new Map<Expr, Map<string, number>>();
  const registersOf = new Map<Expr, readonly number[]>();

  const sourceOf = (operand: Expr, width: number): number => {
    const { owner, offset } = viewOf(operand);
    const size = sizeOf(operand.shape);
    const isScalar = size === 1 && !(features === 1 && width === 1);
    const kind =
      operand.space === "row" ? (isScalar ? "repeated" : "rows") : size === 1 ? "single" : "shared";
    let places = sourcePlaces.get(owner);
    if (!places) sourcePlaces.set(owner, (places = new Map()));
    const name = `${offset}:${kind}:${width}`;
    let place = places.get(name);
    if (place === undefined) {
      place = writer.source(kind, width);
      places.set(name, place);
      sources.push({ owner, offset });
    }
    return place;
  };
  /** The registers of an operand: its scalars per feature. */
  const read = (operand: Expr, width: number): readonly number[] => {
    const { owner } = viewOf(operand);
    if (unitNodes.has(owner)) return registersOf.get(owner)!;
    if (operand.op === "constant" && sizeOf(operand.shape) === 1) return [writer.number(operand.data[0]!)];
    const source = sourceOf(operand, width);
    if (width === 1) return [writer.load(source, 0)];
    return Array.from({ length: width }, (_, column) => writer.load(source, column));
  };
  for (const node of unit.nodes) {
    if (node.op === "elementwise") {
      const operands = node.inputs.map((input) => read(input, 1)[0]!);
      // The code of an exponential depends on what is known of its argument, even from outside of the kernel.
      const bound = node.name === "exp" ? largestMagnitude(node.inputs[0]!) : undefined;
      registersOf.set(node, [writer.operation(node.name, operands, bound)]);
    } else if (node.op === "map") {
      const blocks = node.inputs.map((input, k) => read(input, node.body.slots[k]!.length));
      const scalars = writeBody(node, blocks, writer);
      for (const projection of unitNodes)
        if (projection.op === "project" && projection.inputs[0] === node)
          registersOf.set(
            projection,
            node.body.results[projection.index]!.map((scalar) => scalars.get(scalar)!),
          );
    } else if (isTotal(node)) registersOf.set(node, read(node.inputs[0]!, 1));
  }
  const results = unit.nodes.filter((node) => node.op !== "map" && isRead(node));
  for (const node of results) writer.result(registersOf.get(node)!, isTotal(node));
  return { code: writer.finish(numberOf), sources, results };
}

/** Writes the body of a map; returns the registers of its scalars. */
function writeBody(
  { body }: MapExpr,
  blocks: readonly (readonly number[])[],
  writer: ScalarWriter,
): Map<Expr, number> {
  const registers = new Map<Expr, number>();
  for (const [k, block] of body.slots.entries())
    for (const [j, slot] of block.entries()) registers.set(slot, blocks[k]![j]!);
  for (const node of topologicalOrder(body.results.flat(), registers)) {
    if (registers.has(node)) continue;
    if (node.op === "constant") registers.set(node, writer.number(node.data[0]!));
    else if (node.op === "elementwise") {
      const operands = node.inputs.map((input) => registers.get(input)!);
      const bound = node.name === "exp" ? largestMagnitude(node.inputs[0]!) : undefined;
      registers.set(node, writer.operation(node.name, operands, bound));
    } else throw new Error(`the body of a map has ${node.op}, which is not scalar`);
  }
  return registers;
}
