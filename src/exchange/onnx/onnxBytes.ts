/**
 * A flow as an ONNX file.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import type { Flow } from "../../models/flow.ts";
import { columnNotesOf } from "../columnNotes.ts";
import type { ExportFunction } from "../exportOptions.ts";
import { inputTypeOf, writeFunction } from "./functionGraph.ts";
import { OnnxGraph } from "./onnxGraph.ts";
import { modelBytes } from "./onnxMessages.ts";
import { notesKey, type OnnxNotes } from "./onnxNotes.ts";

/** Bytes that a message can have. */
const mostBytes = 2 ** 31 - 1;

const outputs: Readonly<Record<ExportFunction, string>> = {
  logprob:
    "Output logProb [n]: log-densities in nats, in the units of the data; minus infinity where the density is 0.",
  "to-base": "Output base [n, columns]: where the base has the rows.",
  sample:
    "Output rows [n, columns]: samples in the units of the data, before they are rounded to recorded steps.",
};

/** See `exportModel`. */
export async function onnxBytes(
  flow: Flow,
  what: ExportFunction,
  precision: "float32" | "float64",
): Promise<Uint8Array> {
  const graph = new OnnxGraph();
  const type = precision === "float32" ? "float" : "double";
  const { kind } = flow.description;
  await writeFunction(graph, flow, what, type);
  const notes: OnnxNotes = {
    formatVersion: 1,
    function: what,
    precision,
    inputType: inputTypeOf(flow, type) === "double" ? "float64" : "float32",
    kind,
    ...columnNotesOf(flow),
    ...(what === "sample" ? { noise: flow.base.noise } : {}),
  };
  const rows =
    what === "sample"
      ? `Input noise [n, ${notes.noise}]: standard normal numbers.`
      : `Input rows [n, ${flow.columns.length}]: ${flow.columns.join(", ")}.`;
  const given =
    flow.given.length > 0 ? ` Input given [n, ${flow.given.length}]: ${flow.given.join(", ")}.` : "";
  const bytes = modelBytes(graph.fields("flow"), {
    description: `${flow}. ${rows}${given} ${outputs[what]}`,
    metadata: { [notesKey]: JSON.stringify(notes) },
  });
  if (bytes.length > mostBytes)
    throw new UsageError({
      where: "exportModel",
      problem: "the graph has more than 2 GiB, which one ONNX file cannot have",
      expected: "a model below 2 GiB",
      received: `${bytes.length} bytes`,
      remedy: "export it in float32, or as json",
    });
  return bytes;
}
