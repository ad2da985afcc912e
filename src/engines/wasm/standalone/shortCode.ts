/**
 * Code of functions in fewer bytes: a value that a local would hold stays on the stack up to where it is first read, locals that are not needed at
 * the same time are one, and vectors of one number are written by the number. What is computed is the same to the last bit.
 *
 * Kernels are written value by value, each in a local of its own. Compilers do not mind; files do.
 *
 * @module
 */

import type { FunctionIndex, ValueType } from "../emit/assembler.ts";
import { ByteWriter } from "../emit/binary.ts";
import { typeCodes } from "../emit/opcodes.ts";
import {
  type Body,
  bodyOf,
  type FunctionType,
  Reader,
  type Statement,
  type Tree,
  valueTypes,
} from "./instructions.ts";

/** Numbers of sections. */
const sections = { types: 1, functions: 3, tables: 4, memories: 5, start: 8, elements: 9, code: 10 };

/** What a module has beside its functions, by their numbers. */
export interface ModuleParts {
  /** That which is called when an instance is made, if any. */
  readonly start?: FunctionIndex | undefined;
  /** Those that are called by their places. */
  readonly table?: readonly FunctionIndex[] | undefined;
  /** Functions in whose stead that of the table is called whose place is their last argument, with the others. */
  readonly callers?: readonly FunctionIndex[] | undefined;
}

/** The bytes of a module, which imports no functions, with all code shorter, and with these parts, which it has not. */
export function shortModule(
  bytes: Uint8Array,
  { start, table = [], callers = [] }: ModuleParts = {},
): Uint8Array<ArrayBuffer> {
  const reader = new Reader(bytes);
  reader.at = 8;
  const out = new ByteWriter();
  out.bytes(bytes.subarray(0, 8));
  const listOf = <Item>(item: () => Item): Item[] => Array.from({ length: reader.unsigned() }, item);
  const section = (id: number, head: readonly number[], numbers: readonly number[]): void => {
    const content = new ByteWriter();
    content.bytes(head);
    for (const number of numbers) content.unsigned(number);
    out.byte(id);
    out.sized(content.written);
  };
  let types: readonly FunctionType[] = [];
  let functions: readonly FunctionType[] = [];
  /** A call by place: its type, and the number of the table. */
  const callOf = (index: FunctionIndex): Uint8Array | undefined => {
    if (!callers.includes(index)) return undefined;
    const { parameters } = functions[index]!;
    const content = new ByteWriter();
    content.byte(0x11);
    content.unsigned(
      types.findIndex((type) => `${type.parameters}>${type.results}` === `${parameters.slice(1)}>`),
    );
    content.byte(0);
    return content.written;
  };
  while (reader.at < bytes.length) {
    const id = reader.byte();
    const size = reader.unsigned();
    const [first, end] = [reader.at, reader.at + size];
    const valueList = (): ValueType[] => listOf(() => valueTypes.get(reader.byte())!);
    if (id === sections.types)
      types = listOf(() => {
        reader.byte();
        return { parameters: valueList(), results: valueList() };
      });
    if (id === sections.functions) functions = listOf(() => types[reader.unsigned()]!);
    if (id === sections.memories && table.length > 0)
      // One table of functions, that long from the first.
      section(sections.tables, [1, 0x70, 0x00], [table.length]);
    if (id === sections.code) {
      if (start !== undefined) section(sections.start, [], [start]);
      // From place 0 on.
      if (table.length > 0) section(sections.elements, [1, 0x00, 0x41, 0x00, 0x0b], [table.length, ...table]);
    }
    out.byte(id);
    if (id !== sections.code) out.sized(bytes.subarray(first, end));
    else {
      const content = new ByteWriter();
      content.unsigned(reader.unsigned());
      for (const type of functions) {
        const length = reader.unsigned();
        const body = bytes.subarray(reader.at, reader.at + length);
        content.sized(shortBody(body, type, (index) => functions[index]!, callOf));
        reader.at += length;
      }
      out.sized(content.written);
    }
    reader.at = end;
  }
  return Uint8Array.from(out.written);
}

/**
 * The body of a function, shorter; the same where its code is other than that of kernels.
 * @param bytes - Locals and instructions in the binary format.
 * @param typeOf - Types of the functions that it calls.
 * @param callOf - See {@link bodyOf}.
 */
function shortBody(
  bytes: Uint8Array,
  type: FunctionType,
  typeOf: (index: FunctionIndex) => FunctionType,
  callOf: (index: FunctionIndex) => Uint8Array | undefined,
): Uint8Array {
  const body = bodyOf(bytes, type, typeOf, callOf);
  if (!body) return bytes;
  const parameters = type.parameters.length;
  const types = [...body.locals];
  const statements = stretchesOf(apart(body, parameters, types)).flatMap((stretch) =>
    merged(stretch, body.locals.length),
  );
  return written(statements, types, parameters, body.locals.length);
}

