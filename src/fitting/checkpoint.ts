/**
 * Checkpoints: the state of a fit in a safetensors file, from which it goes on as if it had not been interrupted.
 *
 * @module
 */

import { FormatError, UsageError } from "../errors.ts";
import type { Architecture } from "../flows/architecture.ts";
import { withoutPrefix } from "../flows/parameters.ts";
import { readSafetensors, type Tensor, writeSafetensors } from "../formats/safetensors.ts";
import { fileExists, readFileBytes, writeFileAtomically } from "../platform.ts";
import { philox4x32 } from "../random/philox.ts";
import type { FitData, FitRows } from "./fitData.ts";
import type { MinimizeState } from "./minimize.ts";
import type { Recipe } from "./recipe.ts";

/** What must be the same for a fit to go on. */
export interface CheckpointSubject {
  readonly recipe: Recipe;
  readonly architecture: Architecture;
  readonly data: FitData;
  readonly seed: number;
  readonly precision: string;
  readonly engine: string | undefined;
}

/** One checkpoint file. */
export class Checkpoint {
  readonly #path: string;
  readonly #subject: string;

  constructor(path: string, subject: CheckpointSubject) {
    this.#path = path;
    const { recipe, architecture, data, seed, precision, engine = "wasm" } = subject;
    this.#subject = JSON.stringify({
      recipe,
      bijection: architecture.bijection.toJSON(),
      columns: data.columns,
      given: data.given,
      rows: [digest(data.train), data.validation ? digest(data.validation) : "none"],
      seed,
      precision,
      engine,
    });
  }

  /**
   * The state in the file; undefined if there is no file yet.
   * @throws {@link FormatError} for a damaged file, {@link UsageError} if it belongs to another fit.
   */
  async read(): Promise<MinimizeState | undefined> {
    if (!(await fileExists(this.#path))) return undefined;
    const { tensors, metadata } = readSafetensors(await readFileBytes(this.#path), this.#path);
    const text = metadata.pushforward_checkpoint;
    if (text === undefined) throw new FormatError(`${this.#path} is no checkpoint of pushforward.`);
    if (metadata.subject !== this.#subject)
      throw new UsageError(
        `${this.#path} belongs to a fit with other data, options or seed; name another --checkpoint, or leave out --resume.`,
      );
    const values = Object.fromEntries(
      Array.from(tensors, ([name, { data }]) => [name, Float64Array.from(data as Float64Array)]),
    );
    const { epoch, bestEpoch, bestLoss, history } = JSON.parse(text) as Omit<
      MinimizeState,
      "values" | "best"
    >;
    return {
      epoch,
      bestEpoch,
      bestLoss: bestLoss ?? Number.POSITIVE_INFINITY,
      history,
      values: withoutPrefix(values, "values."),
      best: withoutPrefix(values, "best."),
    };
  }

  /** Writes the state, whole or not at all. */
  async write(state: MinimizeState): Promise<void> {
    const { values, best, ...rest } = state;
    const tensors = new Map<string, Tensor>();
    for (const [prefix, group] of [
      ["values.", values],
      ["best.", best],
    ] as const)
      for (const [name, data] of Object.entries(group))
        tensors.set(prefix + name, { dtype: "F64", shape: [data.length], data });
    await writeFileAtomically(
      this.#path,
      writeSafetensors(tensors, { pushforward_checkpoint: JSON.stringify(rest), subject: this.#subject }),
    );
  }
}

/** A digest of rows by Philox: equal for equal rows, and for no others that one meets. */
function digest({ data, context, weights }: FitRows): string {
  const state = new Uint32Array(4);
  for (const part of [data, context, weights ?? new Float64Array(0)]) {
    const words = new Uint32Array(part.buffer, part.byteOffset, part.length * 2);
    philox4x32(state[0]! ^ part.length, state[1]!, state[2]!, state[3]!, 1, 2, state);
    for (let i = 0; i < words.length; i += 2)
      philox4x32(state[0]! ^ words[i]!, state[1]! ^ words[i + 1]!, state[2]!, state[3]!, 1, 2, state);
  }
  return Array.from(state, (word) => word.toString(16)).join("-");
}
