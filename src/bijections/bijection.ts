/**
 * What a bijection is: a description, written once for one sample, without arrays, batch or engine.
 *
 * `forward` goes from base to data, `inverse` from data to base; each returns its own logAbsDet, in nats, a scalar.
 *
 * @module
 */

import { ShapeError } from "../errors.ts";
import type { Expr } from "../graph/expr.ts";
import { logAddExp } from "../graph/ops/arithmetic.ts";
import { checkReturned, constant } from "../graph/ops/leaves.ts";
import type { Bound, ParameterTree } from "../graph/parameters.ts";
import { anObject, checkArgument, type OptionKind } from "../options.ts";
import { type Interval, isWithin, misfit, realLine } from "../transformers/interval.ts";

/** A value and the logAbsDet of the direction that gave it. */
export interface Mapped {
  /** The image, of the shape `[features]`. */
  readonly value: Expr;
  /** log abs(det J) of the direction that gave it, in nats; a scalar. */
  readonly logAbsDet: Expr;
}

/** One preimage under a map with several branches; `valid` is 1 where the branch reaches the point, else 0. */
export interface Branch extends Mapped {
  /** 1 where the branch reaches the point, else 0; a scalar. */
  readonly valid: Expr;
}

/** Rows of data that parameters start from. */
export interface DataRows {
  /** Row-major, `features` numbers a row. */
  readonly values: Float64Array;
  /** A weight for each row, or none. */
  readonly weights?: Float64Array | undefined;
}

/** Numbers by name of a parameter. */
export type NamedValues = Readonly<Record<string, Float64Array>>;

/** Plain data that describes a bijection: `type` names its row in the registry. */
export interface BijectionJson {
  /** Name of the row in the registry. */
  readonly type: string;
  readonly [option: string]: unknown;
}

/** A differentiable map with a differentiable inverse; see the file's head. */
export interface Bijection {
  /** Name of its row in the registry, as `toJSON` writes it. */
  readonly type: string;
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Size of what it is conditioned on; 0 where unconditional. */
  readonly context: number;
  /**
   * What it needs besides its argument, by name; `forward` and `inverse` get the same tree bound to
   * expressions.
   */
  readonly parameters: ParameterTree;
  /** Where each feature of x lies (default: anywhere). Outside of it nothing is promised of `forward`. */
  readonly domain?: readonly Interval[] | undefined;
  /** Where each feature of y lies (default: anywhere). Elsewhere the logAbsDet of `inverse` is minus infinity. */
  readonly codomain?: readonly Interval[] | undefined;
  /** For each feature of y the feature of x that it is, as it was; undefined for one that is computed (default: all are). */
  readonly passes?: readonly (number | undefined)[] | undefined;
  /** What the features of x obey together, in words, where intervals do not say it: `ascending numbers` (default: nothing). */
  readonly domainRegion?: string | undefined;
  /** What the features of y obey together. Elsewhere the logAbsDet of `inverse` is minus infinity. */
  readonly codomainRegion?: string | undefined;
  /** Base to data. */
  forward(x: Expr, parameters: Bound, context?: Expr): Mapped;
  /** Data to base. */
  inverse(y: Expr, parameters: Bound, context?: Expr): Mapped;
  /** Values of its parameters that data on its side of the data give before training, by name; the others keep theirs. */
  valuesFrom?(rows: DataRows): NamedValues | Promise<NamedValues>;
  /**
   * New values of its `state` parameters after a step of training, by name, from rows of a batch on its side of the data.
   * @param mean - Takes a value of each row to its mean over the batch.
   */
  nextState?(y: Expr, parameters: Bound, mean: (value: Expr) => Expr): Readonly<Record<string, Expr>>;
  /** All preimages of y, for a map that is not one to one; then `inverse` gives the first. */
  branches?(y: Expr, parameters: Bound, context?: Expr): readonly Branch[];
  /**
   * The logarithm of the sum of e^term over all preimages, for one that has many: a loop, which is compiled once (default: those of
   * {@link Bijection.branches} one by one). A scalar. Refused without `branches`, by which a map is known to have several.
   * @param term - Of a preimage, which is asked for one that stands for all.
   */
  sumOfBranches?(y: Expr, parameters: Bound, term: (branch: Branch) => Expr, context?: Expr): Expr;
  /** The description that {@link bijectionFromJson} reads back. */
  toJSON(): BijectionJson;
}

