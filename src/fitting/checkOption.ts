/**
 * Checks of options, which say what was expected and what came.
 *
 * @module
 */

import { UsageError } from "../errors.ts";

/**
 * Refuses a number outside its domain; one that was left out passes.
 * @throws {@link UsageError} that names the option and its value.
 */
export function checkNumber(
  name: string,
  value: number | undefined,
  fits: (value: number) => boolean,
  expected: string,
): void {
  if (value !== undefined && !fits(value)) throw new UsageError(`${name} must be ${expected}, got ${value}.`);
}

/**
 * Refuses what is no positive integer.
 * @throws {@link UsageError} that names the option and its value.
 */
export function checkCount(name: string, value: number | undefined): void {
  checkNumber(name, value, (own) => Number.isSafeInteger(own) && own >= 1, "a positive integer");
}

/**
 * Refuses a name that is none of the choices; one that was left out passes.
 * @throws {@link UsageError} that names the option, its value and the choices.
 */
export function checkChoice(name: string, value: string | undefined, choices: readonly string[]): void {
  if (value !== undefined && !choices.includes(value))
    throw new UsageError(`${name} must be one of ${choices.join(", ")}, got ${JSON.stringify(value)}.`);
}
