/**
 * The body of one WebAssembly function, written instruction by instruction under the names of the text format:
 * `f.get(a).get(b).op("f32x4.add").set(c)`. No types are checked: the engine's `WebAssembly.Module` does that.
 *
 * @module
 */

import { refuse } from "../../../options.ts";
import { ByteWriter } from "./binary.ts";
import {
  emptyBlock,
  type LaneOperation,
  type LaneType,
  type LoadOperation,
  laneOperations,
  memoryOperations,
  type PlainOperation,
  plainOperations,
  type StoreOperation,
  typeCodes,
  type ValueType,
} from "./opcodes.ts";

/** Number of a function within its module, for {@link FunctionBuilder.call}. */
export type FunctionIndex = number;

/** Number of a global variable of a module, an i32 that each thread has for itself. */
export type GlobalIndex = number;

/** A parameter or local variable of one function. */
export interface Local {
  readonly index: number;
  readonly type: ValueType;
}

/** The target of a branch: the end of a block, or the start of a loop. */
export interface Label {
  readonly depth: number;
}

/** Writes the body of one function. Every method that emits returns the builder, so that calls chain. */
export class FunctionBuilder {
  /** Whether the memory is shared; atomic instructions are refused where it is not. */
  readonly sharedMemory: boolean;
  readonly #locals: Local[];
  readonly #parameterCount: number;
  readonly #free: Record<ValueType, Local[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] };
  readonly #constants = new Map<string, Local>();
  readonly #prologue = new ByteWriter();
  readonly #body = new ByteWriter();
  #out: ByteWriter = this.#body;
  #depth = 0;

  constructor(parameters: readonly ValueType[], sharedMemory: boolean) {
    this.sharedMemory = sharedMemory;
    this.#locals = parameters.map((type, index) => ({ index, type }));
    this.#parameterCount = parameters.length;
  }

  // ---- locals

  /** The parameter at a place. */
  parameter(place: number): Local {
    const local = place < this.#parameterCount ? this.#locals[place] : undefined;
    if (local === undefined)
      refuse("function", "place", `a place of its ${this.#parameterCount} parameters, counted from 0`, place);
    return local;
  }

  /**
   * A local for the caller to use. It may be one given back by {@link release}, so its first value is undefined:
   * set it before it is read.
   */
  local(type: ValueType): Local {
    return this.#free[type].pop() ?? this.#newLocal(type);
  }

  /** Gives a local back for reuse. The caller must not use it again. */
  release(local: Local): void {
    this.#free[local.type].push(local);
  }

  #newLocal(type: ValueType): Local {
    const local: Local = { index: this.#locals.length, type };
    this.#locals.push(local);
    return local;
  }

