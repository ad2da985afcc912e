/**
 * What a module of ours says about itself in its custom section: what it computes, and how cells enter.
 *
 * @module
 */

import { FormatError } from "../../errors.ts";
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

/**
 * What a module says about itself.
 * @throws FormatError for a module that has no such section.
 */
export function moduleNotesOf(module: WebAssembly.Module): ModuleNotes {
  const [section] = WebAssembly.Module.customSections(module, sectionName);
  if (section) return JSON.parse(new TextDecoder().decode(section)) as ModuleNotes;
  throw new FormatError({
    problem: "the WebAssembly module is not one of pushforward",
    expected: "what `pushforward export` writes",
    received: "another module",
    remedy: "export the model anew",
  });
}
