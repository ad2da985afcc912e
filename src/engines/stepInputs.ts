/**
 * What all engines check about the numbers that come with a step.
 *
 * @module
 */

import { ShapeError } from "../errors.ts";
import type { Arrays } from "./engine.ts";

/**
 * All elements of a step input for so many steps, one step after another.
 * @throws {@link ShapeError} if they are missing, too few or too many.
 */
export function stepInputOf(
  stepInputs: Arrays,
  { name, size }: { readonly name: string; readonly size: number },
  steps: number,
): Float64Array {
  const values = stepInputs[name];
  if (values?.length !== steps * size)
    throw new ShapeError(
      `The step input "${name}" needs ${steps * size} numbers, ${size} for each of ${steps} steps, got ${values?.length ?? "none"}.`,
    );
  return values;
}
