/**
 * A model as one safetensors file: tensors under dotted names, and in the metadata a format version and the
 * architecture as one JSON string. Everything is checked before it is used; nothing is executed.
 *
 * @module
 */

import * as v from "valibot";
import { modelKinds, otherKinds } from "../architectures/kinds.ts";
import type { Bijection } from "../bijections/bijection.ts";
import { bijectionRegistry } from "../bijections/registry.ts";
import type { Distribution } from "../distributions/distribution.ts";
import { distributionRegistry } from "../distributions/registry.ts";
import { FormatError, NumericalError, PushforwardError } from "../errors.ts";
import { readSafetensors, type Tensor, writeSafetensors } from "../formats/safetensors.ts";
import { sizeOf } from "../graph/expr.ts";
import { flattenTree } from "../graph/parameters.ts";
import { conditionerRegistry } from "../networks/registry.ts";
import { bytesOf, digestOf } from "../random/digest.ts";
import type { Registry } from "../registry.ts";
import { mostListed } from "../tables/grid.ts";
import { transformerRegistry } from "../transformers/registry.ts";
import { type Model, parameterTree } from "./model.ts";
import { checkModelBounds } from "./modelBounds.ts";

/** Version of the files that this release writes; it reads this one and all before. */
export const formatVersion = 1;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const names = v.array(v.pipe(v.string(), v.nonEmpty()));
const part = v.looseObject({ type: v.string() });
const finite = v.pipe(v.number(), v.finite());
const grid = v.union([
  v.object({
    column: v.string(),
    from: finite,
    step: v.pipe(finite, v.gtValue(0)),
    steps: v.pipe(count, v.maxValue(Number.MAX_SAFE_INTEGER)),
  }),
  v.object({
    column: v.string(),
    values: v.pipe(
      v.array(finite),
      v.nonEmpty(),
      v.maxLength(mostListed),
      v.check((values) => values.every((value, i) => i === 0 || value > values[i - 1]!), "not in order"),
    ),
  }),
]);
const header = v.object({
  kind: v.picklist([...modelKinds, ...otherKinds]),
  base: part,
  bijection: part,
  preparation: part,
  contextPreparation: v.nullable(part),
  columns: v.pipe(names, v.nonEmpty()),
  given: names,
  precision: v.picklist(["float32", "float64"]),
  fitted: v.object({
    rows: count,
    seed: v.pipe(v.number(), v.integer()),
    epochs: count,
    trainLogProb: v.number(),
    validationLogProb: v.number(),
    dequantized: v.record(v.string(), v.number()),
    grids: v.optional(v.array(grid)),
    digest: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/))),
  }),
});

type Header = v.InferOutput<typeof header>;

/**
 * The bytes of a model's file, whose kinds of parts must be there to read it back; equal models give equal bytes.
 * @throws NumericalError for a model that could not be read back, such as one with a parameter that is not finite.
 */
export function modelToBytes(model: Model): Uint8Array {
  const tensors = new Map<string, Tensor>();
  for (const [name, spec] of flattenTree(parameterTree(model))) {
    const data = model.values[name]!;
    // Statistics keep their digits; trained values are those that the engine had.
    const isSingle = spec.kind === "trained" && model.precision === "float32";
    tensors.set(
      name,
      isSingle
        ? { dtype: "F32", shape: spec.shape, data: Float32Array.from(data) }
        : { dtype: "F64", shape: spec.shape, data },
    );
  }
  const { kind, columns, given, precision, fitted } = model;
  const json = {
    kind,
    columns,
    given,
    precision,
    base: model.base.toJSON(),
    bijection: model.bijection.toJSON(),
    preparation: model.preparation.toJSON(),
    contextPreparation: model.contextPreparation?.toJSON() ?? null,
    fitted,
  };
  const text = JSON.stringify(json);
  const bytes = writeSafetensors(tensors, {
    format_version: String(formatVersion),
    pushforward: text,
    digest: digestOfModel(text, tensors),
  });
  // Read as anybody would: what cannot be read is not written.
  let back: Model;
  try {
    back = modelFromBytes(bytes);
  } catch (error) {
    throw new NumericalError(
      `The model cannot be saved, as it could not be read back: ${(error as Error).message}`,
    );
  }
  for (const part of ["base", "bijection"] as const)
    if (JSON.stringify(back[part].toJSON()) !== JSON.stringify(json[part]))
      throw new NumericalError(
        `The model cannot be saved: its ${part} reads back with another description; the toJSON of your own part and the reader that is registered for it must fit.`,
      );
  return bytes;
}

/** What a damaged byte would change: the description, and the tensors in order of their names. */
function digestOfModel(text: string, tensors: ReadonlyMap<string, Tensor>): string {
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
  return digestOf([new TextEncoder().encode(text), ...sorted.map(([, { data }]) => bytesOf(data))]);
}

