/**
 * A state dict: tensors by dotted name. Each is asked for with the shape that the config says, and in the end none may be left that
 * nobody has asked for.
 *
 * @module
 */

import { FormatError } from "../../errors.ts";
import { readSafetensors, type Tensor } from "../../formats/safetensors.ts";

const listed = (shape: readonly number[]): string => `[${shape.join(", ")}]`;

/** The tensors of a module and of those inside of it. */
export class StateDict {
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #asked: Set<string>;
  /** What the names in it begin with: `transform.transforms.0.`. */
  readonly prefix: string;

  private constructor(tensors: ReadonlyMap<string, Tensor>, asked: Set<string>, prefix: string) {
    this.#tensors = tensors;
    this.#asked = asked;
    this.prefix = prefix;
  }

  /** @throws FormatError if the bytes are not a safetensors file. */
  static of(bytes: Uint8Array): StateDict {
    return new StateDict(readSafetensors(bytes, "the state dict").tensors, new Set(), "");
  }

  /** The same by paths of a tree in the form of this class: `.layers[0].weight`, `layers/0/weight` become `layers.0.weight`. */
  byPath(): StateDict {
    const written = (key: string): string =>
      key
        .replace(/\[['"]?([^\]'"]*)['"]?\]/g, ".$1")
        .replaceAll("/", ".")
        .replace(/^\.+/, "");
    const tensors = new Map([...this.#tensors].map(([key, tensor]) => [written(key), tensor]));
    // What nobody asks for is still known by its own name here.
    for (const key of this.#tensors.keys()) this.#asked.add(key);
    return new StateDict(tensors, new Set(), "");
  }

  /**
   * The part of a tensor that belongs to one of several modules, whose tensors are one above another.
   * @param shape - That of each.
   */
  slice(name: string, index: number, shape: readonly number[]): { readonly part: Float64Array } {
    const [count = 0] = this.shape(name);
    const data = this.tensor(name, [count, ...shape]);
    const size = shape.reduce((product, extent) => product * extent, 1);
    if (index >= count)
      throw this.refusal(
        name,
        `is of ${count} modules, the config says more`,
        `${index + 1} or more`,
        `${count}`,
      );
    return { part: data.slice(index * size, (index + 1) * size) };
  }

  /** The tensors of a module inside. */
  at(name: string | number): StateDict {
    return new StateDict(this.#tensors, this.#asked, `${this.prefix}${name}.`);
  }

  /** Whether there is a tensor. */
  has(name: string): boolean {
    return this.#tensors.has(this.prefix + name);
  }

  /** The shape of a tensor that there must be. */
  shape(name: string): readonly number[] {
    return this.#find(name).shape;
  }

  /**
   * The numbers of a tensor, row-major.
   * @throws FormatError if it is missing, of another shape, or holds what is not finite.
   */
  tensor(name: string, shape: readonly number[]): Float64Array {
    const tensor = this.#find(name);
    if (tensor.shape.length !== shape.length || tensor.shape.some((extent, i) => extent !== shape[i]))
      throw this.refusal(
        name,
        `has the shape ${listed(tensor.shape)}, the config says ${listed(shape)}`,
        listed(shape),
        listed(tensor.shape),
      );
    const data = Float64Array.from(tensor.data as ArrayLike<number | bigint>, Number);
    if (!data.every(Number.isFinite))
      throw this.refusal(name, "holds numbers that are not finite", "finite numbers", "infinity or NaN");
    return data;
  }

  /** A tensor that must hold certain numbers, such as a mask that follows from the config. */
  expect(name: string, shape: readonly number[], values: ArrayLike<number>, what: string): void {
    const data = this.tensor(name, shape);
    const place = data.findIndex((value, i) => value !== values[i]);
    if (place < 0) return;
    throw this.refusal(
      name,
      `is not ${what}: element ${place} is ${data[place]}, expected ${values[place]}`,
      String(values[place]),
      String(data[place]),
    );
  }

  /** The same for numbers that were rounded to float32. */
  expectClose(name: string, values: readonly number[], what: string): void {
    const data = this.tensor(name, [values.length]);
    const place = data.findIndex((value, i) => Math.abs(value - values[i]!) > 1e-6 * Math.abs(values[i]!));
    if (place < 0) return;
    throw this.refusal(
      name,
      `is not ${what}: element ${place} is ${data[place]}, expected ${values[place]}`,
      String(values[place]),
      String(data[place]),
    );
  }

  /** Takes all tensors of a module that has no part in what the model computes. */
  skip(): void {
    for (const key of this.#tensors.keys()) if (key.startsWith(this.prefix)) this.#asked.add(key);
  }

  #find(name: string): Tensor {
    const key = this.prefix + name;
    const tensor = this.#tensors.get(key);
    if (!tensor) {
      const received = `${this.#tensors.size} others`;
      throw new FormatError({
        where: "importModel",
        problem: `the state dict has no tensor "${key}", which its config asks for`,
        expected: key,
        received,
        remedy: "the config must be the constructor call that made the model",
      });
    }
    this.#asked.add(key);
    return tensor;
  }

  /** The error for a tensor that is not what it must be. */
  refusal(name: string, problem: string, expected: string, received: string): FormatError {
    return new FormatError({
      where: "importModel",
      problem: `the tensor "${this.prefix}${name}" of the state dict ${problem}`,
      expected,
      received,
      remedy: "the config must be the constructor call that made the model",
    });
  }

  /** @throws FormatError for a tensor that nobody has asked for. */
  done(): void {
    const left = [...this.#tensors.keys()].filter((key) => !this.#asked.has(key));
    if (left.length === 0) return;
    const more = left.length > 1 ? ` and ${left.length - 1} more` : "";
    throw new FormatError({
      where: "importModel",
      problem: `the state dict holds the tensor "${left[0]}"${more}, which nothing in its config uses`,
      expected: "tensors of the model alone",
      received: left[0]!,
      remedy: "the config must be the constructor call that made the model",
    });
  }
}
