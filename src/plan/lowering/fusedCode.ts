/**
 * The code of a fused unit: its operations as a scalar program, with the values that it reads and makes.
 *
 * @module
 */

import { type Expr, sizeOf, topologicalOrder } from "../../graph/expr.ts";
import type { ScalarBody } from "../../graph/ops/maps.ts";
import { largestMagnitude } from "../analysis/bounds.ts";
import { isTotal, type Unit } from "../analysis/fusion.ts";
import { type View, viewOf } from "../analysis/storage.ts";
import { type ScalarCode, type ScalarSource, ScalarWriter } from "../scalarCode.ts";

/** A unit's code, and what its kernel is called with. */
export interface FusedCode {
  readonly code: ScalarCode;
  /** In the order of the code's sources. */
  readonly sources: readonly View[];
  /** In the order of the code's results. */
  readonly results: readonly Expr[];
}

/** Codes of a plan: one for all units that are written alike. */
export interface CodeTable {
  /** The code of a name; written where it is not there yet. */
  written(name: string, write: () => ScalarCode): ScalarCode;
  /** Gives codes their numbers, by their text. */
  code(text: string): number;
  /** Gives bodies of maps numbers. */
  body(body: ScalarBody): number;
}

/** What a node of a unit reads: what another has made, a constant, or a source, which is `isNew` where it is met first. */
type Operand =
  | { readonly kind: "made"; readonly node: Expr }
  | { readonly kind: "number"; readonly value: number }
  | (ScalarSource & { readonly place: number; readonly isNew: boolean });

/** The code of a fused unit. `isRead` says what is read outside of it. */
export function fusedCode(unit: Unit, isRead: (node: Expr) => boolean, codes: CodeTable): FusedCode {
  const features = unit.features!;
  const places = new Map<Expr, number>();
  for (const node of unit.nodes) places.set(node, places.size);
  const sources: View[] = [];
  const sourcePlaces = new Map<Expr, Map<string, number>>();
  const operands: Operand[] = [];
  // Says all that the code depends on, in the order in which it is written.
  let name = "";

  const sourceOf = (operand: Expr, width: number): Operand => {
    const { owner, offset } = viewOf(operand);
    const size = sizeOf(operand.shape);
    const isScalar = size === 1 && !(features === 1 && width === 1);
    const kind =
      operand.space === "row" ? (isScalar ? "repeated" : "rows") : size === 1 ? "single" : "shared";
    let known = sourcePlaces.get(owner);
    if (!known) sourcePlaces.set(owner, (known = new Map()));
    const key = `${offset}:${kind}:${width}`;
    const place = known.get(key) ?? sources.length;
    const isNew = place === sources.length;
    name += isNew ? `s${kind}${width}` : `s${place}`;
    if (isNew) {
      known.set(key, place);
      sources.push({ owner, offset });
    }
    return { kind, width, place, isNew };
  };
  const read = (operand: Expr, width: number): void => {
    const { owner } = viewOf(operand);
    const place = places.get(owner);
    if (place !== undefined) {
      name += ` ${place}`;
      operands.push({ kind: "made", node: owner });
    } else if (operand.op === "constant" && sizeOf(operand.shape) === 1) {
      const value = operand.data[0]!;
      name += Object.is(value, -0) ? "c-0" : `c${value}`;
      operands.push({ kind: "number", value });
    } else operands.push(sourceOf(operand, width));
  };
  for (const node of unit.nodes) {
    name += ";";
    if (node.op === "elementwise") {
      name += node.name;
      // The code of an exponential depends on what is known of its argument, even from outside of the kernel.
      if (node.name === "exp") name += largestMagnitude(node.inputs[0]!);
      for (const input of node.inputs) read(input, 1);
    } else if (node.op === "map") {
      name += `m${codes.body(node.body)}`;
      node.inputs.forEach((input, k) => read(input, node.body.slots[k]!.length));
    } else if (node.op === "project") name += `p${node.index} ${places.get(node.inputs[0]!)}`;
    else if (isTotal(node)) {
      name += "t";
      read(node.inputs[0]!, 1);
    }
  }
  const results = unit.nodes.filter((node) => node.op !== "map" && isRead(node));
  for (const node of results) name += `r${places.get(node)}`;
  return { code: codes.written(name, () => write(unit, operands, results, codes)), sources, results };
}

/** Writes a unit's code. */
function write(
  unit: Unit,
  operands: readonly Operand[],
  results: readonly Expr[],
  codes: CodeTable,
): ScalarCode {
  const writer = new ScalarWriter();
  const registersOf = new Map<Expr, readonly number[]>();
  let next = 0;
  /** The registers of the next operand: its scalars per feature. */
  const read = (): readonly number[] => {
    const operand = operands[next++]!;
    if (operand.kind === "made") return registersOf.get(operand.node)!;
    if (operand.kind === "number") return [writer.number(operand.value)];
    const { kind, width, place, isNew } = operand;
    if (isNew) writer.source(kind, width);
    return Array.from({ length: width }, (_, column) => writer.load(place, column));
  };
  for (const node of unit.nodes) {
    if (node.op === "elementwise") {
      const registers = node.inputs.map(() => read()[0]!);
      const bound = node.name === "exp" ? largestMagnitude(node.inputs[0]!) : undefined;
      registersOf.set(node, [writer.operation(node.name, registers, bound)]);
    } else if (node.op === "map") {
      const slots = node.body.slots.flat();
      const registers = new Map<Expr, number>(
        node.inputs.flatMap(read).map((register, k) => [slots[k]!, register]),
      );
      for (const projection of unit.nodes)
        if (projection.op === "project" && projection.inputs[0] === node)
          registersOf.set(projection, writeScalars(node.body.results[projection.index]!, registers, writer));
    } else if (isTotal(node)) registersOf.set(node, read());
  }
  for (const node of results) writer.result(registersOf.get(node)!, isTotal(node));
  return writer.finish((text) => codes.code(text));
}

/** Writes scalars of the body of a map, and what they need that has no register yet; returns their registers. */
function writeScalars(
  scalars: readonly Expr[],
  registers: Map<Expr, number>,
  writer: ScalarWriter,
): readonly number[] {
  const order = topologicalOrder(scalars, registers);
  for (let i = 0; i < order.length; i++) {
    const node = order[i]!;
    if (registers.has(node)) continue;
    if (node.op === "constant") registers.set(node, writer.number(node.data[0]!));
    else if (node.op === "elementwise") {
      const operands = node.inputs.map((input) => registers.get(input)!);
      const bound = node.name === "exp" ? largestMagnitude(node.inputs[0]!) : undefined;
      registers.set(node, writer.operation(node.name, operands, bound));
    } else throw new Error(`the body of a map has ${node.op}, which is not scalar`);
  }
  return scalars.map((scalar) => registers.get(scalar)!);
}