/** Statements up to the next beginning or end of a block, which belongs to what is before it: its operand is read there. */
function stretchesOf(statements: readonly Statement[]): Statement[][] {
  const stretches: Statement[][] = [[]];
  for (const statement of statements) {
    stretches.at(-1)!.push(statement);
    if (statement.kind === "control") stretches.push([]);
  }
  return stretches;
}

/** Calls back for each local that is read, in order. */
function eachRead({ local, operands }: Tree, met: (local: number) => void): void {
  for (const operand of operands) eachRead(operand, met);
  if (local !== undefined && operands.length === 0) met(local);
}

/** The tree with other locals. */
function renamed(tree: Tree, nameOf: (local: number) => number): Tree {
  const { local, operands } = tree;
  if (local !== undefined) return { local: nameOf(local), operands: [] };
  return operands.length === 0 ? tree : { ...tree, operands: operands.map((each) => renamed(each, nameOf)) };
}

/**
 * The statements with a new local for each value of those locals that are set before they are read, in one stretch alone; their types are
 * added.
 */
function apart({ statements }: Body, parameters: number, types: ValueType[]): Statement[] {
  /** By local, the stretch that alone has it; -1 where there are several, or where it is read first. */
  const homes = new Map<number, number>();
  const meet = (local: number, stretch: number, isSet: boolean): void => {
    const home = homes.get(local);
    if (home === undefined) homes.set(local, isSet && local >= parameters ? stretch : -1);
    else if (home !== stretch) homes.set(local, -1);
  };
  let stretch = 0;
  for (const statement of statements) {
    eachRead(statement.value, (local) => meet(local, stretch, false));
    if (statement.kind === "set") meet(statement.local, stretch, true);
    if (statement.kind === "control") stretch++;
  }
  const names = new Map<number, number>();
  const nameOf = (local: number): number => names.get(local) ?? local;
  return statements.map((statement): Statement => {
    const value = renamed(statement.value, nameOf);
    if (statement.kind !== "set") return { ...statement, value };
    const { local } = statement;
    if (homes.get(local)! >= 0) names.set(local, types.push(types[local]!) - 1);
    return { kind: "set", local: nameOf(local), value };
  });
}

/** What a statement reads and does, beside what is computed of values alone. */
interface Summary {
  readonly reads: Set<number>;
  /** Locals that are set within it. */
  readonly tees: Set<number>;
  isLoad: boolean;
}

/** The statements of a stretch, where values are computed where they are first read, if nothing in between changes them. */
function merged(statements: readonly Statement[], firstValue: number): Statement[] {
  const counts = new Map<number, number>();
  for (const { value } of statements)
    eachRead(value, (local) => counts.set(local, (counts.get(local) ?? 0) + 1));
  const result: (Statement | undefined)[] = [];
  const summaries: Summary[] = [];
  /** Where values are that were not read so far. */
  const waiting = new Map<number, number>();
  for (const [at, statement] of statements.entries()) {
    const own: Summary = { reads: new Set(), tees: new Set(), isLoad: false };
    const canMove = (from: number): boolean => {
      const { reads, tees, isLoad } = summaries[from]!;
      for (const tee of tees) if (own.reads.has(tee)) return false;
      for (let between = from + 1; between < at; between++) {
        const other = result[between];
        if (!other) continue;
        if (other.kind === "set" ? reads.has(other.local) : isLoad && other.kind === "effect") return false;
        for (const tee of tees) if (summaries[between]!.reads.has(tee)) return false;
      }
      return true;
    };
    const placed = (tree: Tree): Tree => {
      const { local, operands } = tree;
      if (local === undefined) {
        if (tree.isLoad) own.isLoad = true;
        return operands.length === 0 ? tree : { ...tree, operands: operands.map(placed) };
      }
      const from = waiting.get(local);
      if (from !== undefined) {
        waiting.delete(local);
        if (canMove(from)) {
          const { value } = result[from]!;
          const { reads, tees, isLoad } = summaries[from]!;
          result[from] = undefined;
          for (const read of reads) own.reads.add(read);
          for (const tee of tees) own.tees.add(tee);
          own.isLoad ||= isLoad;
          if (counts.get(local) === 1) return value;
          own.tees.add(local);
          return { local, operands: [value] };
        }
      }
      own.reads.add(local);
      return tree;
    };
    const value = placed(statement.value);
    summaries.push(own);
    if (statement.kind === "set" && statement.local >= firstValue) {
      // What nobody reads is not computed.
      if (!counts.has(statement.local)) {
        result.push(own.tees.size > 0 ? { ...statement, value } : undefined);
        continue;
      }
      waiting.set(statement.local, at);
    }
    result.push({ ...statement, value });
  }
  return result.filter((statement) => statement !== undefined);
}

