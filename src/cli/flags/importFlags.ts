/**
 * Flags of `import`.
 *
 * @module
 */

import type { ImportOptions } from "../../entries/exchange.ts";
import { importedLibraries } from "../../entries/options.ts";
import { listOfWords } from "../options.ts";
import type { OptionFlags } from "./optionFlags.ts";

/** The flags. */
export const importFlags: OptionFlags<ImportOptions> = {
  from: {
    flag: "--from",
    value: "library",
    help: `Python library that made the model: ${listOfWords(importedLibraries)}`,
    usual: "that of the config's class",
  },
  columns: {
    flag: "--columns",
    value: "names",
    help: "names of the features, in the model's order, such as a,b",
    usual: "x1,x2,...",
  },
  given: {
    flag: "--given",
    value: "names",
    help: "names of what a conditional model is given",
    usual: "c1,c2,...",
  },
  precision: {
    flag: "--precision",
    value: "name",
    help: "float64, or float32: twice as fast, with six digits",
    usual: "float64",
  },
};
