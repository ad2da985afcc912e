/**
 * The container of every model: one safetensors file of tensors under dotted names, and in its metadata a format version, what the
 * model is as one JSON string, and a digest of both. Everything is checked before it is used; nothing is executed.
 *
 * @module
 */

import * as v from "valibot";
import {
  damaged,
  type FormatError,
  NumericalError,
  UsageError,
  unreadable,
  withoutRemedy,
} from "../../errors.ts";
import { readSafetensors, type Tensor, writeSafetensors } from "../../formats/safetensors.ts";
import { sizeOf } from "../../graph/expr.ts";
import type { ParameterSpec } from "../../graph/parameters.ts";
import { bytesOf, digestOf } from "../../random/digest.ts";
import { mostListed } from "../../tables/recording/grid.ts";
import type { FittedDescription } from "../model.ts";
import { isSingle, type ParameterValues } from "../parameters.ts";

/** Version of the files that this release writes; it reads this one and all before. */
export const formatVersion = 1;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** Names of columns. */
export const columnNamesSchema: v.GenericSchema<unknown, string[]> = v.array(
  v.pipe(v.string(), v.minLength(1)),
);
const finite = v.pipe(v.number(), v.finite());
const grid = v.union([
  v.object({
    column: v.string(),
    from: finite,
    step: v.pipe(finite, v.gtValue(0)),
    steps: count,
  }),
  v.object({
    column: v.string(),
    values: v.pipe(
      v.array(finite),
      v.minLength(1),
      v.maxLength(mostListed),
      v.check((values) => values.every((value, i) => i === 0 || value > values[i - 1]!), "not in order"),
    ),
  }),
]);
const digest = v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)));
/** How a model was fitted. */
export const fittedSchema: v.GenericSchema<unknown, FittedDescription> = v.object({
  rows: count,
  seed: v.pipe(v.number(), v.safeInteger()),
  epochs: count,
  trainLogProb: v.optional(v.number()),
  validationLogProb: v.optional(v.number()),
  imported: v.optional(v.string()),
  dequantized: v.record(v.string(), v.number()),
  grids: v.optional(v.array(grid)),
  keep: v.optional(columnNamesSchema),
  tableRows: v.optional(count),
  digest,
  earlier: v.optional(v.array(v.object({ rows: count, epochs: count, digest }))),
});

/** An opened file. */
export interface Container {
  /** What the model is, parsed and not yet checked. */
  readonly json: unknown;
  /** The same as it stands in the file, and its digest; writers in other languages may leave that out. */
  readonly text: string;
  readonly digest: string | undefined;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** The bytes of a file; equal models give equal bytes. */
export function containerBytes(json: unknown, tensors: ReadonlyMap<string, Tensor>): Uint8Array {
  const text = JSON.stringify(json);
  return writeSafetensors(tensors, {
    format_version: String(formatVersion),
    pushforward: text,
    digest: digestOfModel(text, tensors),
  });
}

/** What a damaged byte would change: the description, and the tensors in order of their names. */
function digestOfModel(text: string, tensors: ReadonlyMap<string, Tensor>): string {
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
  return digestOf([new TextEncoder().encode(text), ...sorted.map(([, { data }]) => bytesOf(data))]);
}

/**
 * Opens a file.
 * @param name - What messages call it.
 * @throws {@link FormatError} if it is not a model, is damaged, or is of a newer version.
 */
export function openContainer(bytes: Uint8Array, name: string): Container {
  const { tensors, metadata } = readSafetensors(bytes, name);
  const { format_version: version, pushforward: text } = metadata;
  if (version === undefined || text === undefined)
    throw unreadable(name, "is a safetensors file, but not a model of pushforward", {
      expected: "a model",
      received: "other tensors",
      remedy: "a model is what save writes",
    });
  if (!/^\d{1,9}$/.test(version))
    throw unreadable(name, `has a bad format_version, ${JSON.stringify(version)}`, {
      expected: `a whole number up to ${formatVersion}`,
      received: JSON.stringify(version),
      remedy: "a model is what save writes",
    });
  if (Number(version) > formatVersion)
    throw unreadable(name, `has format version ${version}; this release reads up to ${formatVersion}`, {
      expected: `a version up to ${formatVersion}`,
      received: version,
      remedy: "update pushforward to read it",
    });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw damaged(name, "its architecture is not JSON");
  }
  return { json, text, digest: metadata.digest, tensors };
}

