/**
 * The kernel of a fused unit: for each feature and each vector of lanes, all its operations in registers.
 *
 * @module
 */

import { type Expr, type MapExpr, sizeOf, topologicalOrder } from "../../../graph/expr.ts";
import { largestMagnitude } from "../../../plan/analysis/bounds.ts";
import { isTotal, type Unit } from "../../../plan/analysis/fusion.ts";
import { type View, viewOf } from "../../../plan/analysis/storage.ts";
import type { FunctionBuilder, FunctionIndex, GlobalIndex, Local, ModuleBuilder } from "./assembler.ts";
import { asVector, emitOperation, type LaneValue } from "./scalarCode.ts";
import { VectorBuilder, type VectorOptions } from "./vector.ts";

/** An operand that comes from memory. */
interface Source extends View {
  /** `rows`: `width` rows of lanes per feature; `repeated`: one row for all; `shared`: numbers; `single`: one number. */
  readonly kind: "rows" | "repeated" | "shared" | "single";
  readonly width: number;
}

/** A result that goes to memory: `width` rows per feature, or one row of sums. */
interface Result {
  readonly owner: Expr;
  readonly width: number;
  readonly isSum: boolean;
}

/** A fused unit, analyzed: what its kernel is called with. */
export interface FusedUnit {
  readonly features: number;
  readonly sources: readonly Source[];
  readonly results: readonly Result[];
  /** Equal for units whose kernels are the same code. */
  readonly key: string;
  readonly emit: (v: VectorBuilder, load: (source: number, column: number) => LaneValue) => LaneValue[][];
}

/** Loop sizes of a kernel. */
export interface KernelShape {
  /** Lanes of a tile: the length of a row. */
  readonly rowLength: number;
  readonly vector: VectorOptions;
  /**
   * The global that says how many lanes of the tile at hand are computed, those of its rows and at most
   * {@link laneGroup} - 1 more; all of them where it is absent. A program that sums over rows has none: its sums read all lanes.
   */
  readonly lanes?: GlobalIndex | undefined;
}

/** Lanes are computed in groups of so many: two vectors of float32, which the runtime may join. */
export const laneGroup = 8;

/** Sets a new local to the bytes of a row that are computed: all of them, or those of {@link KernelShape.lanes}. */
export function computedBytes(f: FunctionBuilder, { rowLength, vector, lanes }: KernelShape): Local | number {
  const laneBytes = vector.precision === "float32" ? 4 : 8;
  if (lanes === undefined) return rowLength * laneBytes;
  const bytes = f.local("i32");
  f.getGlobal(lanes).i32(laneBytes).op("i32.mul").set(bytes);
  return bytes;
}

/**
 * Finds the sources, results and code of a fused unit. `isRead` says what is read outside of it.
 * @param count - Features that one call is for, where they are not all.
 */
