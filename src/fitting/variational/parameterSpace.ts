/**
 * The parameters of a density: their names, sizes and bounds, and the map to them from numbers without bounds.
 *
 * @module
 */

import type { Bijection } from "../../bijections/bijection.ts";
import { boundDistances, bounded } from "../../bijections/domains/bounded.ts";
import { closestName } from "../../closestName.ts";
import { UsageError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import {
  anObject,
  checkArgument,
  checkCount,
  checkedOptions,
  describeValue,
  engineOptions,
  refuse,
  unknownOption,
} from "../../options.ts";
import type { Bounded } from "./judgement/boundDistances.ts";

/** One parameter, a number or a vector. */
export interface ParameterDescription {
  /** Elements of a vector; a parameter without it is one number. */
  readonly size?: number | undefined;
  /** Every element is above this. */
  readonly above?: number | undefined;
  /** Every element is below this. */
  readonly below?: number | undefined;
}

/** Parameters by name: a description, or `real` or `positive` for one number. */
export type ParameterDescriptions = Readonly<Record<string, ParameterDescription | "real" | "positive">>;

/** What the descriptions stand for. */
export interface ParameterSpace {
  /** One name a number: `mu`, `theta[1]`, `theta[2]`, ... */
  readonly columns: readonly string[];
  /** From numbers without bounds to the parameters. */
  readonly bijection: Bijection;
  /** How far from 0 each of the numbers without bounds may be for its parameter to be told from its bounds. */
  readonly reach: readonly number[];
  /** The bound of a parameter that its number without bounds goes to, or the number where there is none. */
  boundNear(column: number, u: number): number;
  /** The parameters, of numbers without bounds `[columns]`, with what the map to them knows. */
  at(u: Expr): Bounded;
  /** The parameters by name, out of the vector of all. */
  read(all: Expr): Readonly<Record<string, Expr>>;
}

/** Names of the elements of a vector of that size, or of one number. */
export function columnsOf(name: string, size: number | undefined): string[] {
  return size === undefined ? [name] : Array.from({ length: size }, (_, i) => `${name}[${i + 1}]`);
}

/** What to write in place of a description that is none. */
function remedyOf(given: unknown): string {
  if (Array.isArray(given) && given.length === 2)
    return `bounds are { above: ${describeValue(given[0])}, below: ${describeValue(given[1])} }`;
  const closest = typeof given === "string" ? closestName(given, ["real", "positive"]) : undefined;
  return closest === undefined ? "" : `did you mean ${JSON.stringify(closest)}?`;
}

/**
 * Reads descriptions.
 * @throws UsageError that names the parameter.
 */
export function parameterSpace(
  descriptions: ParameterDescriptions,
  options: { readonly precision?: "float32" | "float64" | undefined } = {},
): ParameterSpace {
  checkArgument(
    "parameterSpace",
    "parameters",
    descriptions,
    anObject,
    'such as { mu: "real", tau: "positive" }',
  );
  const { precision = "float64" } = checkedOptions("parameterSpace", options, {
    precision: engineOptions.precision,
  });
  const columns: string[] = [];
  const lower: (number | null)[] = [];
  const upper: (number | null)[] = [];
  const places: { name: string; start: number; size: number | undefined }[] = [];
  for (const [name, given] of Object.entries(descriptions)) {
    if (name.trim() === "")
      throw new UsageError({
        where: "parameters",
        problem: `a parameter is called ${JSON.stringify(name)}`,
        expected: "a name",
        received: JSON.stringify(name),
        remedy: "give it a name",
      });
    const known = given === "real" ? {} : given === "positive" ? { above: 0 } : given;
    if (!anObject.accepts(known))
      refuse(
        "parameters",
        `"${name}"`,
        '"real", "positive" or { size, above, below }',
        given,
        remedyOf(given),
      );
    for (const key of Object.keys(known))
      if (!["size", "above", "below"].includes(key))
        throw unknownOption(`parameter "${name}"`, key, ["size", "above", "below"]);
    const { size, above, below } = known;
    if (size !== undefined) checkCount(`parameter "${name}"`, "size", size);
    for (const [key, bound] of Object.entries({ above, below }))
      if (bound !== undefined && !Number.isFinite(bound))
        refuse(`parameter "${name}"`, key, "a finite number", bound);
    if (above !== undefined && below !== undefined && !(above < below))
      throw new UsageError({
        where: `parameter "${name}"`,
        problem: `nothing is above ${above} and below ${below}`,
        expected: "above less than below",
        received: `${above} and ${below}`,
      });
    places.push({ name, start: columns.length, size });
    for (const column of columnsOf(name, size)) {
      if (columns.includes(column))
        throw new UsageError({
          where: "parameters",
          problem: `there are two parameters "${column}"`,
          expected: "a name of its own for each",
          received: `"${column}" twice`,
          remedy: "rename one of them",
        });
      columns.push(column);
      lower.push(above ?? null);
      upper.push(below ?? null);
    }
  }
  if (columns.length === 0)
    throw new UsageError({
      where: "approximate",
      problem: "the density has no parameters",
      expected: "at least one parameter",
      received: "none",
      remedy: "name at least one",
    });
  // As far as exponentials are told from 0 in that precision, with room for what a density does with them.
  const reach = precision === "float64" ? 300 : 60;
  const bounds = { features: columns.length, lower, upper, reach };
  const bijection = bounded(bounds);
  return {
    columns,
    bijection,
    reach: lower.map((a, i) => (a === null && upper[i] === null ? Number.POSITIVE_INFINITY : reach)),
    boundNear: (i, u) => (u < 0 ? lower[i] : upper[i]) ?? u,
    at: (u) => ({ ...bijection.forward(u, {}), ...boundDistances(bounds, u), lower, upper }),
    read: (all) =>
      Object.fromEntries(
        places.map(({ name, start, size }) => {
          const value = g.slice(all, start, start + (size ?? 1));
          return [name, size === undefined ? g.reshape(value, []) : value];
        }),
      ),
  };
}
