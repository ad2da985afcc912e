/**
 * Constructor calls of Python as nested JSON: `{ class: "zuko.flows.NSF", arguments: { features: 5 } }`. Arguments are asked for by
 * name; in the end none may be left that nobody has asked for.
 *
 * @module
 */

import { closestName, listNames } from "../../closestName.ts";
import { UsageError } from "../../errors.ts";
import { describeValue } from "../../options.ts";

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The error for a config that is not understood. */
function notUnderstood(path: string, problem: string, expected: string, received: string): UsageError {
  return new UsageError({ where: "importModel", problem: `${path} ${problem}`, expected, received });
}

/** A tensor in a config: nested lists, as `tensor.tolist()` gives them. */
export interface NestedTensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** One call; see the head of this file. */
export class Call {
  /** Last part of the name of the class: `NSF`. */
  readonly name: string;
  /** The name as it was given. */
  readonly dottedName: string;
  /** Where it stands: `config`, `config.arguments.base`. */
  readonly path: string;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #positions: readonly unknown[];
  readonly #asked = new Set<string>();

  /**
   * @param value - An object of a class and its arguments, or a dotted name alone, which is a call without arguments.
   * @throws UsageError for anything else.
   */
  constructor(value: unknown, path: string) {
    const json = typeof value === "string" ? { class: value } : value;
    if (!isObject(json) || typeof json.class !== "string" || json.class === "")
      throw notUnderstood(
        path,
        `must be a call, { "class": name, "arguments": { ... } }, or the name of a class or function; it is ${describeValue(value)}`,
        "a call or a name",
        describeValue(value),
      );
    const strange = Object.keys(json).find((key) => key !== "class" && key !== "arguments");
    if (strange !== undefined)
      throw notUnderstood(path, `has ${JSON.stringify(strange)}`, "class and arguments alone", strange);
    const own = json.arguments ?? {};
    if (!isObject(own) && !Array.isArray(own))
      throw notUnderstood(
        `${path}.arguments`,
        `must be an object of arguments by name; it is ${describeValue(own)}`,
        "an object",
        describeValue(own),
      );
    this.path = path;
    this.dottedName = json.class;
    this.name = json.class.split(".").at(-1)!;
    this.#values = Array.isArray(own) ? {} : (own as Record<string, unknown>);
    this.#positions = Array.isArray(own) ? own : [];
  }

  /** The first part of the name, where it has several: the library. */
  get library(): string | undefined {
    return this.dottedName.includes(".") ? this.dottedName.split(".")[0] : undefined;
  }

  /** Number of arguments that were given by position. */
  get positions(): number {
    return this.#positions.length;
  }

  /** The same call with the arguments that were given by position under the names of the signature. */
  named(signature: readonly string[]): Call {
    if (this.#positions.length === 0) return this;
    if (this.#positions.length > signature.length)
      throw this.refusal(
        "arguments",
        `at most ${signature.length} by position`,
        String(this.#positions.length),
      );
    const values = Object.fromEntries(this.#positions.map((value, i) => [signature[i]!, value]));
    return new Call({ class: this.dottedName, arguments: values }, this.path);
  }

  /** An argument as it stands; undefined where it was left out, or is None. */
  value(name: string): unknown {
    this.#asked.add(name);
    const value = Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
    return value === null ? undefined : value;
  }

  /** A whole number from `least` on. */
  integer(name: string, usual?: number, least = 0): number {
    return this.#checked(name, usual, `a whole number from ${least} on`, (value) =>
      Number.isSafeInteger(value) && (value as number) >= least ? (value as number) : undefined,
    );
  }

  /** A finite number. */
  number(name: string, usual?: number): number {
    return this.#checked(name, usual, "a number", (value) =>
      typeof value === "number" && Number.isFinite(value) ? value : undefined,
    );
  }

  /** True or false; 1 and 0 are taken for them. */
  flag(name: string, usual?: boolean): boolean {
    return this.#checked(name, usual, "true or false", (value) =>
      typeof value === "boolean" ? value : value === 1 || value === 0 ? value === 1 : undefined,
    );
  }

  /** One of some words. */
  word<Word extends string>(name: string, words: readonly Word[], usual?: Word): Word {
    return this.#checked(name, usual, `one of ${words.join(", ")}`, (value) =>
      words.includes(value as Word) ? (value as Word) : undefined,
    );
  }

