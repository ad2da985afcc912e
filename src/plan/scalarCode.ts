/**
 * The scalar program of a fused kernel, as data: what happens to one feature, in registers.
 *
 * @module
 */

import type { ElementwiseName } from "../graph/ops/elementwise.ts";

/**
 * An operand that comes from memory. `rows`: `width` lines per feature; `repeated`: one line for all features; `shared`: `width`
 * numbers per feature; `single`: one number for all.
 */
export interface ScalarSource {
  readonly kind: "rows" | "repeated" | "shared" | "single";
  readonly width: number;
}

/** What is computed into the register of its place in the code: a number of a source, a constant, or an operation on registers. */
export type Instruction =
  | { readonly op: "source"; readonly source: number; readonly column: number }
  | { readonly op: "number"; readonly value: number }
  | {
      readonly op: ElementwiseName;
      readonly operands: readonly number[];
      /** Of an exponential: the largest magnitude that its operand can have; infinity where none is known, or for another operation. */
      readonly bound: number;
    };

/** A result that goes to memory: registers of a feature, or, where `isSum`, one that is summed over the features. */
export interface ScalarResult {
  readonly isSum: boolean;
  readonly registers: readonly number[];
}

/** A scalar program; see the file's head. */
export interface ScalarCode {
  readonly sources: readonly ScalarSource[];
  readonly instructions: readonly Instruction[];
  readonly results: readonly ScalarResult[];
  /** Equal for equal programs. */
  readonly text: string;
  /** In one plan, equal for equal programs. */
  readonly number: number;
}

/** Writes a scalar program, each number and each source once. */
export class ScalarWriter {
  readonly #sources: ScalarSource[] = [];
  readonly #instructions: Instruction[] = [];
  readonly #results: ScalarResult[] = [];
  readonly #loads: number[][] = [];
  readonly #numbers = new Map<string, number>();
  #text = "";

  #add(instruction: Instruction): number {
    return this.#instructions.push(instruction) - 1;
  }

  /** Adds a source; returns its place. */
  source(kind: ScalarSource["kind"], width: number): number {
    this.#text += `s${kind}${width};`;
    this.#loads.push([]);
    return this.#sources.push({ kind, width }) - 1;
  }

  /** The register that holds a number of a source. */
  load(source: number, column: number): number {
    const loads = this.#loads[source]!;
    if (loads[column] === undefined) {
      loads[column] = this.#add({ op: "source", source, column });
      this.#text += `x${source}.${column};`;
    }
    return loads[column];
  }

  /** The register that holds a constant. */
  number(value: number): number {
    const key = Object.is(value, -0) ? "-0" : `${value}`;
    let register = this.#numbers.get(key);
    if (register === undefined) {
      register = this.#add({ op: "number", value });
      this.#numbers.set(key, register);
      this.#text += `${key};`;
    }
    return register;
  }

  /** The register that holds the outcome of an operation. */
  operation(
    name: ElementwiseName,
    operands: readonly number[],
    bound: number = Number.POSITIVE_INFINITY,
  ): number {
    let text = `${name}`;
    if (bound !== Number.POSITIVE_INFINITY) text += bound;
    for (let i = 0; i < operands.length; i++) text += ` ${operands[i]}`;
    this.#text += `${text};`;
    return this.#add({ op: name, operands, bound });
  }

  /** Adds a result. */
  result(registers: readonly number[], isSum: boolean): void {
    this.#text += `${isSum ? "total" : "r"}${registers};`;
    this.#results.push({ isSum, registers });
  }

  /**
   * The program.
   * @param numberOf - Gives programs their numbers, by their text.
   */
  finish(numberOf: (text: string) => number): ScalarCode {
    return {
      number: numberOf(this.#text),
      sources: this.#sources,
      instructions: this.#instructions,
      results: this.#results,
      text: this.#text,
    };
  }
}
