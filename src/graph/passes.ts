/**
 * What comes out of each pass over a graph, for who wants to look at it: tests check it by `checkGraph`. Nobody looks otherwise.
 *
 * @module
 */

import type { Expr } from "./expr.ts";

/** Gets the name of a pass, what came out of it, and whether it was made inside of a body, whose slots it may hold. */
export type PassObserver = (pass: string, outputs: readonly Expr[], isInside: boolean) => void;

let observer: PassObserver | undefined;

/** Looks at every pass from now on; `undefined` ends it. */
export function observePasses(look: PassObserver | undefined): void {
  observer = look;
}

/** Says that a pass is done; gives its outputs back. */
export function passed<Outputs extends readonly Expr[]>(
  pass: string,
  outputs: Outputs,
  isInside = false,
): Outputs {
  observer?.(pass, outputs, isInside);
  return outputs;
}