  /** A list of whole numbers. */
  integers(name: string, usual?: readonly number[]): readonly number[] {
    return this.#checked(name, usual, "a list of whole numbers", (value) =>
      Array.isArray(value) && value.every((each) => Number.isSafeInteger(each)) ? value : undefined,
    );
  }

  /** A tensor; undefined where it was left out. */
  tensor(name: string): NestedTensor | undefined {
    const value = this.value(name);
    return value === undefined
      ? undefined
      : this.#checked(name, undefined, "a tensor, as nested lists of numbers of one length", nestedTensor);
  }

  /** A call, or the name of a class or function; undefined where it was left out. */
  call(name: string): Call | undefined {
    const value = this.value(name);
    return value === undefined ? undefined : new Call(value, `${this.path}.arguments.${name}`);
  }

  /** A list of calls. */
  calls(name: string): readonly Call[] {
    const list = this.#checked(name, undefined, "a list of calls", (value) =>
      Array.isArray(value) ? (value as unknown[]) : undefined,
    );
    return list.map((value, i) => new Call(value, `${this.path}.arguments.${name}[${i}]`));
  }

  /** Whether an argument was given. */
  has(name: string): boolean {
    return this.value(name) !== undefined;
  }

  /** Whether an argument was given as None. */
  isNone(name: string): boolean {
    this.#asked.add(name);
    return Object.hasOwn(this.#values, name) && this.#values[name] === null;
  }

  #checked<Value>(
    name: string,
    usual: Value | undefined,
    expected: string,
    read: (value: unknown) => Value | undefined,
  ): Value {
    const value = this.value(name);
    if (value === undefined && usual !== undefined) return usual;
    const result = value === undefined ? undefined : read(value);
    if (result === undefined)
      throw this.refusal(name, expected, value === undefined ? "nothing" : describeValue(value));
    return result;
  }

  /** The error for an argument that is not what it must be. */
  refusal(name: string, expected: string, received: string): UsageError {
    return notUnderstood(
      this.path,
      `(${this.name}): ${name} must be ${expected}, got ${received}`,
      expected,
      received,
    );
  }

  /** The error for a class that cannot be imported here. */
  unknown(known: readonly string[], what = "class"): UsageError {
    const closest = closestName(this.name, known);
    const hint = closest === undefined || closest === this.name ? "" : `, did you mean ${closest}?`;
    return notUnderstood(
      this.path,
      `is ${this.dottedName}, which is not imported${hint || `; a ${what} here is one of ${listNames(known)}`}`,
      `one of ${listNames(known)}`,
      this.dottedName,
    );
  }

  /** @throws UsageError for an argument that nobody has asked for. */
  done(): void {
    const left = Object.keys(this.#values).find((name) => !this.#asked.has(name));
    if (left === undefined) return;
    const closest = closestName(left, [...this.#asked]);
    throw notUnderstood(
      this.path,
      `(${this.name}): there is no argument ${JSON.stringify(left)}${closest === undefined ? `; it takes ${listNames([...this.#asked])}` : `, did you mean ${closest}?`}`,
      `one of ${listNames([...this.#asked])}`,
      left,
    );
  }
}

function nestedTensor(value: unknown): NestedTensor | undefined {
  const shape: number[] = [];
  for (let level = value; Array.isArray(level); level = level[0]) shape.push(level.length);
  const data: number[] = [];
  const collect = (part: unknown, depth: number): boolean => {
    if (depth === shape.length) {
      const number = typeof part === "boolean" ? Number(part) : part;
      if (typeof number !== "number" || !Number.isFinite(number)) return false;
      data.push(number);
      return true;
    }
    return (
      Array.isArray(part) && part.length === shape[depth] && part.every((each) => collect(each, depth + 1))
    );
  };
  return collect(value, 0) ? { shape, data: Float64Array.from(data) } : undefined;
}