/** What a bijection is, for checks of arguments. */
export const aBijection: OptionKind = {
  expected: "a bijection",
  accepts: (value) =>
    typeof value === "object" &&
    value !== null &&
    typeof (value as Bijection).forward === "function" &&
    typeof (value as Bijection).parameters === "object" &&
    typeof (value as Bijection).features === "number" &&
    !((value as Bijection).sumOfBranches && !(value as Bijection).branches),
};

/**
 * Refuses a map of several branches, for a combinator that takes none.
 * @throws ShapeError
 */
export function checkOneToOne(where: string, { type, branches }: Bijection, remedy?: string): void {
  if (!branches) return;
  const received = "a map of several branches, which has no inverse function";
  throw new ShapeError({ where, subject: type, expected: "one to one", received, remedy });
}

/**
 * What a direction of a bijection gave, which may be one of a user's own.
 * @throws UsageError for what is not `{ value, logAbsDet }`, ShapeError for other shapes.
 */
export function checkedMap<Image extends Mapped>(
  { type, features }: Bijection,
  direction: "forward" | "inverse" | "branches",
  mapped: Image,
): Image {
  const where = `${direction} of the bijection "${type}"`;
  checkArgument(where, "what it returns", mapped, anObject, "return { value, logAbsDet }");
  checkReturned(where, "value", mapped.value, [features]);
  checkReturned(where, "logAbsDet", mapped.logAbsDet, []);
  return mapped;
}

/** All preimages of y, be it one. */
export const branchesOf = (
  bijection: Bijection,
  y: Expr,
  parameters: Bound,
  context?: Expr,
): readonly Branch[] =>
  bijection.branches?.(y, parameters, context) ?? [
    { ...checkedMap(bijection, "inverse", bijection.inverse(y, parameters, context)), valid: constant(1) },
  ];

/** The logarithm of the sum of e^term over them; see {@link Bijection.sumOfBranches}. */
export const sumOfBranches = (
  bijection: Bijection,
  y: Expr,
  parameters: Bound,
  term: (branch: Branch) => Expr,
  context?: Expr,
): Expr =>
  bijection.sumOfBranches?.(y, parameters, term, context) ??
  branchesOf(bijection, y, parameters, context)
    .map(term)
    .reduce((total, next) => logAddExp(total, next));

/** Where and how bijections one after another take and give their features. */
export type Passage = Pick<Bijection, "domain" | "codomain" | "passes">;

/** Where a feature lies, and which of x it is, as it was; undefined for one that was computed. */
interface Feature {
  readonly from?: number | undefined;
  lies: Interval;
}

/**
 * What bijections one after another take and give: what one of them asks of a feature that only passes those before it is asked of x.
 * @param parts - At least one, of equally many features, that of the base first.
 * @throws UsageError that names both, where one does not take what the one before it gives.
 */
export function passageOf(where: string, parts: readonly Bijection[]): Passage {
  const own: Feature[] = Array.from({ length: parts[0]!.features }, (_, from) => ({ from, lies: realLine }));
  let now = own;
  parts.forEach((part, i) => {
    const { type, domain, codomain, passes } = part;
    const before = parts[i - 1];
    domain?.forEach((taken, k) => {
      const feature = now[k]!;
      const given = feature.lies;
      const [low, high] = (feature.lies = [Math.max(given[0], taken[0]), Math.min(given[1], taken[1])]);
      if (isWithin(given, taken) || (feature.from !== undefined && low < high)) return;
      throw misfit(where, `feature ${k} of ${before?.type}`, given, `that of ${type}`, taken);
    });
    if (before) checkRegion(where, before.type, part, before.codomainRegion);
    now = now.map((_, k) => now[passes?.[k] ?? -1] ?? { lies: codomain?.[k] ?? realLine });
  });
  const intervals = (features: readonly Feature[]): readonly Interval[] | undefined =>
    features.every(({ lies }) => isWithin(realLine, lies)) ? undefined : features.map(({ lies }) => lies);
  return { domain: intervals(own), codomain: intervals(now), passes: now.map(({ from }) => from) };
}

/**
 * Refuses a bijection whose features obey together what those before it do not.
 * @throws UsageError that names both.
 */
export function checkRegion(where: string, first: string, second: Bijection, given?: string): void {
  const { type, domainRegion } = second;
  if (domainRegion === undefined || domainRegion === given) return;
  throw misfit(where, first, given ?? "any vector", type, domainRegion);
}