/** A model file whose description has been checked, and whose parts are not yet made. */
interface ParsedFile {
  readonly header: Header;
  /** The header as it is in the file, and its digest. */
  readonly text: string;
  readonly digest: string | undefined;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/**
 * Reads a model, whose kinds of parts are loaded if they are not there yet.
 * @param name - What messages call the file.
 * @throws {@link FormatError} if the file is not a model, is damaged, or is of a newer version.
 */
export async function readModel(bytes: Uint8Array, name = "the model"): Promise<Model> {
  const parsed = parsedFile(bytes, name);
  await loadParts(parsed.header);
  return modelOf(parsed, name);
}

/** The same at once, for a model whose kinds of parts are there: {@link loadParts}. */
export function modelFromBytes(bytes: Uint8Array, name = "the model"): Model {
  return modelOf(parsedFile(bytes, name), name);
}

function parsedFile(bytes: Uint8Array, name: string): ParsedFile {
  const { tensors, metadata } = readSafetensors(bytes, name);
  const { format_version: version, pushforward: text } = metadata;
  if (version === undefined || text === undefined)
    throw new FormatError(`${name} is a safetensors file, but not a model of pushforward.`);
  if (!/^\d{1,9}$/.test(version))
    throw new FormatError(`${name} has a bad format_version, ${JSON.stringify(version)}.`);
  if (Number(version) > formatVersion)
    throw new FormatError(
      `${name} has format version ${version}; this release reads up to ${formatVersion}. Update pushforward to read it.`,
    );
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new FormatError(`${name} is damaged: its architecture is not JSON.`);
  }
  const parsed = v.safeParse(header, json);
  if (!parsed.success) {
    const issue = parsed.issues[0];
    throw new FormatError(
      `${name} is damaged: ${v.getDotPath(issue) ?? "its architecture"}: ${issue.message}.`,
    );
  }
  const { output } = parsed;
  const all = [...output.given, ...output.columns];
  const twice = all.find((column, i) => all.indexOf(column) !== i);
  if (twice !== undefined)
    throw new FormatError(`${name} is damaged: it names the column ${JSON.stringify(twice)} twice.`);
  const strange = output.fitted.grids?.find(({ column }) => !output.columns.includes(column));
  if (strange)
    throw new FormatError(
      `${name} is damaged: it has a grid for ${JSON.stringify(strange.column)}, which is none of its columns.`,
    );
  // Before anything is built: a claim of a billion features must not make a list of them.
  for (const [own, features, what] of [
    [output.base, output.columns.length, "base"],
    [output.bijection, output.columns.length, "bijection"],
    [output.preparation, output.columns.length, "preparation"],
    [output.contextPreparation, output.given.length, "contextPreparation"],
  ] as const)
    checkFeatures(own, features, `${name} is damaged: its ${what}`);
  for (const [own, what] of [
    [output.bijection, "bijection"],
    [output.preparation, "preparation"],
    [output.contextPreparation, "contextPreparation"],
  ] as const)
    checkBounds(own, what, name);
  if (output.given.length > 0 !== (output.contextPreparation !== null))
    throw new FormatError(
      `${name} is damaged: it is given ${output.given.length} columns, its contextPreparation is not.`,
    );
  return { header: output, text, digest: metadata.digest, tensors };
}

function modelOf({ header: output, text, digest, tensors }: ParsedFile, name: string): Model {
  const model = { ...output, ...readParts(output, name) };
  if (
    model.bijection.features !== output.columns.length ||
    model.preparation.features !== output.columns.length
  )
    throw new FormatError(
      `${name} is damaged: its architecture does not have its ${output.columns.length} columns.`,
    );
  if (model.bijection.context !== 0 && model.bijection.context !== output.given.length)
    throw new FormatError(
      `${name} is damaged: its architecture is not given its ${output.given.length} columns.`,
    );
  const specs = flattenTree(parameterTree(model));
  const values: Record<string, Float64Array> = {};
  for (const [key, spec] of specs) {
    const tensor = tensors.get(key);
    if (!tensor) throw new FormatError(`${name} is damaged: the tensor "${key}" is missing.`);
    if (
      tensor.shape.length !== spec.shape.length ||
      tensor.shape.some((extent, i) => extent !== spec.shape[i])
    )
      throw new FormatError(
        `${name} is damaged: the tensor "${key}" has shape [${tensor.shape}], its architecture says [${spec.shape}].`,
      );
    if (tensor.dtype !== "F32" && tensor.dtype !== "F64")
      throw new FormatError(
        `${name} is damaged: the tensor "${key}" has type ${tensor.dtype}, not F32 or F64.`,
      );
    const data = Float64Array.from(tensor.data);
    if (data.length !== sizeOf(spec.shape) || !data.every(Number.isFinite))
      throw new FormatError(`${name} is damaged: the tensor "${key}" holds values that are not finite.`);
    // The engine would make infinities of them.
    if (spec.kind === "trained" && output.precision === "float32" && !data.every(fitsSingle))
      throw new FormatError(
        `${name} is damaged: the tensor "${key}" holds values that are not finite in float32, its precision.`,
      );
    values[key] = data;
  }
  for (const key of tensors.keys())
    if (!specs.has(key))
      throw new FormatError(`${name} is damaged: its architecture has no tensor "${key}".`);
  // Last, so that what can be named is named: a flipped bit that leaves everything in shape. Writers in other languages
  // may leave the digest out.
  if (digest !== undefined && digest !== digestOfModel(text, tensors))
    throw new FormatError(`${name} is damaged: its contents do not match its digest.`);
  return { ...model, values };
}

