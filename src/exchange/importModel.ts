/**
 * Models that were trained with a Python library, as flows of ours.
 *
 * @module
 */

import type { Flow } from "../models/flow.ts";
import { anObject, checkArgument, checkedOptions, type OptionKind } from "../options.ts";
import { type ImportOptions, importOptionTable } from "./importOptions.ts";

const someBytes: OptionKind = {
  expected: "the bytes of a .safetensors file, a Uint8Array or an ArrayBuffer",
  accepts: (value) => value instanceof Uint8Array || value instanceof ArrayBuffer,
};

/**
 * A flow that computes what a model of zuko 1.6, nflows 0.14, normflows 1.7 or FlowJAX 19.1 computes, of its state dict as a safetensors file and of the constructor call that
 * made it. Its log-densities and samples are those of the library in evaluation mode, to rounding; it is an ordinary flow afterwards.
 *
 * @param bytes - The state dict, as `safetensors.torch.save_file(model.state_dict(), path)` or `pushforward_export.py` writes it.
 * @param config - The constructor call: `{ class: "zuko.flows.NSF", arguments: { features: 5, transforms: 2 } }`. A class or a
 *   function is its dotted name or its last part, a tensor a nested list, an instance an object of the same form; what is left out
 *   has the default of the library.
 * @throws UsageError for a config that is not understood, FormatError for a state dict that does not fit it; both name the class,
 *   argument or tensor. Nothing is ignored.
 * @example
 * const flow = await importModel(await readFile("nsf.safetensors"), JSON.parse(await readFile("nsf.json", "utf8")));
 */
export async function importModel(
  bytes: Uint8Array | ArrayBuffer,
  config: object,
  options: ImportOptions = {},
): Promise<Flow> {
  checkArgument("importModel", "bytes", bytes, someBytes);
  checkArgument(
    "importModel",
    "config",
    config,
    anObject,
    'such as { class: "zuko.flows.NSF", arguments: { features: 5 } }',
  );
  const checked = checkedOptions("importModel", options, importOptionTable);
  const { importedFlow } = await import("./python/importedFlow.ts");
  return await importedFlow(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes), config, checked);
}