export function analyzeUnit(
  unit: Unit,
  isRead: (node: Expr) => boolean,
  count: number = unit.features!,
): FusedUnit {
  const features = unit.features!;
  const unitNodes = new Set(unit.nodes);
  const sources: Source[] = [];
  const sourceKeys = new Map<string, number>();
  const ids = new Map<Expr, number>();
  const key: string[] = [`${count}`];

  const sourceOf = (operand: Expr, width: number): number => {
    const { owner, offset } = viewOf(operand);
    const scalar = sizeOf(operand.shape) === 1 && !(features === 1 && width === 1);
    const kind = operand.batched
      ? scalar
        ? "repeated"
        : "rows"
      : sizeOf(operand.shape) === 1
        ? "single"
        : "shared";
    if (!ids.has(owner)) ids.set(owner, ids.size);
    const name = `${ids.get(owner)}+${offset}:${kind}:${width}`;
    let index = sourceKeys.get(name);
    if (index === undefined) {
      index = sources.length;
      sourceKeys.set(name, index);
      sources.push({ owner, offset, kind, width });
      key.push(`s${kind}${width}`);
    }
    return index;
  };

  type Read = (
    v: VectorBuilder,
    load: (source: number, column: number) => LaneValue,
    nodeValues: Map<Expr, LaneValue[]>,
  ) => LaneValue[];
  /** How a node reads one operand: its scalars per feature. */
  const reader = (operand: Expr, width: number): { read: Read; name: string } => {
    const { owner } = viewOf(operand);
    if (unitNodes.has(owner))
      return {
        read: (_, __, nodeValues) => nodeValues.get(owner)!,
        name: `m${unit.nodes.indexOf(owner)}`,
      };
    if (operand.op === "constant" && sizeOf(operand.shape) === 1) {
      const number = operand.data[0]!;
      return {
        read: (v) => [v.constant(number)],
        name: `c${Object.is(number, -0) ? "-0" : number}`,
      };
    }
    const source = sourceOf(operand, width);
    return {
      read: (_, load) => Array.from({ length: width }, (__, column) => load(source, column)),
      name: `x${source}`,
    };
  };

  type Step = (
    v: VectorBuilder,
    load: (source: number, column: number) => LaneValue,
    nodeValues: Map<Expr, LaneValue[]>,
  ) => void;
  const steps: Step[] = [];
  for (const node of unit.nodes) {
    if (node.op === "elementwise") {
      const operands = node.inputs.map((input) => reader(input, 1));
      // The code of an exponential depends on what is known of its argument, even from outside of the kernel.
      const bound = node.name === "exp" ? largestMagnitude(node.inputs[0]!) : "";
      key.push(`${node.name}${bound}(${operands.map(({ name }) => name)})`);
      steps.push((v, load, nodeValues) => {
        const values = operands.map(({ read }) => read(v, load, nodeValues)[0]!);
        nodeValues.set(node, [emitOperation(v, node, values)]);
      });
    } else if (node.op === "map") {
      const operands = node.inputs.map((input, k) => reader(input, node.body.slots[k]!.length));
      key.push(`map(${operands.map(({ name }) => name)}){${bodyKey(node)}}`);
      steps.push((v, load, nodeValues) =>
        emitBody(
          node,
          v,
          operands.map(({ read }) => read(v, load, nodeValues)),
          nodeValues,
          unitNodes,
        ),
      );
    } else if (node.op === "project")
      key.push(`project${node.index}(${unit.nodes.indexOf(node.inputs[0]!)})`);
    else if (isTotal(node)) {
      const operand = reader(node.inputs[0]!, 1);
      key.push(`total(${operand.name})`);
      steps.push((v, load, nodeValues) => {
        nodeValues.set(node, operand.read(v, load, nodeValues));
      });
    }
  }
  const results: Result[] = [];
  for (const node of unit.nodes) {
    if (node.op === "map" || !isRead(node)) continue;
    const width = node.op === "project" ? node.shape[1]! : 1;
    results.push({ owner: node, width, isSum: isTotal(node) });
    key.push(`r${unit.nodes.indexOf(node)}`);
  }
  return {
    features: count,
    sources,
    results,
    key: key.join(";"),
    emit: (v, load) => {
      const nodeValues = new Map<Expr, LaneValue[]>();
      for (const step of steps) step(v, load, nodeValues);
      return results.map(({ owner }) => nodeValues.get(owner)!);
    },
  };
}

/** A map's body as text, equal for equal bodies. */
function bodyKey(map: MapExpr): string {
  const ids = new Map<Expr, number>();
  map.body.slots.flat().forEach((slot, i) => ids.set(slot, i));
  const parts: string[] = [];
  for (const node of topologicalOrder(map.body.results.flat())) {
    if (ids.has(node)) continue;
    ids.set(node, ids.size);
    const operands = node.inputs.map((input) => ids.get(input));
    if (node.op === "constant") parts.push(`${Object.is(node.data[0], -0) ? "-0" : node.data[0]}`);
    else if (node.op === "elementwise") parts.push(`${node.name}(${operands})`);
    else parts.push(`${node.op}(${operands})`);
  }
  return `${parts.join()}>${map.body.results.map((result) => result.map((scalar) => ids.get(scalar)).join()).join("|")}`;
}

