/**
 * Values for a program that uses some of them.
 *
 * @module
 */

import type { Arrays, Executable } from "./engine.ts";

/**
 * Sets those of the values that the program has a parameter for: the values of a model, for one of its programs.
 * @throws ShapeError if one of them has another length than its parameter.
 */
export async function setKnownParameters(executable: Executable, values: Arrays): Promise<void> {
  const entries = Object.entries(values).filter(([name]) => executable.parameters.has(name));
  await executable.setParameters(Object.fromEntries(entries));
}
