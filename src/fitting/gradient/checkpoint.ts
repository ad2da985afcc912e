/**
 * Checkpoints: the state of a fit in a safetensors file, from which it goes on as if it had not been interrupted.
 *
 * @module
 */

import * as v from "valibot";
import type { Architecture } from "../../architectures/architecture.ts";
import { damaged, FormatError, UsageError, unreadable } from "../../errors.ts";
import { readSafetensors, type Tensor, writeSafetensors } from "../../formats/safetensors.ts";
import { sizeOf } from "../../graph/expr.ts";
import { flattenTree, type ParameterTree } from "../../graph/parameters.ts";
import { withoutPrefix } from "../../models/parameters.ts";
import { optionText } from "../../optionText.ts";
import { fileExists, readFileBytes, writeFileAtomically } from "../../platform/files.ts";
import { bytesOf, digestOf } from "../../random/digest.ts";
import type { FitData, FitRows } from "../fitData.ts";
import { stateNames } from "./adamW.ts";
import type { MinimizeResult, MinimizeState } from "./minimize.ts";
import type { Recipe } from "./recipe.ts";
import type { TrainingPlan } from "./trainingPlan.ts";

/** What must be the same for a fit to go on. */
export interface CheckpointSubject {
  readonly recipe: Recipe;
  readonly plan: TrainingPlan;
  readonly architecture: Architecture;
  readonly data: FitData;
  readonly seed: number;
  readonly precision: string;
  readonly engine: string | undefined;
  /** Digest of the model that training starts at, where one is given. */
  readonly start?: string | undefined;
  /** Digest of all rows, where those of the data are a sample of them. */
  readonly stream?: string | undefined;
}

/** What the names of the values of a training that is over begin with. */
const finishedPrefix = (k: number): string => `finished${k + 1}.`;

/** One checkpoint file. */
export class Checkpoint {
  readonly #path: string;
  readonly #subject: string;
  /** Numbers of every tensor that a checkpoint holds, by name. */
  readonly #lengths: ReadonlyMap<string, number>;

  /**
   * @param subject - What must be the same for the fit to go on, as plain data.
   * @param parameters - What is trained.
   */
  constructor(path: string, subject: object, parameters: ParameterTree) {
    this.#path = path;
    this.#lengths = lengthsOf(parameters);
    this.#subject = JSON.stringify(subject);
  }

