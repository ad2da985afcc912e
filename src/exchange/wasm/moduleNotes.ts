/**
 * What a module of ours says about itself in its custom section: what it computes, and how cells enter.
 *
 * @module
 */

import { FormatError } from "../../errors.ts";
import { compileModule } from "../../platform/platform.ts";
import { reasonOf } from "../../platform/systemErrors.ts";
import { areColumnNotes, type ColumnNote } from "../columnNotes.ts";
import { type ExportFunction, exportFunctions } from "../exportOptions.ts";

/** A function of a module. */
export interface FunctionNote {
  /** What it computes. */
  readonly function: ExportFunction;
  /** Numbers of a row that it takes, what is given first. */
  readonly width: number;
  /** Numbers of a row that it gives. */
  readonly results: number;
}

/** The custom section `pushforward`. */
export interface ModuleNotes {
  readonly formatVersion: 1;
  /** Kind of the flow. */
  readonly kind: string;
  /** Numbers of the trained part. */
  readonly precision: "float32" | "float64";
  /** The functions, by the name of their export. */
  readonly functions: Readonly<Record<string, FunctionNote>>;
  /** Columns of a row, in order, behind those that are given. */
  readonly columns: readonly ColumnNote[];
  /** What is given, the first numbers of a row; empty of a flow that is given nothing. */
  readonly given: readonly ColumnNote[];
}

/** Name of the section. */
export const sectionName = "pushforward";

/** Names of exports. */
export const exportNames: Readonly<Record<ExportFunction, string>> = {
  logprob: "logprob",
  "to-base": "to_base",
  sample: "sample",
};

/** Whether bytes begin like a module. */
export function isModule(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
}

function notOurs(received: string): FormatError {
  return new FormatError({
    problem: "the WebAssembly module is not one of pushforward",
    expected: "what `pushforward export` writes",
    received,
    remedy: "export the model anew",
  });
}

/**
 * A module, and what it says about itself.
 * @throws FormatError for bytes that are none, or a module that is not ours or is damaged.
 */
export async function openModule(
  bytes: Uint8Array,
): Promise<{ readonly module: WebAssembly.Module; readonly notes: ModuleNotes }> {
  let module: WebAssembly.Module;
  try {
    module = await compileModule(Uint8Array.from(bytes));
  } catch (error) {
    throw notOurs(reasonOf(error));
  }
  const [section] = WebAssembly.Module.customSections(module, sectionName);
  if (!section) throw notOurs("another module");
  let notes: unknown;
  try {
    notes = JSON.parse(new TextDecoder().decode(section));
  } catch {
    throw notOurs("a damaged description of what it computes");
  }
  const exports = new Map(WebAssembly.Module.exports(module).map(({ name, kind }) => [name, kind]));
  const isWhole =
    exports.get("memory") === "memory" &&
    ["allocate", "release"].every((name) => exports.get(name) === "function") &&
    WebAssembly.Module.imports(module).length === 0;
  if (
    !isWhole ||
    !areNotes(notes) ||
    Object.keys(notes.functions).some((name) => exports.get(name) !== "function")
  )
    throw notOurs("a damaged one");
  return { module, notes };
}

/** Whether a description is one that we write. */
function areNotes(notes: unknown): notes is ModuleNotes {
  const { functions } = (notes ?? {}) as Partial<ModuleNotes>;
  const isFunction = (note: Partial<FunctionNote> | null): boolean =>
    exportFunctions.some((name) => name === note?.function) &&
    [note?.width, note?.results].every((count) => Number.isInteger(count) && count! > 0);
  return (
    areColumnNotes(notes) &&
    typeof functions === "object" &&
    functions !== null &&
    Object.keys(functions).length > 0 &&
    Object.values(functions).every(isFunction)
  );
}
