/**
 * The kernel of a scalar program: for each feature and each vector of lanes, all its operations in registers.
 *
 * @module
 */

import type { ScalarCode } from "../../../plan/scalarCode.ts";
import type { FunctionBuilder, FunctionIndex, GlobalIndex, Local, ModuleBuilder } from "./assembler.ts";
import { asVector, emitOperation, type LaneValue } from "./scalarOperations.ts";
import { VectorBuilder, type VectorOptions } from "./vector.ts";

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

/** Emits a scalar program; returns what its registers hold. */
export function emitCode(
  v: VectorBuilder,
  { instructions }: ScalarCode,
  load: (source: number, column: number) => LaneValue,
): LaneValue[] {
  const registers: LaneValue[] = [];
  // By register, the number that is in it, if it is one.
  const numbers: (number | undefined)[] = [];
  // Counted: each instruction is met once, and an iterator would cost more than what is done with it.
  for (let at = 0; at < instructions.length; at++) {
    const instruction = instructions[at]!;
    let number: number | undefined;
    if (instruction.op === "source") registers.push(load(instruction.source, instruction.column));
    else if (instruction.op === "number") {
      number = instruction.value;
      registers.push(v.constant(number));
    } else {
      const values: LaneValue[] = [];
      const constants: (number | undefined)[] = [];
      const { operands } = instruction;
      for (let i = 0; i < operands.length; i++) {
        values.push(registers[operands[i]!]!);
        constants.push(numbers[operands[i]!]);
      }
      registers.push(emitOperation(v, instruction.op, values, constants, instruction.bound));
    }
    numbers.push(number);
  }
  return registers;
}

/** Adds the kernel of a scalar program on the lines of a tile: `(addresses of the sources, addresses of the results)`. */
export function addTileKernel(
  module: ModuleBuilder,
  features: number,
  program: ScalarCode,
  shape: KernelShape,
  name: string | null = null,
): FunctionIndex {
  const { sources, results } = program;
  const { rowLength, vector, lanes } = shape;
  const { precision, relaxed, wide = false } = vector;
  const code = `${rowLength} ${lanes} ${precision} ${relaxed} ${wide} ${features};${program.text}`;
  const count = sources.length + results.length;
  const emit = (f: FunctionBuilder): void => {
    const v = new VectorBuilder(f, vector);
    const rowBytes = rowLength * v.laneBytes;
    const pointers = Array.from({ length: count }, (_, i) => f.parameter(i));
    const sourcePointer = (i: number): Local => pointers[i]!;
    const resultPointer = (i: number): Local => pointers[sources.length + i]!;
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
      ...sources.map(({ kind, width }) => wayOf(kind, width)),
      ...results.map(({ registers }) => wayOf("rows", registers.length)),
    ];
    for (const bytes of typeof computed === "number" ? [] : new Set(distances)) {
      const way = f.local("i32");
      ways.set(bytes, way);
      f.i32(bytes + rowBytes).get(computed as Local);
      f.op("i32.sub").set(way);
    }
    const zero = v.constant(0);
    results.forEach((result, i) => {
      if (!result.isSum) return;
      f.forRange(lane, 0, computed, 16, () => {
        v.store(resultPointer(i), 0, zero);
        f.increment(resultPointer(i), 16);
      });
      skip(resultPointer(i), -rowBytes);
    });
    // Where the runtime joins adjacent vectors, two of them are in each round, and their stores side by side.
    const group = vector.wide && (rowLength / v.lanes) % 2 === 0 ? 2 : 1;
    f.repeat(features, () => {
      f.forRange(lane, 0, computed, 16 * group, () => {
        const loaded = new Map<string, LaneValue>();
        const loadAt = (source: number, column: number, member: number): LaneValue => {
          const { kind } = sources[source]!;
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
        const registersByMember = Array.from({ length: group }, (_, member) =>
          emitCode(v, program, (source, column) => loadAt(source, column, member)),
        );
        results.forEach(({ isSum, registers }, i) => {
          const pointer = resultPointer(i);
          for (const [column, register] of registers.entries()) {
            const values = registersByMember.map((memberRegisters, member) => {
              const value = asVector(v, memberRegisters[register]!);
              return isSum ? v.add(v.load(pointer, 16 * member), value) : value;
            });
            for (const [member, value] of values.entries())
              v.store(pointer, column * rowBytes + 16 * member, value);
          }
          f.increment(pointer, 16 * group);
        });
        sources.forEach(({ kind }, i) => {
          if (kind === "rows" || kind === "repeated") f.increment(sourcePointer(i), 16 * group);
        });
      });
      sources.forEach(({ kind, width }, i) => {
        if (kind === "rows" || kind === "repeated") skip(sourcePointer(i), wayOf(kind, width));
        else if (kind === "shared") f.increment(sourcePointer(i), width * v.laneBytes);
      });
      results.forEach(({ isSum, registers }, i) => {
        skip(resultPointer(i), wayOf(isSum ? "repeated" : "rows", registers.length));
      });
    });
  };
  return module.addFunction(name, new Array(count).fill("i32"), [], emit, vector.calls ? undefined : code);
}

/**
 * Adds the kernel of a scalar program on shared values, whose elements are the lanes: `(start, end, addresses)` in vectors.
 * Those with several numbers a feature are not among them; see {@link addSharedMapKernel}.
 */
export function addSharedKernel(
  module: ModuleBuilder,
  program: ScalarCode,
  vector: VectorOptions,
): FunctionIndex {
  const { sources, results } = program;
  const count = sources.length + results.length;
  return module.addFunction(null, new Array(count + 2).fill("i32"), [], (f) => {
    const v = new VectorBuilder(f, vector);
    const [start, end] = [f.parameter(0), f.parameter(1)];
    const pointers = Array.from({ length: count }, (_, i) => f.parameter(i + 2));
    const moves = (i: number): boolean => i >= sources.length || sources[i]!.kind !== "single";
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
      const values = emitCode(v, program, load);
      results.forEach(({ registers }, i) =>
        v.store(pointers[sources.length + i]!, 0, asVector(v, values[registers[0]!]!)),
      );
      pointers.forEach((pointer, i) => {
        if (moves(i)) f.increment(pointer, 16);
      });
    });
  });
}

/** Adds the kernel of a scalar program on shared values, one feature at a time, with the same number in every lane. */
export function addSharedMapKernel(
  module: ModuleBuilder,
  features: number,
  program: ScalarCode,
  vector: VectorOptions,
): FunctionIndex {
  const { sources, results } = program;
  const count = sources.length + results.length;
  return module.addFunction(null, new Array(count).fill("i32"), [], (f) => {
    const v = new VectorBuilder(f, vector);
    const pointers = Array.from({ length: count }, (_, i) => f.parameter(i));
    f.repeat(features, () => {
      const values = emitCode(v, program, (source, column) =>
        v.loadSplat(pointers[source]!, column * v.laneBytes),
      );
      results.forEach(({ registers }, i) => {
        const pointer = pointers[sources.length + i]!;
        registers.forEach((register, column) => {
          const scalar = f.local(v.precision === "float32" ? "f32" : "f64");
          f.get(asVector(v, values[register]!).local).lane(
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
        f.increment(pointer, registers.length * v.laneBytes);
      });
      sources.forEach(({ kind, width }, i) => {
        if (kind !== "single") f.increment(pointers[i]!, width * v.laneBytes);
      });
    });
  });
}