/** The bytes of a body. Locals from `firstValue` on may be those of others that are not read any more. */
function written(
  statements: readonly Statement[],
  types: readonly ValueType[],
  parameters: number,
  firstValue: number,
): Uint8Array {
  const names = namesOf(statements, types, parameters, firstValue);
  const hasLoop = statements.some(({ kind, value }) => kind === "control" && value.bytes![0] === 0x03);
  const out = new ByteWriter();
  out.unsigned(names.runs.length);
  for (const [type, count] of names.runs) {
    out.unsigned(count);
    out.byte(typeCodes[type]);
  }
  const numbered = (code: number, local: number): void => {
    out.byte(code);
    out.unsigned(names.of.get(local)!);
  };
  const write = ({ local, operands, bytes }: Tree): void => {
    for (const operand of operands) write(operand);
    if (local === undefined) out.bytes(shortConstant(bytes!, hasLoop));
    else numbered(operands.length > 0 ? 0x22 : 0x20, local);
  };
  for (const statement of statements) {
    write(statement.value);
    if (statement.kind === "set") numbered(0x21, statement.local);
  }
  out.byte(0x0b);
  return out.written;
}

/** The numbers of locals: those that are read in one stretch alone share them. */
function namesOf(
  statements: readonly Statement[],
  types: readonly ValueType[],
  parameters: number,
  firstValue: number,
): { readonly of: ReadonlyMap<number, number>; readonly runs: readonly (readonly [ValueType, number])[] } {
  const left = new Map<number, number>();
  const each = (tree: Tree, met: (local: number, isSet: boolean) => void): void => {
    for (const operand of tree.operands) each(operand, met);
    if (tree.local !== undefined) met(tree.local, tree.operands.length > 0);
  };
  const all = (met: (local: number, isSet: boolean) => void): void => {
    for (const statement of statements) {
      each(statement.value, met);
      if (statement.kind === "set") met(statement.local, true);
    }
  };
  all((local, isSet) => left.set(local, (left.get(local) ?? 0) + (isSet ? 0 : 1)));
  /** Places by type: how many there are, and those that are free. */
  const places = new Map<ValueType, { count: number; readonly free: number[] }>();
  const placeOf = new Map<number, number>();
  const ofType = (type: ValueType): { count: number; readonly free: number[] } => {
    const own = places.get(type) ?? { count: 0, free: [] };
    places.set(type, own);
    return own;
  };
  for (const local of left.keys())
    if (local >= parameters && local < firstValue) placeOf.set(local, ofType(types[local]!).count++);
  all((local, isSet) => {
    if (local < firstValue) return;
    const own = ofType(types[local]!);
    if (isSet) placeOf.set(local, own.free.pop() ?? own.count++);
    else left.set(local, left.get(local)! - 1);
    // A value that is kept and never read again.
    if (left.get(local) === 0) own.free.push(placeOf.get(local)!);
  });
  const starts = new Map<ValueType, number>();
  let start = parameters;
  const runs = [...places].sort(([, a], [, b]) => a.count - b.count).filter(([, { count }]) => count > 0);
  for (const [type, { count }] of runs) {
    starts.set(type, start);
    start += count;
  }
  const of = new Map(
    Array.from(left.keys(), (local) => [
      local,
      local < parameters ? local : starts.get(types[local]!)! + placeOf.get(local)!,
    ]),
  );
  return { of, runs: runs.map(([type, { count }]) => [type, count]) };
}

/**
 * A constant vector of one number by that number, which is fewer bytes; any other instruction as it is.
 * @param hasLoop - Whether its function has a loop: its constants then stand before it, where a conversion costs nothing.
 */
function shortConstant(bytes: Uint8Array, hasLoop: boolean): Uint8Array {
  if (bytes[0] !== 0xfd || bytes[1] !== 0x0c) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset + 2, 16);
  const [first, second] = [view.getBigUint64(0, true), view.getBigUint64(8, true)];
  if (first !== second) return bytes;
  const candidates: ByteWriter[] = [];
  const add = (write: (out: ByteWriter) => void): void => {
    const out = new ByteWriter();
    write(out);
    candidates.push(out);
  };
  const word = view.getInt32(0, true);
  if (word === view.getInt32(4, true)) {
    add((out) => {
      out.byte(0x41);
      out.signed(word);
      out.bytes([0xfd, 0x11]);
    });
    add((out) => {
      out.byte(0x43);
      out.bytes(bytes.subarray(2, 6));
      out.bytes([0xfd, 0x13]);
    });
  }
  const double = view.getFloat64(0, true);
  add((out) => {
    out.byte(0x44);
    out.bytes(bytes.subarray(2, 10));
    out.bytes([0xfd, 0x14]);
  });
  if (hasLoop && Object.is(Math.fround(double), double) && !Number.isNaN(double))
    add((out) => {
      out.byte(0x43);
      out.float32(double);
      out.bytes([0xbb, 0xfd, 0x14]);
    });
  return candidates.reduce((a, b) => (b.written.length < a.written.length ? b : a)).written;
}
