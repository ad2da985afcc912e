/**
 * A density that is written on the command line: `--density "7 * log(rate) - 4.1 * rate" --parameters rate=positive`.
 *
 * @module
 */

import { UsageError } from "../entries/errors.ts";
import type { FormulaScope, formula, LogDensity, ParameterDescriptions, Table } from "../index.ts";

/** One parameter of the list: its name, its size where it is a vector, and its bounds. */
const parameterPattern = /^([A-Za-z_]\w*)(?:\[(\d+)\])?\s*=\s*(real|positive|([^:\s]*):([^:\s]*))$/;

const written = "name=real, name=positive, name=LOW:HIGH or name[SIZE]=...";

/** The descriptions that a list such as `mu=real, tau=positive, p=0:1, eta[8]=real` writes. */
export function parseParameters(list: string): ParameterDescriptions {
  const parameters: Record<string, NonNullable<ParameterDescriptions[string]>> = {};
  for (const part of list.split(",").map((text) => text.trim())) {
    const match = parameterPattern.exec(part);
    if (!match)
      throw new UsageError({
        where: "--parameters",
        problem: `"${part}" is not ${written}`,
        expected: written,
        received: `"${part}"`,
        remedy: 'an example: "mu=real, tau=positive, p=0:1, eta[8]=real"',
      });
    const [, name, size, kind, low, high] = match;
    if (Object.hasOwn(parameters, name!))
      throw new UsageError({
        where: "--parameters",
        problem: `"${name}" stands there twice`,
        expected: "each name once",
        received: `"${name}" twice`,
        remedy: "name it once",
      });
    const above = kind === "positive" ? 0 : bound(name!, low);
    const below = bound(name!, high);
    parameters[name!] = {
      ...(size !== undefined && { size: Number(size) }),
      ...(above !== undefined && { above }),
      ...(below !== undefined && { below }),
    };
  }
  return parameters;
}

/** A bound as a number, or none. */
function bound(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (!Number.isFinite(value))
    throw new UsageError({
      where: "--parameters",
      problem: `the bound "${text}" of "${name}" is not a number`,
      expected: "a number",
      received: `"${text}"`,
    });
  return value;
}

/** The density of a formula, in which the columns of a table stand for vectors of data. */
export function formulaDensity(
  text: string,
  parameters: ParameterDescriptions,
  data: Table | undefined,
  read: typeof formula,
): LogDensity {
  const width = data?.columns.length ?? 0;
  const columns = (data?.columns ?? []).map((name, i): [string, Float64Array] => [
    name,
    Float64Array.from({ length: data!.rows }, (_, row) => data!.values[row * width + i]!),
  ]);
  for (const [name] of columns)
    if (Object.hasOwn(parameters, name))
      throw new UsageError({
        problem: `"${name}" is a parameter and a column of --data`,
        expected: "two names",
        received: `"${name}" twice`,
        remedy: "rename one of them",
      });
  const known: FormulaScope = Object.fromEntries(columns);
  return (values) => read(text, { ...known, ...values });
}
