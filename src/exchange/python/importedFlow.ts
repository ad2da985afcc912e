/**
 * The flow of a state dict and the call that made it: finds the library and the class, and puts together the model.
 *
 * @module
 */

import { kindOf } from "../../architectures/kindOf.ts";
import { checkBase } from "../../distributions/density.ts";
import { ShapeError, UsageError } from "../../errors.ts";
import { loadParts } from "../../models/files/modelFile.ts";
import { type Flow, flowOfModel } from "../../models/flow.ts";
import type { Model } from "../../models/model.ts";
import { type ImportedLibrary, type ImportOptions, importedLibraries } from "../importOptions.ts";
import { Call } from "./call.ts";
import { identityOf } from "./identity.ts";
import { range } from "./matrices.ts";
import { type ImportedParts, under } from "./part.ts";
import { StateDict } from "./stateDict.ts";

/** The importers of a library, by the name of the class. */
type Importers = Readonly<Record<string, (call: Call, state: StateDict) => ImportedParts>>;

/** Each library's, loaded where a model is of it; and its version. */
const libraries: Readonly<
  Record<ImportedLibrary, { load(): Promise<{ importers: Importers }>; version: string }>
> = {
  flowjax: { load: () => import("./flowjax/flows.ts"), version: "19.1" },
  nflows: { load: () => import("./nflows/flows.ts"), version: "0.14" },
  normflows: { load: () => import("./normflows/flows.ts"), version: "1.7" },
  zuko: { load: () => import("./zuko/flows.ts"), version: "1.6" },
};

/** See `importModel`. */
export async function importedFlow(bytes: Uint8Array, config: object, options: ImportOptions): Promise<Flow> {
  const call = new Call(config, "config");
  const library = libraryOf(call, options.from);
  const { importers } = await libraries[library].load();
  const make = Object.hasOwn(importers, call.name) ? importers[call.name] : undefined;
  if (!make) throw call.unknown(Object.keys(importers), `class of ${library}`);
  const state = StateDict.of(bytes);
  const { bijection, values, base, turnsFrom } = make(call, state);
  state.done();
  const { features } = bijection;
  const context = Math.max(bijection.context, base.base.context ?? 0);
  const columns = namesOf("columns", options.columns, features, "x");
  const given = namesOf("given", options.given, context, "c");
  const both = columns.find((name) => given.includes(name));
  if (both !== undefined || new Set([...columns, ...given]).size < columns.length + given.length)
    throw new UsageError({
      where: "importModel",
      problem: `a column is named twice in columns and given: ${[...columns, ...given].join(", ")}`,
      expected: "different names",
      received: both ?? "one name twice",
    });
  checkBase("importModel", base.base, bijection);
  const model: Model = {
    kind: kindOf({ bijection }),
    base: base.base,
    bijection,
    preparation: identityOf(features).bijection,
    contextPreparation: context > 0 ? identityOf(context).bijection : undefined,
    columns,
    given,
    ...(turnsFrom
      ? {
          schema: {
            columns: [
              ...given.map((name) => ({ name, kind: "continuous", use: "fit" }) as const),
              ...columns.map((name, i) => {
                const lower = turnsFrom[i]!;
                return { name, kind: "angle", use: "fit", lower, period: 2 * Math.PI } as const;
              }),
            ],
          },
        }
      : {}),
    precision: options.precision ?? "float64",
    fitted: {
      rows: 0,
      seed: 0,
      epochs: 0,
      dequantized: {},
      imported: `${library} ${libraries[library].version}, ${call.name}`,
    },
    values: { ...under("base", base.values), ...under("bijection", values) },
  };
  await loadParts(model);
  return await flowOfModel(model);
}

function libraryOf(call: Call, from: ImportedLibrary | undefined): ImportedLibrary {
  const named = call.library;
  const library = from ?? importedLibraries.find((each) => each === named);
  if (library !== undefined && (named === undefined || named === library)) return library;
  throw new UsageError({
    where: "importModel",
    problem:
      from === undefined
        ? `the class ${call.dottedName} does not begin with the name of a library that is imported (${importedLibraries.join(", ")})`
        : `the class ${call.dottedName} is not of ${from}`,
    expected: `a class of ${from ?? importedLibraries.join(", ")}`,
    received: call.dottedName,
    remedy:
      from === undefined
        ? "give its dotted name, or the option from"
        : "give the library that made the model",
  });
}

function namesOf(
  option: string,
  given: readonly string[] | undefined,
  count: number,
  letter: string,
): readonly string[] {
  if (given === undefined) return range(count).map((i) => `${letter}${i + 1}`);
  if (given.length === count && given.every((name) => name !== "")) return given;
  throw new ShapeError({
    where: "importModel",
    subject: option,
    expected: count === 0 ? "left out, as the model is not conditional" : `${count} names, as the model has`,
    received: `${given.length}`,
  });
}