function emitBody(
  map: MapExpr,
  v: VectorBuilder,
  blocks: readonly LaneValue[][],
  nodeValues: Map<Expr, LaneValue[]>,
  unitNodes: ReadonlySet<Expr>,
): void {
  const scalars = new Map<Expr, LaneValue>();
  map.body.slots.forEach((block, k) => block.forEach((slot, j) => scalars.set(slot, blocks[k]![j]!)));
  for (const node of topologicalOrder(map.body.results.flat())) {
    if (scalars.has(node)) continue;
    if (node.op === "constant") scalars.set(node, v.constant(node.data[0]!));
    else if (node.op === "elementwise") {
      const operands = node.inputs.map((input) => scalars.get(input)!);
      scalars.set(node, emitOperation(v, node, operands));
    } else throw new Error(`the wasm engine has no scalar code for ${node.op} in the body of a map`);
  }
  for (const node of unitNodes)
    if (node.op === "project" && node.inputs[0] === map)
      nodeValues.set(
        node,
        map.body.results[node.index]!.map((scalar) => scalars.get(scalar)!),
      );
}

/** Adds the tile kernel of a unit: `(addresses of the sources, addresses of the results)`. */
export function addTileKernel(
  module: ModuleBuilder,
  unit: FusedUnit,
  shape: KernelShape,
  name: string | null = null,
): FunctionIndex {
  const { rowLength, vector, lanes } = shape;
  const { precision, relaxed, wide = false } = vector;
  const code = `${rowLength} ${lanes} ${precision} ${relaxed} ${wide} ${unit.key}`;
  const count = unit.sources.length + unit.results.length;
  const emit = (f: FunctionBuilder): void => {
    const v = new VectorBuilder(f, vector);
    const rowBytes = rowLength * v.laneBytes;
    const pointers = Array.from({ length: count }, (_, i) => f.parameter(i));
    const sourcePointer = (i: number): Local => pointers[i]!;
    const resultPointer = (i: number): Local => pointers[unit.sources.length + i]!;
    const lane = f.local("i32");
    const computed = computedBytes(f, shape);
    /** Ways from the end of what is computed of a row to that of the row, and so many bytes further: to the next feature. */
    const ways = new Map<number, Local>();
    const skip = (pointer: Local, bytes: number): void => {
      const way = ways.get(bytes);
      if (way) f.get(pointer).get(way).op("i32.add").set(pointer);
      else f.increment(pointer, bytes);
    };
    const wayOf = (kind: string, width: number): number => (kind === "repeated" ? -1 : width - 1) * rowBytes;
    const distances = [
      -rowBytes,
      ...unit.sources.map(({ kind, width }) => wayOf(kind, width)),
      ...unit.results.map(({ width }) => wayOf("rows", width)),
    ];
    for (const bytes of typeof computed === "number" ? [] : new Set(distances)) {
      const way = f.local("i32");
      ways.set(bytes, way);
      f.i32(bytes + rowBytes).get(computed as Local);
      f.op("i32.sub").set(way);
    }
    const zero = v.constant(0);
    unit.results.forEach((result, i) => {
      if (!result.isSum) return;
      f.forRange(lane, 0, computed, 16, () => {
        v.store(resultPointer(i), 0, zero);
        f.increment(resultPointer(i), 16);
      });
      skip(resultPointer(i), -rowBytes);
    });
    // Where the runtime joins adjacent vectors, two of them are in each round, and their stores side by side.
    const group = vector.wide && (rowLength / v.lanes) % 2 === 0 ? 2 : 1;
    f.repeat(unit.features, () => {
      f.forRange(lane, 0, computed, 16 * group, () => {
        const loaded = new Map<string, LaneValue>();
        const loadAt = (source: number, column: number, member: number): LaneValue => {
          const { kind } = unit.sources[source]!;
          const isRow = kind === "rows" || kind === "repeated";
          const name = `${source},${column},${isRow ? member : 0}`;
          let value = loaded.get(name);
          if (!value) {
            value = isRow
              ? v.load(sourcePointer(source), column * rowBytes + 16 * member)
              : v.loadSplat(sourcePointer(source), column * v.laneBytes);
            loaded.set(name, value);
          }
          return value;
        };
        const resultsByMember = Array.from({ length: group }, (_, member) =>
          unit.emit(v, (source, column) => loadAt(source, column, member)),
        );
        unit.results.forEach(({ isSum, width }, i) => {
          const pointer = resultPointer(i);
          for (let column = 0; column < width; column++) {
            const values = resultsByMember.map((memberResults, member) => {
              const value = asVector(v, memberResults[i]![column]!);
              return isSum ? v.add(v.load(pointer, 16 * member), value) : value;
            });
            for (const [member, value] of values.entries())
              v.store(pointer, column * rowBytes + 16 * member, value);
          }
          f.increment(pointer, 16 * group);
        });
        unit.sources.forEach(({ kind }, i) => {
          if (kind === "rows" || kind === "repeated") f.increment(sourcePointer(i), 16 * group);
        });
      });
      unit.sources.forEach(({ kind, width }, i) => {
        if (kind === "rows" || kind === "repeated") skip(sourcePointer(i), wayOf(kind, width));
        else if (kind === "shared") f.increment(sourcePointer(i), width * v.laneBytes);
      });
      unit.results.forEach(({ isSum, width }, i) => {
        skip(resultPointer(i), wayOf(isSum ? "repeated" : "rows", width));
      });
    });
  };
  return module.addFunction(name, new Array(count).fill("i32"), [], emit, code);
}

