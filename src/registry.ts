/**
 * Readers of descriptions by type: ours, and those that users register.
 *
 * @module
 */

import { FormatError, UsageError } from "./errors.ts";
import { callback, checkArgument } from "./options.ts";

/**
 * Makes a part of what its `toJSON` gave, `type` left out. What the description holds inside, such as the parts of a chain, it
 * reads by `read`.
 */
export type Reader<Part> = (
  options: { readonly [option: string]: unknown },
  read: (json: unknown) => Part,
) => Part;

/** How the parts of one family are read: bijections, transformers, distributions or conditioners. */
export class Registry<Part> {
  readonly #name: string;
  readonly #family: string;
  readonly #readers: Map<string, Reader<Part>>;
  readonly #ours: ReadonlySet<string>;

  /**
   * @param name - What messages call a part: `transformer`.
   * @param family - Its name as an option of `register`: `transformers`.
   * @param ours - Our own readers by type.
   */
  constructor(name: string, family: string, ours: Readonly<Record<string, Reader<Part>>>) {
    this.#name = name;
    this.#family = family;
    this.#readers = new Map(Object.entries(ours));
    this.#ours = new Set(this.#readers.keys());
  }

  /** The types that can be read. */
  get types(): readonly string[] {
    return [...this.#readers.keys()];
  }

  /**
   * Adds a reader.
   * @throws {@link UsageError} for what is not a function, or a type that another reader has.
   */
  add(type: string, reader: Reader<Part>): void {
    checkArgument(
      "register",
      `${this.#family}.${type}`,
      reader,
      callback,
      "it is given the options and returns the part",
    );
    const known = this.#readers.get(type);
    if (known === reader) return;
    if (known)
      throw new UsageError(
        this.#ours.has(type)
          ? `register: ${this.#family}.${type} is one of the library's own; give yours another type.`
          : `register: ${this.#family}.${type} has been registered with another reader; give one of the two another type.`,
      );
    this.#readers.set(type, reader);
  }

  /**
   * The part that a description stands for.
   * @throws {@link FormatError} for a type that has no reader.
   */
  read(json: unknown): Part {
    const { type, ...options } = (json ?? {}) as { readonly type?: unknown };
    const reader = typeof type === "string" ? this.#readers.get(type) : undefined;
    if (!reader)
      throw new FormatError(
        `The model holds a ${this.#name} of type ${JSON.stringify(type)}, which this version does not know; if it is your own, name it before the model is read: register({ ${this.#family}: { ${JSON.stringify(type)}: (options) => ... } }).`,
      );
    return reader(options, (part) => this.read(part));
  }
}
