/**
 * The conditioners by type: how a saved description becomes a conditioner again.
 *
 * @module
 */

import { Registry, readersByName } from "../registry.ts";
import type { Conditioner } from "./conditionerContract.ts";
import * as makers from "./makers.ts";

/** All conditioners that a model file may hold, those that users have registered among them. */
export const conditionerRegistry: Registry<Conditioner> = /* @__PURE__ */ new Registry(
  "conditioner",
  "conditioners",
  /* @__PURE__ */ readersByName<Conditioner>(makers, "Conditioner"),
);

/**
 * The conditioner that a description stands for.
 * @throws FormatError for an unknown type.
 */
export function conditionerFromJson(json: unknown): Conditioner {
  return conditionerRegistry.read(json);
}

/** Options of a transform with what they describe read: its transformer, and its conditioner where there is one. */
export function withConditioner(json: { readonly [option: string]: unknown }): {
  readonly conditioner?: Conditioner | undefined;
} {
  return json.conditioner === undefined ? {} : { conditioner: conditionerFromJson(json.conditioner) };
}
