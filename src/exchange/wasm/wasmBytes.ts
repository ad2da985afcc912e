/**
 * A flow as a WebAssembly module that stands alone.
 *
 * @module
 */

import { hasMixedColumns } from "../../architectures/kinds.ts";
import type { Precision } from "../../engines/wasm/emit/vector.ts";
import { type StandaloneFunction, standaloneModule } from "../../engines/wasm/standalone/standaloneModule.ts";
import { sizeOf } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import type { Flow } from "../../models/flow.ts";
import type { ParameterValues } from "../../models/parameters.ts";
import { columnNotesOf } from "../columnNotes.ts";
import type { ExportFunction } from "../exportOptions.ts";
import { asInputs, type RowSteps, stepsOf, type Values } from "../rowSteps.ts";

import { exportNames, type ModuleNotes, sectionName } from "./moduleNotes.ts";

/** See `exportModel`. */
export async function wasmBytes(
  flow: Flow,
  names: readonly ExportFunction[],
  precision: Precision,
): Promise<Uint8Array> {
  const { kind } = flow.description;
  const functionsOf = hasMixedColumns(kind)
    ? await columnsFunctions(flow, names, precision)
    : () =>
        names.map((name) => {
          const { model } = flow;
          return functionOf(exportNames[name], stepsOf(model, name), model.values, precision);
        });
  const notes: ModuleNotes = {
    formatVersion: 1,
    kind,
    precision,
    functions: Object.fromEntries(
      functionsOf(false).map(({ name, width, results }, i) => [
        name,
        { function: names[i]!, width, results },
      ]),
    ),
    ...columnNotesOf(flow),
  };
  return await standaloneModule(functionsOf, { [sectionName]: JSON.stringify(notes) });
}

async function columnsFunctions(
  flow: Flow,
  names: readonly ExportFunction[],
  precision: Precision,
): Promise<(isSmall: boolean) => StandaloneFunction[]> {
  const [{ columnsSteps }, { sumsByComparing }] = await Promise.all([
    import("../columns/columnsSteps.ts"),
    import("../columns/placeSums.ts"),
  ]);
  return (isSmall) =>
    names.map((name) => {
      const { steps, parameters } = columnsSteps(flow, sumsByComparing, isSmall);
      return functionOf(exportNames[name], steps, parameters, precision);
    });
}

/** The steps of a function as programs: one where all is float64, else one each. */
function functionOf(
  name: string,
  { width, prepare, compute, finish }: RowSteps,
  parameters: ParameterValues,
  precision: Precision,
): StandaloneFunction {
  const rows = g.input("rows", [width]);
  const programOf = (values: Values, ofPrecision: Precision): StandaloneFunction["programs"][number] => ({
    program: { rows: values },
    parameters,
    precision: ofPrecision,
  });
  const prepared = prepare(rows);
  if (precision === "float64") {
    const { result } = finish({ ...prepared, ...compute(prepared) });
    return { name, width, results: sizeOf(result.shape), programs: [programOf({ result }, precision)] };
  }
  const given = asInputs(prepared);
  const computed = compute(given);
  const { result } = finish({ ...given, ...asInputs(computed) });
  return {
    name,
    width,
    results: sizeOf(result.shape),
    programs: [
      programOf(prepared, "float64"),
      programOf(computed, precision),
      programOf({ result }, "float64"),
    ],
  };
}
