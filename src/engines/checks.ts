/**
 * What all engines check about what they are given, before any of it takes effect.
 *
 * @module
 */

import { ShapeError } from "../errors.ts";
import { refuse } from "../options.ts";
import type { Arrays, RunInputs, Steps } from "./engine.ts";

/** A leaf of a program: its name, and the elements that it has for each row or step. */
interface Leaf {
  readonly name: string;
  readonly size: number;
}

/**
 * The numbers of each input, in order.
 * @throws {@link ShapeError} if there is no row, or an input has not `rows` times its size.
 */
export function inputsOf(
  where: "run" | "load",
  { rows, inputs }: RunInputs,
  leaves: readonly Leaf[],
): Float64Array[] {
  if (!(Number.isSafeInteger(rows) && rows >= 1))
    throw new ShapeError({
      where,
      subject: "rows",
      expected: "a whole number of at least one",
      received: `${rows}`,
    });
  return leaves.map(({ name, size }) => {
    const data = inputs[name];
    if (data?.length !== rows * size)
      throw new ShapeError({
        where,
        subject: `input "${name}"`,
        expected: `${rows * size} numbers`,
        received: String(data?.length ?? "none"),
      });
    return data;
  });
}

/**
 * All elements of a step input for so many steps, one step after another.
 * @throws {@link ShapeError} if they are missing, too few or too many.
 */
export function stepInputOf(stepInputs: Arrays, { name, size }: Leaf, steps: number): Float64Array {
  const values = stepInputs[name];
  if (values?.length !== steps * size)
    throw new ShapeError({
      where: "step",
      subject: `step input "${name}"`,
      expected: `${steps * size} numbers, ${size} for each of ${steps} steps`,
      received: String(values?.length ?? "none"),
    });
  return values;
}

/**
 * Checks the rows of steps.
 * @throws {@link ShapeError} if none were loaded, a row is not among them, or counts and indices do not fit together.
 */
export function checkSteps({ indices, counts, firstStep = 0 }: Steps, loadedRows: number): void {
  if (loadedRows === 0)
    throw new ShapeError({
      where: "step",
      problem: "no rows were loaded",
      expected: "loaded rows",
      received: "none",
      remedy: "call load first",
    });
  let total = 0;
  counts.forEach((count, step) => {
    if (!(Number.isSafeInteger(count) && count >= 0))
      throw new ShapeError({
        where: "step",
        subject: `the count of step ${step}`,
        expected: "a whole number of rows",
        received: `${count}`,
      });
    total += count;
  });
  if (total !== indices.length)
    throw new ShapeError({
      where: "step",
      problem: `the counts add up to ${total} rows, and there are ${indices.length} indices`,
      expected: `${total} indices`,
      received: `${indices.length}`,
      remedy: "give one index for each row of a step",
    });
  // A plain loop: there are millions of them, and this thread is to stay free.
  let stray = 0;
  while (stray < indices.length && indices[stray]! < loadedRows) stray++;
  if (stray < indices.length)
    throw new ShapeError({
      where: "step",
      problem: `index ${stray} is row ${indices[stray]}, and ${loadedRows} rows were loaded, counted from 0`,
      expected: `a row below ${loadedRows}`,
      received: `${indices[stray]}`,
    });
  if (!(Number.isSafeInteger(firstStep) && firstStep >= 0))
    refuse("step", "firstStep", "a whole number, 0 or more", firstStep);
}

/**
 * Checks new values of parameters.
 * @param sizes - Elements of each parameter that the program has.
 * @throws {@link ShapeError} if a name is not among them, or an array has another length.
 */
export function checkParameters(values: Arrays, sizes: ReadonlyMap<string, number>): void {
  for (const [name, data] of Object.entries(values)) {
    const size = sizes.get(name);
    if (size === undefined)
      throw new ShapeError({
        where: "setParameters",
        problem: `the program has no parameter "${name}"`,
        expected: "a parameter of the program",
        received: `"${name}"`,
        remedy: `it has ${listOf(sizes)}`,
      });
    if (size !== data.length)
      throw new ShapeError({
        where: "setParameters",
        subject: `"${name}"`,
        expected: `${size} numbers`,
        received: `${data.length}`,
      });
  }
}

/** The first names, so that the line stays one. */
function listOf(sizes: ReadonlyMap<string, number>): string {
  const names = Array.from(sizes.keys(), (name) => `"${name}"`);
  if (names.length === 0) return "none";
  return names.length <= 8
    ? names.join(", ")
    : `${names.slice(0, 8).join(", ")} and ${names.length - 8} more`;
}
