/**
 * What a module of ours says about itself in its custom section: what it computes, and how cells enter.
 *
 * @module
 */

import { FormatError } from "../../errors.ts";
import { compileModule } from "../../platform/platform.ts";
import { reasonOf } from "../../platform/systemErrors.ts";
import type { ColumnNote } from "../columnNotes.ts";
import type { ExportFunction } from "../exportOptions.ts";

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
 * @throws FormatError for bytes that are none, or a module without such a section.
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
  return { module, notes: JSON.parse(new TextDecoder().decode(section)) as ModuleNotes };
}