/** What the model is, checked; its columns have different names. */
export function checkedHeader<
  Output extends { readonly columns: readonly string[]; readonly given: readonly string[] },
>(schema: v.GenericSchema<unknown, Output>, { json }: Container, name: string): Output {
  const parsed = v.safeParse(schema, json);
  if (!parsed.success) {
    const issue = parsed.issues[0];
    throw damaged(
      name,
      `${v.getDotPath(issue) ?? "its architecture"}: ${issue.message}`,
      issue.expected ?? undefined,
      issue.received,
    );
  }
  const { output } = parsed;
  const all = [...output.given, ...output.columns];
  const twice = all.find((column, i) => all.indexOf(column) !== i);
  if (twice !== undefined) throw damaged(name, `it names the column ${JSON.stringify(twice)} twice`);
  return output;
}

/** Values as tensors: statistics keep their digits, trained values are those that the engine had. */
export function tensorsOf(
  specs: ReadonlyMap<string, ParameterSpec>,
  values: ParameterValues,
  precision: "float32" | "float64",
): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const [name, spec] of specs) {
    const data = values[name]!;
    tensors.set(
      name,
      isSingle(spec, precision)
        ? { dtype: "F32", shape: spec.shape, data: Float32Array.from(data) }
        : { dtype: "F64", shape: spec.shape, data },
    );
  }
  return tensors;
}

const fitsSingle = (value: number): boolean => Number.isFinite(Math.fround(value));

/** The values of a model's parameters, each of its shape and finite; last of all the digest is checked. */
export function valuesOf(
  specs: ReadonlyMap<string, ParameterSpec>,
  { tensors, text, digest }: Container,
  precision: "float32" | "float64",
  name: string,
): ParameterValues {
  const values: Record<string, Float64Array> = {};
  for (const [key, spec] of specs) {
    const tensor = tensors.get(key);
    if (!tensor) throw damaged(name, `the tensor "${key}" is missing`);
    if (
      tensor.shape.length !== spec.shape.length ||
      tensor.shape.some((extent, i) => extent !== spec.shape[i])
    )
      throw damaged(
        name,
        `the tensor "${key}" has shape [${tensor.shape}], its architecture says [${spec.shape}]`,
        `[${spec.shape}]`,
        `[${tensor.shape}]`,
      );
    if (tensor.dtype !== "F32" && tensor.dtype !== "F64")
      throw damaged(
        name,
        `the tensor "${key}" has type ${tensor.dtype}, not F32 or F64`,
        "F32 or F64",
        tensor.dtype,
      );
    const data = Float64Array.from(tensor.data);
    if (data.length !== sizeOf(spec.shape) || !data.every(Number.isFinite))
      throw damaged(name, `the tensor "${key}" holds values that are not finite`);
    // The engine would make infinities of them.
    if (spec.kind === "trained" && precision === "float32" && !data.every(fitsSingle))
      throw damaged(name, `the tensor "${key}" holds values that are not finite in float32, its precision`);
    values[key] = data;
  }
  for (const key of tensors.keys())
    if (!specs.has(key)) throw damaged(name, `its architecture has no tensor "${key}"`);
  // Last, so that what can be named is named: a flipped bit that leaves everything in shape. Writers in other languages
  // may leave the digest out.
  if (digest !== undefined && digest !== digestOfModel(text, tensors))
    throw damaged(name, "its contents do not match its digest");
  return values;
}

/** Why a model is not written: it could not be read back. What is not registered is a matter of the call, all else one of the numbers. */
export function notSaved(error: unknown): UsageError | NumericalError {
  const { message, remedy, expected = "a model that can be read back", received = "" } = error as FormatError;
  const reason = withoutRemedy(message, remedy).replace(/^the model cannot be read: /, "");
  const problem = `the model cannot be saved, as it could not be read back: ${reason}`;
  const facts = { problem, expected, received, remedy };
  return remedy === undefined ? new NumericalError(facts) : new UsageError(facts);
}
