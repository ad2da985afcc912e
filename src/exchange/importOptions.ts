/**
 * What can be chosen of an import; light, as nothing of an importer is loaded with it.
 *
 * @module
 */

import { names, type OptionTable, oneOf } from "../options.ts";

/** Libraries whose models can be imported. */
export const importedLibraries = ["zuko", "nflows", "normflows", "flowjax"] as const;

/** Name of a library whose models can be imported. */
export type ImportedLibrary = (typeof importedLibraries)[number];

/** Options of `importModel`. */
export interface ImportOptions {
  /** The library that made the model (default: the one that the class of the config begins with). */
  readonly from?: ImportedLibrary | undefined;
  /** Names of the features, in the model's order (default x1, x2, ...). */
  readonly columns?: readonly string[] | undefined;
  /** Names of what a conditional model is given (default c1, c2, ...). */
  readonly given?: readonly string[] | undefined;
  /** Numbers that the imported model computes with (default `float64`, as exact as the library itself). */
  readonly precision?: "float32" | "float64" | undefined;
}

/** What options of `importModel` may be. */
export const importOptionTable: OptionTable<ImportOptions> = {
  from: oneOf(importedLibraries),
  columns: names,
  given: names,
  precision: oneOf(["float32", "float64"]),
};
