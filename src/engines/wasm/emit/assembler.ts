/**
 * A small assembler for WebAssembly modules with SIMD, that works at run time and in the browser.
 *
 * {@link ModuleBuilder} collects functions; {@link FunctionBuilder} writes the body of one. Memory is always imported
 * as `env.memory`.
 *
 * @module
 */

import { ByteWriter } from "./binary.ts";
import { FunctionBuilder, type FunctionIndex, type GlobalIndex, type Local } from "./function.ts";
import { typeCodes, type ValueType } from "./opcodes.ts";

export { FunctionBuilder, type FunctionIndex, type GlobalIndex, type Label, type Local } from "./function.ts";
export type {
  LaneOperation,
  LaneType,
  LoadOperation,
  PlainOperation,
  StoreOperation,
  ValueType,
} from "./opcodes.ts";

/** What a module expects of its memory. */
export interface ModuleOptions {
  /** Whether `env.memory` is shared between threads. */
  readonly sharedMemory: boolean;
  /** In pages of 64 KiB; the imported memory must declare a maximum that is no larger. */
  readonly maximumPages: number;
}

/** Bodies by what they are the code of, the last used at the end: programs of one kind of flow have most of them in common. */
const bodies = new Map<string, Uint8Array>();
/** Characters and bytes that they may have together. */
const maximumSize = 2 ** 22;
let totalSize = 0;

function sameBody(code: string, write: () => Uint8Array): Uint8Array {
  const sizeOf = (key: string, body: Uint8Array): number => key.length + body.length;
  const known = bodies.get(code);
  const body = known ?? write().slice();
  if (known) bodies.delete(code);
  else totalSize += sizeOf(code, body);
  bodies.set(code, body);
  for (const [key, oldest] of bodies) {
    if (totalSize <= maximumSize) break;
    bodies.delete(key);
    totalSize -= sizeOf(key, oldest);
  }
  return body;
}

/** Writes a section: its number, and what is in it. */
export type SectionWriter = (id: number, emit: (content: ByteWriter) => void) => void;

/** What a module has instead of an import, if its memory is its own: exported as `memory`, and filled when it is made. */
export interface OwnMemory {
  /** Pages of 64 KiB at first. */
  readonly pages: number;
  /** Writes the sections behind the code. */
  readonly finish: (section: SectionWriter) => void;
}

/** Collects functions and writes a module that imports `env.memory`, or has one of its own. */
export class ModuleBuilder {
  readonly #options: ModuleOptions;
  readonly #types = new Map<string, { index: number; bytes: Uint8Array }>();
  readonly #functions: { name: string | null; type: number; body: Uint8Array }[] = [];
  readonly #labels = new Map<FunctionIndex, string>();
  #globals = 0;

  constructor(options: ModuleOptions) {
    this.#options = options;
  }

  /**
   * Adds a function, exported if it has a name, and returns its number. `emit` writes the body at once; it may call
   * functions that were added before.
   *
   * @param code - Says all that `emit` writes, where that is known and calls nothing: a body that any module had lately is not
   *   written again.
   */
  addFunction(
    name: string | null,
    parameters: readonly ValueType[],
    results: readonly ValueType[],
    emit: (f: FunctionBuilder) => void,
    code?: string,
  ): FunctionIndex {
    const { sharedMemory } = this.#options;
    const write = (): Uint8Array => {
      const f = new FunctionBuilder(parameters, sharedMemory);
      emit(f);
      return f.encode();
    };
    const body =
      code === undefined ? write() : sameBody(`${sharedMemory} ${parameters}>${results} ${code}`, write);
    this.#functions.push({ name, type: this.#typeIndex(parameters, results), body });
    return this.#functions.length - 1;
  }

  /** Adds a global, which is 0 at first, and returns its number. */
  addGlobal(): GlobalIndex {
    return this.#globals++;
  }

  /** Says what a function is, for profilers and debuggers. */
  label(index: FunctionIndex, text: string): void {
    this.#labels.set(index, text);
  }

  #typeIndex(parameters: readonly ValueType[], results: readonly ValueType[]): number {
    const key = `${parameters.join()}>${results.join()}`;
    let type = this.#types.get(key);
    if (type === undefined) {
      const out = new ByteWriter();
      out.byte(0x60);
      for (const list of [parameters, results]) out.sized(Uint8Array.from(list, (item) => typeCodes[item]));
      type = { index: this.#types.size, bytes: out.written };
      this.#types.set(key, type);
    }
    return type.index;
  }

  /** The module, for `WebAssembly.compile`. */
  finish(own?: OwnMemory): Uint8Array<ArrayBuffer> {
    const out = new ByteWriter();
    const section: SectionWriter = (id, emit) => {
      const content = new ByteWriter();
      emit(content);
      out.byte(id);
      out.sized(content.written);
    };
    out.bytes([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
    section(1, (content) => {
      content.unsigned(this.#types.size);
      for (const { bytes } of this.#types.values()) content.bytes(bytes);
    });
    if (!own)
      section(2, (content) => {
        content.unsigned(1);
        content.text("env");
        content.text("memory");
        content.byte(0x02);
        content.byte(this.#options.sharedMemory ? 0x03 : 0x01);
        content.unsigned(0);
        content.unsigned(this.#options.maximumPages);
      });
    section(3, (content) => {
      content.unsigned(this.#functions.length);
      for (const { type } of this.#functions) content.unsigned(type);
    });
    if (own)
      section(5, (content) => {
        content.unsigned(1);
        content.byte(0x00);
        content.unsigned(own.pages);
      });
    if (this.#globals > 0)
      section(6, (content) => {
        content.unsigned(this.#globals);
        // An i32 that may be set; 0, and the end of the expression.
        for (let i = 0; i < this.#globals; i++) content.bytes([typeCodes.i32, 0x01, 0x41, 0x00, 0x0b]);
      });
    section(7, (content) => {
      const exported = [...this.#functions.entries()].filter(([, { name }]) => name !== null);
      content.unsigned(exported.length + (own ? 1 : 0));
      for (const [index, { name }] of exported) {
        content.text(name!);
        content.byte(0x00);
        content.unsigned(index);
      }
      if (own) {
        content.text("memory");
        content.byte(0x02);
        content.unsigned(0);
      }
    });
    section(10, (content) => {
      content.unsigned(this.#functions.length);
      for (const { body } of this.#functions) content.sized(body);
    });
    own?.finish(section);
    // A module that stands alone is to be small.
    if (own) return Uint8Array.from(out.written);
    section(0, (content) => {
      content.text("name");
      const names = new ByteWriter();
      const labels = [...this.#labels].sort(([a], [b]) => a - b);
      names.unsigned(labels.length);
      for (const [index, text] of labels) {
        names.unsigned(index);
        names.text(text);
      }
      content.byte(1);
      content.sized(names.written);
    });
    return Uint8Array.from(out.written);
  }
}

/** A list of so many locals. */
type Locals<Count extends number, List extends readonly Local[] = []> = List["length"] extends Count
  ? List
  : Locals<Count, [...List, Local]>;

/** The first parameters of a function. */
export function parametersOf<Count extends number>(f: FunctionBuilder, count: Count): Locals<Count> {
  return Array.from({ length: count }, (_, place) => f.parameter(place)) as readonly Local[] as Locals<Count>;
}
