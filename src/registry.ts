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

/** Readers by type. */
export type Readers<Part> = Readonly<Record<string, Reader<Part>>>;

/**
 * The readers of a module's functions that each take what `toJSON` gave: under their names, without the suffix that tells them from
 * functions of another sort.
 */
export function readersByName<Part>(
  makers: Readonly<Record<string, (options: never) => Part>>,
  suffix = "",
): Readers<Part> {
  const typeOf = (name: string): string =>
    suffix !== "" && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
  return Object.fromEntries(
    Object.entries(makers).map(([name, make]) => [typeOf(name), make as unknown as Reader<Part>]),
  );
}

/** Types whose code is loaded together, when a description first names one of them. */
export interface Family<Part> {
  /** Types that load this family alone. A type that is in the list of no family loads all. */
  readonly types?: readonly string[] | undefined;
  /** Whether `load` gives no more than the readers of the types that it is told, so that it is asked again for others. */
  readonly isPartial?: boolean | undefined;
  /** Loads readers; without types, those of all. */
  readonly load: (types?: ReadonlySet<string>) => Promise<{ readonly readers: Readers<Part> }>;
}

/** How the parts of one sort are read: bijections, transformers, distributions or conditioners. */
export class Registry<Part> {
  readonly #name: string;
  readonly #option: string;
  readonly #readers: Map<string, Reader<Part>>;
  readonly #families: readonly Family<Part>[];
  readonly #loaded: Set<Family<Part>> = new Set();
  readonly #ours: Set<string>;

  /**
   * @param name - What messages call a part: `transformer`.
   * @param option - Their name as an option of `register`: `transformers`.
   * @param ours - Our own readers that are there from the start.
   * @param families - Our own that are loaded when needed.
   */
  constructor(name: string, option: string, ours: Readers<Part>, families: readonly Family<Part>[] = []) {
    this.#name = name;
    this.#option = option;
    this.#readers = new Map(Object.entries(ours));
    this.#families = families;
    this.#ours = new Set([...this.#readers.keys(), ...families.flatMap(({ types = [] }) => types)]);
  }

  /** The types that can be read: those of families that are not loaded yet as far as they are listed. */
  get types(): readonly string[] {
    return [...new Set([...this.#ours, ...this.#readers.keys()])];
  }

  /**
   * Adds a reader.
   * @throws {@link UsageError} for what is not a function, or a type that another reader has; a clash with a type that its family
   *   does not list shows when the family is loaded.
   */
  add(type: string, reader: Reader<Part>): void {
    checkArgument(
      "register",
      `${this.#option}.${type}`,
      reader,
      callback,
      "it is given the options and returns the part",
    );
    if (this.#ours.has(type)) this.#refuse(type, "is one of the library's own", "give yours another type");
    const known = this.#readers.get(type);
    if (known && known !== reader)
      this.#refuse(type, "has been registered with another reader", "give one of the two another type");
    this.#readers.set(type, reader);
  }

  #refuse(type: string, clash: string, remedy: string): never {
    throw new UsageError({
      where: "register",
      problem: `${this.#option}.${type} ${clash}`,
      expected: "a type of your own",
      received: type,
      remedy,
    });
  }

  /**
   * Makes readers of our own known that a family has loaded, or that a caller has at hand.
   * @throws {@link UsageError} where a user has registered one of their types.
   */
  provide(readers: Readers<Part>): void {
    for (const [type, reader] of Object.entries(readers)) {
      if (this.#readers.has(type) && !this.#ours.has(type))
        this.#refuse(type, "is one of the library's own", "give yours another type");
      this.#ours.add(type);
      this.#readers.set(type, reader);
    }
  }

  /**
   * Loads the families of types: of a type that none lists the partial ones, and where they do not have it all; all, too, of a type that
   * a user has registered, as its reader may read whatever it likes.
   */
  async prepare(types: ReadonlySet<string>, isForeign = false): Promise<void> {
    const unknown = [...types].filter((type) => !this.#readers.has(type));
    const all = isForeign || [...types].some((type) => this.#readers.has(type) && !this.#ours.has(type));
    const unlisted = unknown.filter((type) => !this.#families.some((family) => family.types?.includes(type)));
    const needed = this.#families.filter(
      (family) =>
        !this.#loaded.has(family) &&
        (all ||
          (family.isPartial ? unlisted.length > 0 : unknown.some((type) => family.types?.includes(type)))),
    );
    const loaded = await Promise.all(needed.map(({ load }) => load(all ? undefined : types)));
    needed.forEach((family, i) => {
      this.provide(loaded[i]!.readers);
      if (!family.isPartial) this.#loaded.add(family);
    });
    if (!all && unlisted.some((type) => !this.#readers.has(type))) await this.prepare(types, true);
  }

  /**
   * The part that a description stands for.
   * @throws {@link FormatError} for a type that has no reader.
   */
  read(json: unknown): Part {
    const { type, ...options } = (json ?? {}) as { readonly type?: unknown };
    const reader = typeof type === "string" ? this.#readers.get(type) : undefined;
    if (!reader)
      throw new FormatError({
        problem: `The model holds a ${this.#name} of type ${JSON.stringify(type)}, which this version does not know`,
        expected: "a type of the library's or one that is registered",
        received: JSON.stringify(type),
        remedy: `if it is your own, name it before the model is saved or read: register({ ${this.#option}: { ${JSON.stringify(type)}: (options) => ... } })`,
      });
    return reader(options, (part) => this.read(part));
  }
}
