/**
 * A model as one safetensors file: tensors under dotted names, and in the metadata a format version and the
 * architecture as one JSON string. Everything is checked before it is used; nothing is executed.
 *
 * @module
 */

import * as v from "valibot";
import { checkKnownKind } from "../../architectures/registeredKinds.ts";
import type { Bijection } from "../../bijections/bijection.ts";
import { bijectionRegistry } from "../../bijections/registry.ts";
import type { Distribution } from "../../distributions/distribution.ts";
import { distributionRegistry } from "../../distributions/registry.ts";
import {
  damaged,
  FormatError,
  NumericalError,
  PushforwardError,
  unreadable,
  withoutRemedy,
} from "../../errors.ts";
import { flattenTree } from "../../graph/parameters.ts";
import { conditionerRegistry } from "../../networks/registry.ts";
import type { Registry } from "../../registry.ts";
import { transformerRegistry } from "../../transformers/registry.ts";
import { type Model, parameterTree } from "../model.ts";
import { checkModelBounds } from "./modelBounds.ts";
import {
  type Container,
  checkedHeader,
  columnNamesSchema,
  containerBytes,
  fittedSchema,
  notSaved,
  openContainer,
  tensorsOf,
  valuesOf,
} from "./modelContainer.ts";

const part = v.looseObject({ type: v.string() });
const header = v.object({
  kind: v.string(),
  base: part,
  bijection: part,
  preparation: part,
  contextPreparation: v.nullable(part),
  columns: v.pipe(columnNamesSchema, v.minLength(1)),
  given: columnNamesSchema,
  precision: v.picklist(["float32", "float64"]),
  // Few models have these: they are checked by what is loaded for them.
  simplex: v.optional(v.looseObject({})),
  schema: v.optional(v.looseObject({})),
  fitted: fittedSchema,
});

type Header = v.InferOutput<typeof header>;

/**
 * The bytes of a model's file, whose kinds of parts must be there to read it back; equal models give equal bytes.
 * @throws NumericalError for a model that could not be read back, such as one with a parameter that is not finite; UsageError for
 *   one with a part of a user's own that is not registered.
 */
export function modelToBytes(model: Model): Uint8Array {
  const tensors = tensorsOf(flattenTree(parameterTree(model)), model.values, model.precision);
  const { kind, columns, given, precision, fitted, base, bijection, preparation, simplex, schema } = model;
  // Parts have a toJSON, and JSON no members that are undefined.
  const parts = { base, bijection, preparation, contextPreparation: model.contextPreparation ?? null };
  const json = { kind, columns, given, precision, ...parts, simplex, schema, fitted };
  const bytes = containerBytes(json, tensors);
  // Read as anybody would: what cannot be read is not written.
  let back: Model;
  try {
    back = modelFromBytes(bytes);
  } catch (error) {
    throw notSaved(error);
  }
  for (const part of ["base", "bijection"] as const)
    if (JSON.stringify(back[part]) !== JSON.stringify(json[part]))
      throw new NumericalError({
        problem: `the model cannot be saved: its ${part} reads back with another description`,
        expected: "the description that was written",
        received: "another one",
        remedy: "the toJSON of your own part and the reader that is registered for it must fit",
      });
  return bytes;
}

/** A model file whose description has been checked, and whose parts are not yet made. */
interface ParsedFile extends Container {
  readonly header: Header;
}

/**
 * Reads a model of an opened file, whose kinds of parts are loaded if they are not there yet.
 * @param name - What messages call the file.
 * @throws {@link FormatError} if the file is not a model, is damaged, or is of a newer version.
 */
export async function readModel(container: Container, name: string): Promise<Model> {
  const parsed = parsedFile(container, name);
  await loadParts(parsed.header);
  return modelOf(parsed, name);
}

/** The same at once, for a model whose kinds of parts are there: {@link loadParts}. */
export function modelFromBytes(bytes: Uint8Array, name = "the model"): Model {
  return modelOf(parsedFile(openContainer(bytes, name), name), name);
}