const fitsSingle = (value: number): boolean => Number.isFinite(Math.fround(value));

/** Refuses a description of more than any machine computes. */
function checkBounds(json: unknown, what: string, name: string): void {
  try {
    checkModelBounds(json, what);
  } catch (error) {
    throw new FormatError(`${name} cannot be used: ${(error as Error).message}.`);
  }
}

/** Lists and objects inside one another, in an architecture. */
const deepest = 100;

/** Compares the sizes that a description claims, in whatever depth, with the number of columns. */
function checkFeatures(json: unknown, features: number, what: string): void {
  const rest: { readonly next: unknown; readonly depth: number }[] = [{ next: json, depth: 0 }];
  for (let entry = rest.pop(); entry; entry = rest.pop()) {
    const { next, depth } = entry;
    if (typeof next !== "object" || next === null) continue;
    if (depth > deepest) throw new FormatError(`${what} is nested more than ${deepest} deep.`);
    if (Object.hasOwn(next, "features") && (next as { features: unknown }).features !== features)
      throw new FormatError(`${what} does not have the ${features} features of the columns.`);
    for (const member of Object.values(next)) rest.push({ next: member, depth: depth + 1 });
  }
}

/** A model's parts, or their descriptions. */
type Parts = Readonly<Record<"base" | "bijection" | "preparation", object>> & {
  readonly contextPreparation?: object | null | undefined;
};

/** Loads what reads the parts of a model back, as far as it is not there yet. */
export async function loadParts({ base, bijection, preparation, contextPreparation }: Parts): Promise<void> {
  const types = new Map<Sort, Set<string>>();
  collectTypes(base, distributionRegistry, types);
  for (const part of [bijection, preparation, contextPreparation])
    collectTypes(part, bijectionRegistry, types);
  await Promise.all([...types].map(([registry, found]) => registry.prepare(found)));
}

type Sort = Pick<Registry<unknown>, "prepare">;

/** Members of a description that hold parts of another sort than what they are in. */
const membersOfOtherSort: ReadonlyMap<string, Sort> = /* @__PURE__ */ new Map<string, Sort>([
  ["transformer", transformerRegistry],
  ["conditioner", conditionerRegistry],
]);

function collectTypes(part: unknown, sort: Sort, types: Map<Sort, Set<string>>): void {
  if (typeof part !== "object" || part === null) return;
  // As in a file: what has a toJSON is what that gives.
  const { toJSON } = part as { readonly toJSON?: unknown };
  const json: object = typeof toJSON === "function" ? toJSON.call(part) : part;
  for (const [name, member] of Object.entries(json)) {
    if (name === "type" && typeof member === "string")
      types.set(sort, (types.get(sort) ?? new Set()).add(member));
    else if (typeof member === "object") collectTypes(member, membersOfOtherSort.get(name) ?? sort, types);
  }
}

function readParts(
  json: Header,
  name: string,
): {
  base: Distribution;
  bijection: Bijection;
  preparation: Bijection;
  contextPreparation: Bijection | undefined;
} {
  try {
    return {
      base: distributionRegistry.read(json.base),
      bijection: bijectionRegistry.read(json.bijection),
      preparation: bijectionRegistry.read(json.preparation),
      contextPreparation: json.contextPreparation
        ? bijectionRegistry.read(json.contextPreparation)
        : undefined,
    };
  } catch (error) {
    if (error instanceof FormatError) throw new FormatError(`${name} cannot be read: ${error.message}`);
    const reason =
      error instanceof PushforwardError ? error.message : "an option is missing or of the wrong type.";
    throw new FormatError(`${name} is damaged: its architecture cannot be built: ${reason}`);
  }
}
