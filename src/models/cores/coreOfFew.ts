/**
 * What evaluates models that few are: loaded where there is one.
 *
 * @module
 */

import type { Model } from "../model.ts";
import type { FlowCore } from "./flowCore.ts";

/**
 * The core of a model of angles, or of one that knows a bound alone.
 * @param name - What messages call its file.
 */
export async function coreOfFew(model: Model, name: string): Promise<FlowCore> {
  if (model.base.bound) return new (await import("./boundCore.ts")).BoundCore(model);
  return (await import("./circularCore.ts")).circularCore(model, name);
}