function parsedFile(container: Container, name: string): ParsedFile {
  const output = checkedHeader(header, container, name);
  const strange = output.fitted.grids?.find(({ column }) => !output.columns.includes(column));
  if (strange)
    throw damaged(
      name,
      `it has a grid for ${JSON.stringify(strange.column)}, which is not one of its columns`,
    );
  // Before anything is built: a claim of a billion features must not make a list of them.
  for (const [own, features, what] of [
    // A base may make its numbers of more.
    [output.base, output.columns.length + (output.base.latent ? mostLatent : 0), "base"],
    [output.bijection, output.columns.length, "bijection"],
    [output.preparation, output.columns.length, "preparation"],
    [output.contextPreparation, output.given.length, "contextPreparation"],
  ] as const) {
    checkFeatures(own, features, `${name} is damaged: its ${what}`);
    // In whatever depth: a base may be a flow itself.
    JSON.stringify(own, (_, part) => checkBounds(part, what, name));
  }
  if (output.given.length > 0 !== (output.contextPreparation !== null))
    throw damaged(name, `it is given ${output.given.length} columns, its contextPreparation is not`);
  return { ...container, header: output };
}

function modelOf(parsed: ParsedFile, name: string): Model {
  const { header: output } = parsed;
  const model = { ...output, ...readParts(output, name) };
  if (
    model.bijection.features !== output.columns.length ||
    model.preparation.features !== output.columns.length
  )
    throw damaged(name, `its architecture does not have its ${output.columns.length} columns`);
  if (
    [model.bijection, model.base].some(({ context = 0 }) => context !== 0 && context !== output.given.length)
  )
    throw damaged(name, `its architecture is not given its ${output.given.length} columns`);
  const values = valuesOf(flattenTree(parameterTree(model)), parsed, output.precision, name);
  return { ...model, values } as Model;
}

/** Refuses a description of more than any machine computes; gives it back. */
function checkBounds(json: unknown, what: string, name: string): unknown {
  try {
    checkModelBounds(json, what);
  } catch (error) {
    const { message, expected = "", received = "" } = error as FormatError;
    throw unreadable(name, `cannot be used: ${withoutRemedy(message, undefined)}`, { expected, received });
  }
  return json;
}

/** Numbers at most that a base has beyond its columns. */
const mostLatent = 1024;

/** Lists and objects inside one another, in an architecture. */
const deepest = 100;

/** Refuses sizes above the number of columns, in whatever depth; fewer are those of maps of coordinates. */
function checkFeatures(json: unknown, features: number, what: string): void {
  const rest: { readonly next: unknown; readonly depth: number }[] = [{ next: json, depth: 0 }];
  for (let entry = rest.pop(); entry; entry = rest.pop()) {
    const { next, depth } = entry;
    if (typeof next !== "object" || next === null) continue;
    if (depth > deepest)
      throw unreadable(what, `is nested more than ${deepest} deep`, {
        expected: `at most ${deepest} parts inside one another`,
        received: "more",
      });
    const { features: claimed } = next as { readonly features?: unknown };
    // A shape has as many values as its extents say.
    const size = Array.isArray(claimed) ? claimed.reduce((product, extent) => product * extent, 1) : claimed;
    if (claimed !== undefined && !(size <= features))
      throw unreadable(what, `does not have the ${features} features of the columns`, {
        expected: String(features),
        received: String(claimed),
      });
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
  await Promise.all([...types].map(([registry, names]) => registry.prepare(names)));
}

type Sort = Pick<Registry<unknown>, "prepare">;

/** Members of a description that hold parts of another sort than what they are in. */
const membersOfOtherSort: ReadonlyMap<string, Sort> = /* @__PURE__ */ new Map<string, Sort>([
  ["transformer", transformerRegistry],
  ["conditioner", conditionerRegistry],
  // Of a base that is a flow itself.
  ["bijection", bijectionRegistry],
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
    checkKnownKind(json.kind);
    return {
      base: distributionRegistry.read(json.base),
      bijection: bijectionRegistry.read(json.bijection),
      preparation: bijectionRegistry.read(json.preparation),
      contextPreparation: json.contextPreparation
        ? bijectionRegistry.read(json.contextPreparation)
        : undefined,
    };
  } catch (error) {
    if (error instanceof FormatError) throw errorOfFile(name, error);
    const reason =
      error instanceof PushforwardError
        ? error.message.replace(/\.$/, "")
        : "an option is missing or of the wrong type";
    throw damaged(name, `its architecture cannot be built: ${reason}`);
  }
}

/** The same error, with the file that it is about; facts stay. */
function errorOfFile(
  name: string,
  { message, expected = "", received = "", remedy }: FormatError,
): FormatError {
  const problem = `cannot be read: ${withoutRemedy(message, remedy)}`;
  return unreadable(name, problem, { expected, received, remedy });
}