  /** An instruction with the number of what it is about. */
  #numbered(code: number, index: number): this {
    this.#out.numbered(code, index);
    return this;
  }

  /** Pushes a local. */
  get(local: Local): this {
    return this.#numbered(0x20, local.index);
  }

  /** Pops into a local. */
  set(local: Local): this {
    return this.#numbered(0x21, local.index);
  }

  /** Stores the top of the stack in a local and keeps it on the stack. */
  tee(local: Local): this {
    return this.#numbered(0x22, local.index);
  }

  /** Pushes a global. */
  getGlobal(index: GlobalIndex): this {
    return this.#numbered(0x23, index);
  }

  /** Pops into a global. */
  setGlobal(index: GlobalIndex): this {
    return this.#numbered(0x24, index);
  }

  // ---- constants

  /** Pushes an i32. Addresses of 2^31 and above may be given as positive numbers. */
  i32(value: number): this {
    this.#out.byte(0x41);
    this.#out.signed(value);
    return this;
  }

  /** Pushes an i64. */
  i64(value: bigint): this {
    this.#out.byte(0x42);
    this.#out.signed64(value);
    return this;
  }

  /** Pushes an f32, rounded from the number. */
  f32(value: number): this {
    this.#out.byte(0x43);
    this.#out.float32(value);
    return this;
  }

  /** Pushes an f64. */
  f64(value: number): this {
    this.#out.byte(0x44);
    this.#out.float64(value);
    return this;
  }

  /** Pushes a vector whose lanes all hold the value. In a loop, prefer {@link hoistedConstant}. */
  vector(type: LaneType, value: number | bigint): this {
    const out = this.#out;
    out.byte(0xfd);
    out.byte(0x0c);
    const lanes = type.endsWith("x4") ? 4 : 2;
    for (let i = 0; i < lanes; i++) {
      if (type === "f32x4") out.float32(Number(value));
      else if (type === "f64x2") out.float64(Number(value));
      else if (type === "i32x4") out.int32(Number(value));
      else out.int64(BigInt(value));
    }
    return this;
  }

  /**
   * A local that holds a vector constant from the function's entry on: one local for each constant, however often
   * it is asked for. V8 rebuilds a `v128.const` at every use inside a loop; this is what avoids it (a spline
   * kernel: 40 ns without, 26 ns with). Never set or release it.
   */
  hoistedConstant(type: LaneType, value: number | bigint): Local {
    const key = `${type} ${Object.is(value, -0) ? "-0" : value}`;
    let local = this.#constants.get(key);
    if (local === undefined) {
      // Never a released local: the body would overwrite what the prologue has set.
      const constantLocal = this.#newLocal("v128");
      this.prologue(() => this.vector(type, value).set(constantLocal));
      this.#constants.set(key, constantLocal);
      local = constantLocal;
    }
    return local;
  }

  /** What `emit` writes goes to the function's entry, before the body, after earlier prologues. */
  prologue(emit: () => void): this {
    const [out, depth] = [this.#out, this.#depth];
    [this.#out, this.#depth] = [this.#prologue, 0];
    emit();
    [this.#out, this.#depth] = [out, depth];
    return this;
  }

  // ---- instructions

  /** An instruction without immediates; its operands are on the stack. */
  op(name: PlainOperation): this {
    this.#code(plainOperations[name]);
    return this;
  }

  /** An instruction without immediates on handles of locals, into a local. */
  computed(name: PlainOperation, operands: readonly { readonly local: Local }[], result: Local): void {
    const out = this.#out;
    for (let i = 0; i < operands.length; i++) out.numbered(0x20, operands[i]!.local.index);
    this.#code(plainOperations[name]);
    out.numbered(0x21, result.index);
  }

  /** An instruction on one lane. */
  lane(name: LaneOperation, lane: number): this {
    this.#code(laneOperations[name]);
    this.#out.byte(lane);
    return this;
  }

  /** Shuffles the 16 bytes of two vectors on the stack; indices from 16 on take the second. */
  shuffle(indices: readonly number[]): this {
    if (indices.length !== 16) refuse("shuffle", "indices", "16 byte indices", indices);
    this.#code(0xfd000d);
    this.#out.bytes(indices);
    return this;
  }

  /**
   * Pushes what is at `pointer + offset` (bytes; unsigned; a sum beyond 2^32 traps). Alignment is not needed.
   */
  load(name: LoadOperation, pointer: Local, offset = 0): this {
    return this.get(pointer).memory(name, offset);
  }

  /** Stores a local at `pointer + offset`. */
  store(name: StoreOperation, pointer: Local, offset: number, value: Local): this {
    return this.get(pointer).get(value).memory(name, offset);
  }

  /** A memory instruction whose operands, the address first, are on the stack already. */
  memory(name: LoadOperation | StoreOperation, offset = 0): this {
    const [code, alignment] = memoryOperations[name];
    if (offset < 0 || offset > 0xffffffff || !Number.isInteger(offset))
      refuse(name, "offset", "an integer from 0 to 2^32 - 1", offset);
    if (code >>> 16 === 0xfe) this.#checkShared(name);
    this.#code(code);
    this.#out.byte(alignment);
    this.#out.unsigned(offset);
    return this;
  }

  /** `memory.fill`: pops count, byte value and destination (pushed in the order destination, value, count). */
  memoryFill(): this {
    this.#code(0xfc000b);
    this.#out.byte(0);
    return this;
  }

  /** `memory.copy`: pops count, source and destination (pushed in the order destination, source, count). */
  memoryCopy(): this {
    this.#code(0xfc000a);
    this.#out.byte(0);
    this.#out.byte(0);
    return this;
  }

  /** `atomic.fence`. */
  fence(): this {
    this.#checkShared("atomic.fence");
    this.#code(0xfe0003);
    this.#out.byte(0);
    return this;
  }

  /** Calls a function of the same module; arguments are on the stack. */
  call(index: FunctionIndex): this {
    return this.#numbered(0x10, index);
  }

  #code(code: number): void {
    if (code <= 0xff) this.#out.byte(code);
    else this.#out.numbered(code >>> 16, code & 0xffff);
  }

  #checkShared(name: string): void {
    if (!this.sharedMemory) refuse(name, "sharedMemory", "true", false);
  }

  // ---- control

  /** A block; a branch to its label leaves it. */
  block(emit: (end: Label) => void): this {
    return this.#nested(0x02, emptyBlock, emit);
  }

  /** A loop; a branch to its label starts the next round, and falling off its end leaves it. */
  loop(emit: (start: Label) => void): this {
    return this.#nested(0x03, emptyBlock, emit);
  }

  /** Pops an i32 and takes one of two ways; with a result type, both leave a value on the stack. */
  ifElse(then: () => void, otherwise?: () => void, result?: ValueType): this {
    return this.#nested(0x04, result === undefined ? emptyBlock : typeCodes[result], () => {
      then();
      if (otherwise === undefined) return;
      this.#out.byte(0x05);
      otherwise();
    });
  }

  #nested(code: number, type: number, emit: (label: Label) => void): this {
    this.#out.byte(code);
    this.#out.byte(type);
    emit({ depth: ++this.#depth });
    this.#depth--;
    this.#out.byte(0x0b);
    return this;
  }

  /** Goes to a label. */
  branch(label: Label): this {
    return this.#numbered(0x0c, this.#depth - label.depth);
  }

  /** Pops an i32 and goes to a label if it is not 0. */
  branchIf(label: Label): this {
    return this.#numbered(0x0d, this.#depth - label.depth);
  }

  /** Pushes a number or a local. */
  #operand(value: number | Local): this {
    return typeof value === "number" ? this.i32(value) : this.get(value);
  }

  /**
   * `for (counter = start; counter < end; counter += step) body`, unsigned, so that it serves for counts and for
   * addresses. `end` is read in every round; `step` is a positive constant, and `end + step` must stay below 2^32.
   */
  forRange(counter: Local, start: number | Local, end: number | Local, step: number, body: () => void): this {
    this.#operand(start).set(counter);
    const isConstant = typeof start === "number" && typeof end === "number";
    if (isConstant && start >>> 0 >= end >>> 0) return this;
    const rounds = (): void => {
      this.loop((loopStart) => {
        body();
        this.increment(counter, step).get(counter).#operand(end).op("i32.lt_u").branchIf(loopStart);
      });
    };
    if (isConstant) rounds();
    else this.get(counter).#operand(end).op("i32.lt_u").ifElse(rounds);
    return this;
  }

  /**
   * Runs the body, then adds `step` bytes to the pointer, until it equals `end`; no round if it does so at the start.
   * The way from the pointer to `end` must be a multiple of the step.
   */
  forPointer(pointer: Local, end: Local, step: number, body: () => void): this {
    return this.get(pointer)
      .get(end)
      .op("i32.ne")
      .ifElse(() => {
        this.loop((loopStart) => {
          body();
          this.increment(pointer, step).get(pointer).get(end).op("i32.ne").branchIf(loopStart);
        });
      });
  }

  /** Runs the body a number of times, with no counter that it could see. */
  repeat(count: number | Local, body: () => void): this {
    if (count === 1) body();
    if (typeof count === "number" && count <= 1) return this;
    const counter = this.local("i32");
    this.forRange(counter, 0, count, 1, body);
    this.release(counter);
    return this;
  }

  /** Adds a constant, of either sign, to an i32 local. */
  increment(local: Local, amount: number): this {
    return amount === 0 ? this : this.get(local).i32(amount).op("i32.add").set(local);
  }

  /** The body in the binary format: declared locals, prologue, instructions, end. For {@link ModuleBuilder}. */
  encode(): Uint8Array {
    const out = new ByteWriter();
    const runs: { type: ValueType; count: number }[] = [];
    for (let i = this.#parameterCount; i < this.#locals.length; i++) {
      const { type } = this.#locals[i]!;
      const last = runs.at(-1);
      if (last?.type === type) last.count++;
      else runs.push({ type, count: 1 });
    }
    out.unsigned(runs.length);
    for (const { type, count } of runs) {
      out.unsigned(count);
      out.byte(typeCodes[type]);
    }
    out.bytes(this.#prologue.written);
    out.bytes(this.#body.written);
    out.byte(0x0b);
    return out.written;
  }
}