/**
 * Adds the kernel of a unit of shared values, whose elements are the lanes: `(start, end, addresses)` in vectors.
 * Maps are not among them; see {@link addSharedMapKernel}.
 */
export function addSharedKernel(
  module: ModuleBuilder,
  unit: FusedUnit,
  vector: VectorOptions,
): FunctionIndex {
  const count = unit.sources.length + unit.results.length;
  return module.addFunction(null, new Array(count + 2).fill("i32"), [], (f) => {
    const v = new VectorBuilder(f, vector);
    const [start, end] = [f.parameter(0), f.parameter(1)];
    const pointers = Array.from({ length: count }, (_, i) => f.parameter(i + 2));
    const moves = (i: number): boolean => i >= unit.sources.length || unit.sources[i]!.kind !== "single";
    const skip = f.local("i32");
    f.get(start).i32(16).op("i32.mul").set(skip);
    pointers.forEach((pointer, i) => {
      if (moves(i)) f.get(pointer).get(skip).op("i32.add").set(pointer);
    });
    f.forPointer(start, end, 1, () => {
      const loaded = new Map<number, LaneValue>();
      const load = (source: number): LaneValue => {
        let value = loaded.get(source);
        if (!value)
          loaded.set(
            source,
            (value = moves(source) ? v.load(pointers[source]!) : v.loadSplat(pointers[source]!)),
          );
        return value;
      };
      const values = unit.emit(v, load);
      unit.results.forEach((_, i) =>
        v.store(pointers[unit.sources.length + i]!, 0, asVector(v, values[i]![0]!)),
      );
      pointers.forEach((pointer, i) => {
        if (moves(i)) f.increment(pointer, 16);
      });
    });
  });
}

/** Adds the kernel of a map of shared values: one feature at a time, the same number in every lane. */
export function addSharedMapKernel(
  module: ModuleBuilder,
  unit: FusedUnit,
  vector: VectorOptions,
): FunctionIndex {
  const count = unit.sources.length + unit.results.length;
  return module.addFunction(null, new Array(count).fill("i32"), [], (f) => {
    const v = new VectorBuilder(f, vector);
    const pointers = Array.from({ length: count }, (_, i) => f.parameter(i));
    f.repeat(unit.features, () => {
      const values = unit.emit(v, (source, column) => v.loadSplat(pointers[source]!, column * v.laneBytes));
      unit.results.forEach(({ width }, i) => {
        const pointer = pointers[unit.sources.length + i]!;
        values[i]!.forEach((value, column) => {
          const scalar = f.local(v.precision === "float32" ? "f32" : "f64");
          f.get(asVector(v, value).local).lane(
            v.precision === "float32" ? "f32x4.extract_lane" : "f64x2.extract_lane",
            0,
          );
          f.set(scalar).store(
            v.precision === "float32" ? "f32.store" : "f64.store",
            pointer,
            column * v.laneBytes,
            scalar,
          );
        });
        f.increment(pointer, width * v.laneBytes);
      });
      unit.sources.forEach(({ kind, width }, i) => {
        if (kind !== "single") f.increment(pointers[i]!, width * v.laneBytes);
      });
    });
  });
}
