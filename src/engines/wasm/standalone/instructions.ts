/**
 * Code of functions as trees: what computes a value, and what is done with it.
 *
 * @module
 */

import type { FunctionIndex, ValueType } from "../emit/assembler.ts";
import { laneOperations, plainOperations, typeCodes } from "../emit/opcodes.ts";

/** What a function takes and gives. */
export interface FunctionType {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** A value that is computed: an instruction behind those of its operands. */
export interface Tree {
  /** What a local holds, which is set to `operands[0]` first where there is one. */
  readonly local?: number;
  /** The instruction of any other. */
  readonly bytes?: Uint8Array;
  readonly operands: readonly Tree[];
  /** Whether it reads memory. */
  readonly isLoad?: boolean;
}

/** What is done, one after another. */
export type Statement =
  /** A local is set. */
  | { readonly kind: "set"; readonly local: number; readonly value: Tree }
  /** Something is written to memory, or done by another function. */
  | { readonly kind: "effect"; readonly value: Tree }
  /** A value stays on the stack: it is what the function gives. */
  | { readonly kind: "result"; readonly value: Tree }
  /** A block begins or ends, or is left; behind it is another stretch. */
  | { readonly kind: "control"; readonly value: Tree };

/** The body of a function. */
export interface Body {
  /** Types of its locals, parameters first. */
  readonly locals: readonly ValueType[];
  readonly statements: readonly Statement[];
}

/** Types by their codes. */
export const valueTypes: ReadonlyMap<number, ValueType> = new Map(
  Object.entries(typeCodes).map(([type, code]) => [code, type as ValueType]),
);

/** How many operands an instruction without immediates has, by its code. */
const operandCounts = new Map(
  Object.entries(plainOperations).map(([name, code]) => {
    const isUnary = /\.(eqz|clz|abs|neg|floor|nearest|sqrt|splat|not|any_true|convert|demote|promote)/.test(
      name,
    );
    return [code, isUnary ? 1 : /select$|madd$/.test(name) ? 3 : 2];
  }),
);
const laneOperands = new Map(
  Object.entries(laneOperations).map(([name, code]) => [code, name.includes("replace") ? 2 : 1]),
);

/** Thrown for code that no tree can say. */
class OtherCodeError extends Error {}

/** Reads bytes from the first on. */
export class Reader {
  readonly bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  byte(): number {
    return this.bytes[this.at++]!;
  }

