/**
 * The conditioners by type: how a saved description becomes a conditioner again. The usual one is here
 * from the start; the readers of others are loaded with the first model that holds one.
 *
 * @module
 */

import { Registry, readersByName } from "../registry.ts";
import type { Conditioner } from "./conditionerContract.ts";
import { denseConditioner } from "./denseConditioner.ts";

/** All conditioners that a model file may hold, those that users have registered among them. */
export const conditionerRegistry: Registry<Conditioner> = /* @__PURE__ */ new Registry(
  "conditioner",
  "conditioners",
  /* @__PURE__ */ readersByName<Conditioner>({ denseConditioner }, "Conditioner"),
  [
    { types: ["circular"], load: () => import("./circular/readers.ts") },
    { types: ["convolution"], load: () => import("./convolution/readers.ts") },
    { types: ["layered"], load: () => import("./readers.ts") },
  ],
);

/** Options of a transform with what they describe read: its transformer, and its conditioner where there is one. */
export function withConditioner(json: { readonly [option: string]: unknown }): {
  readonly conditioner?: Conditioner | undefined;
} {
  return json.conditioner === undefined ? {} : { conditioner: conditionerRegistry.read(json.conditioner) };
}
