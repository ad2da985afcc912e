/**
 * A flow of mixed columns as an ONNX graph.
 *
 * @module
 */

import { UsageError } from "../../../errors.ts";
import type { Flow } from "../../../models/flow.ts";
import type { ExportFunction } from "../../exportOptions.ts";
import type { Precision } from "../onnxFormulas.ts";
import type { OnnxGraph } from "../onnxGraph.ts";

/** Refuses all of it so far. */
export function writeColumns(_graph: OnnxGraph, _flow: Flow, what: ExportFunction, _type: Precision): void {
  throw new UsageError({
    where: "exportModel",
    problem: `a flow of mixed columns cannot be exported as a graph of ${what}`,
    expected: "a flow of another kind",
    received: "columns",
    remedy: "export it as json",
  });
}
