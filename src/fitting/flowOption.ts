/**
 * The option `flow` of a fit: a kind by name, an architecture, or a function that makes one.
 *
 * @module
 */

import type { Architecture } from "../architectures/architecture.ts";
import { UsageError } from "../errors.ts";
import { describeValue, type OptionKind, refuse } from "../options.ts";
import { optionText } from "../optionText.ts";

/** Sizes of the samples of a flow, as all named architectures take them. */
export interface FlowSizes {
  /** Numbers of a sample: fitted columns, or parameters. */
  readonly features: number;
  /** Numbers that it is conditioned on; 0 where unconditional. */
  readonly context: number;
}

/** What `flow` may be. */
export type FlowOption<Kind extends string> = Kind | Architecture | ((sizes: FlowSizes) => Architecture);

/** What a value lacks to be an architecture; undefined for what is not an object. */
function lacking(value: unknown): string[] | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const architecture = value as Partial<Architecture>;
  // What JSON keeps of one has no functions.
  const has: Readonly<Record<string, boolean>> = {
    kind: typeof architecture.kind === "string",
    features: typeof architecture.features === "number",
    context: typeof architecture.context === "number",
    transforms: typeof architecture.transforms === "number",
    hidden: Array.isArray(architecture.hidden),
    base: typeof architecture.base?.logProb === "function",
    bijection: typeof architecture.bijection?.inverse === "function",
  };
  return Object.keys(has).filter((name) => !has[name]);
}

/** Whether a value is an architecture. */
export function isArchitecture(value: unknown): value is Architecture {
  return lacking(value)?.length === 0;
}

/** The option, for a table of options. */
export function flowOptionKind(kinds: readonly string[]): OptionKind {
  return {
    expected: `one of ${kinds.join(", ")}, or an architecture such as neuralSplineFlow({ features: 2 }), or a function of { features, context } that gives one`,
    accepts: (value) =>
      kinds.includes(value as string) || typeof value === "function" || isArchitecture(value),
    type: "text",
    choices: kinds,
  };
}

/**
 * The architecture that the option says; undefined for a name, or nothing.
 * @throws UsageError if a function gives something else.
 */
export function architectureOfOption(
  where: string,
  flow: FlowOption<string> | undefined,
  sizes: FlowSizes,
): Architecture | undefined {
  if (flow === undefined || typeof flow === "string") return undefined;
  if (typeof flow !== "function") return flow;
  const architecture: unknown = flow(sizes);
  if (!isArchitecture(architecture))
    refuse(
      where,
      "what flow returns",
      "an architecture, as neuralSplineFlow({ features, context }) gives it",
      architecture,
      lacking(architecture) === undefined ? "" : `it lacks ${lacking(architecture)!.join(", ")}`,
    );
  return architecture;
}

/**
 * Refuses calls of the former form, `fit(architecture, table)`.
 * @throws UsageError that says how to write it.
 */
export function checkFormerCall(where: string, first: unknown, second: unknown, now: string): void {
  if (isArchitecture(first) || isArchitecture(second))
    throw new UsageError({
      where,
      problem: "the architecture is an option",
      expected: now,
      received: "an architecture as an argument of its own",
      remedy: `write ${now}`,
    });
}

/**
 * Refuses options that there are no more.
 * @throws UsageError that says why, and what to do.
 */
export function checkFormerOptions(where: string, options: unknown): void {
  const { dequantize } = (options ?? {}) as { readonly dequantize?: unknown };
  if (dequantize === undefined) return;
  throw new UsageError({
    where,
    problem:
      "there is no dequantize any more: noise made a density of values that are recorded in steps, and the value of a step has a mass",
    expected: "no dequantize",
    received: describeValue(dequantize),
    remedy: `leave it out: ${optionText("flow", "columns")} takes such columns for what they are, and a kind can be named, as in ${optionText("kinds", { price: "continuous" })}`,
  });
}