  /**
   * The state in the file; undefined if there is no file yet.
   * @throws {@link FormatError} for a damaged file, {@link UsageError} if it belongs to another fit.
   */
  async read(): Promise<(MinimizeState & { readonly finished: readonly MinimizeResult[] }) | undefined> {
    if (!(await fileExists(this.#path))) return undefined;
    const { tensors, metadata } = readSafetensors(await readFileBytes(this.#path), this.#path);
    const text = metadata.pushforward_checkpoint;
    if (text === undefined)
      throw unreadable(this.#path, "is not a checkpoint of pushforward", {
        expected: "a checkpoint",
        received: "other tensors",
        remedy: `name another ${optionText("checkpoint")}`,
      });
    if (metadata.subject !== this.#subject)
      throw new UsageError({
        where: this.#path,
        problem: "it belongs to a fit with other data, options or seed",
        expected: "a checkpoint of this fit",
        received: "that of another",
        remedy: `name another ${optionText("checkpoint")}, or leave out ${optionText("resume")}`,
      });
    const values = Object.fromEntries(
      Array.from(tensors, ([name, { data }]) => [name, Float64Array.from(data as Float64Array)]),
    );
    for (const [name, length] of this.#lengths) {
      const saved = values[name];
      if (saved?.length !== length || !saved.every(Number.isFinite))
        throw damaged(this.#path, `"${name}" is not ${length} finite numbers`);
    }
    const { finished, ...state } = readState(text, this.#path);
    return {
      ...state,
      values: withoutPrefix(values, "values."),
      best: withoutPrefix(values, "best."),
      finished: finished.map((own, k) => {
        const of = withoutPrefix(values, finishedPrefix(k));
        for (const [name, { length }] of Object.entries(withoutPrefix(values, "best.")))
          if (of[name]?.length !== length || !of[name].every(Number.isFinite))
            throw damaged(this.#path, `"${finishedPrefix(k)}${name}" is not ${length} finite numbers`);
        return { ...own, values: of, interrupted: false };
      }),
    };
  }

  /**
   * Refuses a path under which there is a file that is not a checkpoint: writing would lose it.
   * @throws {@link UsageError}
   */
  async checkPath(): Promise<void> {
    if (!(await fileExists(this.#path))) return;
    try {
      const { metadata } = readSafetensors(await readFileBytes(this.#path), this.#path);
      if (metadata.pushforward_checkpoint !== undefined) return;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
    throw new UsageError({
      where: this.#path,
      problem: "it is there and is not a checkpoint of pushforward",
      expected: "a checkpoint, or no file",
      received: "another file",
      remedy: `name another ${optionText("checkpoint")}`,
    });
  }

  /**
   * Writes the state, whole or not at all.
   * @param finished - What came of trainings before this one, where a fit has several.
   */
  async write(state: MinimizeState, finished: readonly MinimizeResult[] = []): Promise<void> {
    const { values, best, ...rest } = state;
    const tensors = new Map<string, Tensor>();
    for (const [prefix, group] of [
      ["values.", values],
      ["best.", best],
      ...finished.map((own, k) => [finishedPrefix(k), own.values] as const),
    ] as const)
      for (const [name, data] of Object.entries(group))
        tensors.set(prefix + name, { dtype: "F64", shape: [data.length], data });
    await writeFileAtomically(
      this.#path,
      writeSafetensors(tensors, {
        pushforward_checkpoint: JSON.stringify({
          ...rest,
          ...(finished.length > 0 ? { finished: finished.map(({ values: _, ...own }) => own) } : {}),
        }),
        subject: this.#subject,
      }),
    );
  }
}

/** The checkpoint of the training of an architecture. */
export function checkpointOf(path: string, subject: CheckpointSubject): Checkpoint {
  const { recipe, plan, architecture, data, seed, precision, engine = "wasm", start, stream } = subject;
  const { base, bijection, training } = architecture;
  return new Checkpoint(
    path,
    {
      recipe,
      plan,
      base: base.toJSON(),
      bijection: bijection.toJSON(),
      training: training ? (training.settings ?? {}) : "likelihood",
      columns: data.columns,
      given: data.given,
      // Of angles other periods are other data.
      schema: data.schema,
      rows: [digest(data.train), data.validation ? digest(data.validation) : "none"],
      seed,
      precision,
      engine,
      start,
      stream,
    },
    { base: base.parameters, bijection: bijection.parameters },
  );
}

/** Names and lengths of the state of trained parameters. */
function lengthsOf(parameters: ParameterTree): Map<string, number> {
  const lengths = new Map<string, number>();
  for (const [name, spec] of flattenTree(parameters)) {
    if (spec.kind !== "trained") continue;
    const { mean, square, average } = stateNames;
    for (const leafName of [name, mean(name), square(name), average(name)])
      lengths.set(`values.${leafName}`, sizeOf(spec.shape));
    lengths.set(`best.${name}`, sizeOf(spec.shape));
  }
  return lengths;
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** JSON has null for what is not finite. */
const numberOr = (otherwise: number) =>
  v.pipe(
    v.nullable(v.number()),
    v.transform((x) => x ?? otherwise),
  );
const history = v.array(
  v.object({
    epoch: count,
    trainLoss: numberOr(Number.NaN),
    validationLoss: numberOr(Number.NaN),
    bestEpoch: count,
  }),
);
const stateSchema = v.object({
  epoch: count,
  bestEpoch: count,
  bestLoss: numberOr(Number.POSITIVE_INFINITY),
  history,
  rateFactor: v.number(),
  lost: count,
  finished: v.optional(v.array(v.object({ bestEpoch: count, history, stillImproving: v.boolean() })), []),
});

function readState(text: string, path: string): v.InferOutput<typeof stateSchema> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw damaged(path, "its state is not JSON");
  }
  const parsed = v.safeParse(stateSchema, json);
  if (!parsed.success) {
    const issue = parsed.issues[0];
    throw damaged(path, `${v.getDotPath(issue) ?? "its state"}: ${issue.message}`);
  }
  return parsed.output;
}

function digest({ data, context, weights }: FitRows): string {
  return digestOf([data, context, weights ?? new Float64Array(0)].map(bytesOf));
}
