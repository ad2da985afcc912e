/**
 * Flows as files for other software.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { type Flow, load } from "../models/flow.ts";
import { checkArgument, checkedOptions, type OptionKind, text } from "../options.ts";
import { exportedFunctions, formOf } from "./exportCells.ts";
import { type ExportOptions, exportOptionTable } from "./exportOptions.ts";

/** What `fit` and `load` give. */
export const aFlow: OptionKind = {
  expected: "a flow",
  accepts: (value) => typeof (value as Flow | null)?.toBytes === "function",
};

const someBytes: OptionKind = {
  expected: "the bytes of an exported module, a Uint8Array",
  accepts: (value) => value instanceof Uint8Array,
};

/**
 * A flow as the bytes of a file for other software.
 *
 * An `onnx` graph takes `rows` `[n, columns]` in the flow's order, and `given` `[n, given]` of a conditional flow, or `noise` to sample; it
 * gives `logProb` `[n]`, `base` or `rows`. Its metadata say under `pushforward`, as JSON, what each column is and how levels, moments and
 * missing cells enter. A row that misses a value has a result that is not a number, one that cannot be a log-density of minus infinity.
 *
 * A `wasm` module imports nothing, and has its weights inside. It exports `memory`, `allocate(bytes) -> address`, `release(address)`, and
 * the functions `logprob`, `to_base` and `sample` that were asked for: `(rows, count, results)`, addresses of float64 and the number of rows.
 * A row has what is given first, then the columns, or the noise: `sample_width()` numbers, and so of the others. Its custom section `pushforward` says the same of columns as the metadata.
 *
 * A `json` file holds what the model file holds, in text: its format is in the documentation.
 *
 * @throws UsageError for what a flow of its kind cannot be exported as, and why.
 * @example await writeFile("flow.onnx", await exportModel(flow, { to: "onnx" }));
 */
export async function exportModel(flow: Flow, options: ExportOptions): Promise<Uint8Array> {
  checkArgument("exportModel", "flow", flow, aFlow, "`fit` and `load` give flows");
  const checked = checkedOptions("exportModel", options, exportOptionTable);
  if (checked.to === "json") {
    for (const name of ["function", "precision"] as const)
      if (checked[name] !== undefined)
        throw new UsageError({
          where: "exportModel",
          problem: `${name} is of onnx and wasm: a json file holds the whole model, as it is`,
          expected: `json without ${name}`,
          received: checked[name],
          remedy: "leave it out",
        });
    const { modelJson } = await import("./json/modelJson.ts");
    return modelJson(flow);
  }
  const { to, function: what = "logprob", precision = "float64" } = checked;
  const functions = exportedFunctions(formOf(flow.description.kind), to, what);
  // As its file has it: a fit in float32 may hold more digits than are saved.
  const saved = await load(flow.toBytes());
  if (to === "wasm") {
    const { wasmBytes } = await import("./wasm/wasmBytes.ts");
    return await wasmBytes(saved, functions, precision);
  }
  const { onnxBytes } = await import("./onnx/onnxBytes.ts");
  return await onnxBytes(saved, functions[0]!, precision);
}

/**
 * Writes what {@link exportModel} gives to a file, whole or not at all.
 *
 * @returns The number of bytes.
 * @throws As {@link exportModel}; FormatError if the file cannot be written.
 * @example await writeExport(flow, "flow.onnx", { to: "onnx", precision: "float32" });
 */
export async function writeExport(flow: Flow, path: string, options: ExportOptions): Promise<number> {
  checkArgument("writeExport", "path", path, text);
  const bytes = await exportModel(flow, options);
  const { writeFileAtomically } = await import("../platform/files.ts");
  await writeFileAtomically(path, bytes);
  return bytes.length;
}

/**
 * SQL that installs a module of {@link exportModel} in ClickHouse: the module itself, under its name and a digest, so that another version
 * takes its place without a gap; and of each of its functions one of ClickHouse, `<name>_logprob`, `<name>_to_base`, `<name>_sample`. They
 * take what is given, then the columns, or the noise. Of mixed columns they take cells as a table of ClickHouse has them: levels as text,
 * dates and times, NULL. The module's memory is 128 MiB there and does not grow, which makes its functions a fifth faster; one that has more than half of
 * that in it at the start grows as the file's does.
 *
 * @param name - Letters, digits and underscores.
 * @returns Statements without semicolons, in order. The server's configuration must allow modules: see the documentation.
 * @throws UsageError for another name; FormatError for a module of others.
 * @example for (const statement of await clickHouseStatements(bytes, "orders")) await client.command({ query: statement });
 */
export async function clickHouseStatements(bytes: Uint8Array, name: string): Promise<string[]> {
  checkArgument("clickHouseStatements", "bytes", bytes, someBytes);
  checkArgument("clickHouseStatements", "name", name, text);
  return await (await import("./wasm/clickHouseSql.ts")).statementsOf(bytes, name);
}