  /** A number; of one with a sign, its bytes are passed. */
  unsigned(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }
}

const codes = {
  end: 0x0b,
  else: 0x05,
  branchIf: 0x0d,
  branch: 0x0c,
  call: 0x10,
  get: 0x20,
  set: 0x21,
  tee: 0x22,
  getGlobal: 0x23,
  setGlobal: 0x24,
} as const;

/**
 * The body of a function as trees, or undefined for one that has what trees cannot say: values on the stack across the ends of blocks, results of
 * calls that do more than compute, memory that grows.
 * @param callOf - The instruction in the place of the call of a function, if it is another.
 */
export function bodyOf(
  bytes: Uint8Array,
  { parameters }: FunctionType,
  typeOf: (index: FunctionIndex) => FunctionType,
  callOf: (index: FunctionIndex) => Uint8Array | undefined,
): Body | undefined {
  try {
    return readBody(new Reader(bytes), parameters, typeOf, callOf);
  } catch (error) {
    if (error instanceof OtherCodeError) return undefined;
    throw error;
  }
}

function readBody(
  reader: Reader,
  parameters: readonly ValueType[],
  typeOf: (index: FunctionIndex) => FunctionType,
  callOf: (index: FunctionIndex) => Uint8Array | undefined,
): Body {
  const locals = [...parameters];
  for (let runs = reader.unsigned(); runs > 0; runs--) {
    const count = reader.unsigned();
    const type = valueTypes.get(reader.byte())!;
    for (let i = 0; i < count; i++) locals.push(type);
  }
  const statements: Statement[] = [];
  const stack: Tree[] = [];
  const pop = (count: number): Tree[] => {
    if (stack.length < count) throw new OtherCodeError();
    return stack.splice(stack.length - count, count);
  };
  const push = (start: number, count: number, isLoad = false): void =>
    void stack.push({ bytes: reader.bytes.slice(start, reader.at), operands: pop(count), isLoad });
  /** Something is done while values wait, which must be the same afterwards. */
  const add = (statement: Statement): void => {
    if (stack.some((tree) => !commutes(tree, statement))) throw new OtherCodeError();
    statements.push(statement);
  };
  const control = (start: number, count: number): void => {
    const operands = pop(count);
    if (stack.length > 0) throw new OtherCodeError();
    statements.push({ kind: "control", value: { bytes: reader.bytes.slice(start, reader.at), operands } });
  };
  while (reader.at < reader.bytes.length) {
    const start = reader.at;
    const code = reader.byte();
    if (code === codes.end && reader.at === reader.bytes.length) {
      for (const value of stack) statements.push({ kind: "result", value });
    } else if (code === codes.end || code === codes.else) control(start, 0);
    else if (code === 0x02 || code === 0x03 || code === 0x04) {
      if (reader.byte() !== 0x40) throw new OtherCodeError();
      control(start, code === 0x04 ? 1 : 0);
    } else if (code === codes.branch || code === codes.branchIf) {
      reader.unsigned();
      control(start, code === codes.branchIf ? 1 : 0);
    } else if (code === codes.call) {
      const index = reader.unsigned();
      const { parameters: taken, results } = typeOf(index);
      const isPure = [...taken, ...results].every((type) => type === "v128");
      if (results.length === 0) {
        const operands = pop(taken.length);
        const own = callOf(index) ?? reader.bytes.slice(start, reader.at);
        add({ kind: "effect", value: { bytes: own, operands } });
      } else if (isPure) push(start, taken.length);
      else throw new OtherCodeError();
    } else if (code === codes.get) stack.push({ local: reader.unsigned(), operands: [] });
    else if (code === codes.set || code === codes.tee) {
      const local = reader.unsigned();
      const [value] = pop(1) as [Tree];
      add({ kind: "set", local, value });
      if (code === codes.tee) stack.push({ local, operands: [] });
    } else if (code === codes.getGlobal) {
      reader.unsigned();
      push(start, 0, true);
    } else if (code === codes.setGlobal) {
      reader.unsigned();
      add({ kind: "effect", value: { bytes: reader.bytes.slice(start, reader.at), operands: pop(1) } });
    } else if (code === 0x41 || code === 0x42) {
      reader.unsigned();
      push(start, 0);
    } else if (code === 0x43 || code === 0x44) {
      reader.at += code === 0x43 ? 4 : 8;
      push(start, 0);
    } else if (code >= 0x28 && code <= 0x3e) {
      reader.unsigned();
      reader.unsigned();
      if (code < 0x36) push(start, 1, true);
      else add({ kind: "effect", value: { bytes: reader.bytes.slice(start, reader.at), operands: pop(2) } });
    } else if (code === 0xfd) {
      const vector = reader.unsigned();
      const whole = 0xfd0000 + vector;
      if (vector <= 11) {
        reader.unsigned();
        reader.unsigned();
        if (vector < 11) push(start, 1, true);
        else
          add({ kind: "effect", value: { bytes: reader.bytes.slice(start, reader.at), operands: pop(2) } });
      } else if (vector === 12 || vector === 13) {
        reader.at += 16;
        push(start, vector === 12 ? 0 : 2);
      } else if (laneOperands.has(whole)) {
        reader.at++;
        push(start, laneOperands.get(whole)!);
      } else if (operandCounts.has(whole)) push(start, operandCounts.get(whole)!);
      else throw new OtherCodeError();
    } else if (operandCounts.has(code) && code > 0x1a) push(start, operandCounts.get(code)!);
    else throw new OtherCodeError();
  }
  return { locals, statements };
}

/** Whether something may be read or done before or after what a tree computes. */
export function commutes(tree: Tree, statement: Statement): boolean {
  if (statement.kind === "control") return false;
  if (statement.kind === "set") return !readsLocal(tree, statement.local);
  return statement.kind === "result" || !readsMemory(tree);
}

const readsLocal = ({ local, operands }: Tree, wanted: number): boolean =>
  local === wanted || operands.some((operand) => readsLocal(operand, wanted));

const readsMemory = ({ isLoad, operands }: Tree): boolean => isLoad === true || operands.some(readsMemory);
