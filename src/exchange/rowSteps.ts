/**
 * The functions of a flow of a base and a bijection, in data units, as programs on rows: what is given first, then the columns or the
 * noise. What prepares the data is float64 whatever the precision, so that a column of time stamps keeps its digits.
 *
 * @module
 */

import { pushforwardLogProb, pushforwardSample } from "../distributions/density.ts";
import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import { type Bound, bindTree, subtreeOf } from "../graph/parameters.ts";
import { type Model, parameterTree, preparedContext, usesContext } from "../models/model.ts";
import { withFixedDraws } from "../models/scores/fixedDraws.ts";
import type { ExportFunction } from "./exportOptions.ts";
import { withLastShare } from "./lastShare.ts";

/** Values by name. */
export type Values = Readonly<Record<string, Expr>>;

/** A function in three steps; what a step gives, those after it are given by name. The first has `rows`, the last gives `result`. */
export interface RowSteps {
  /** Numbers of a row. */
  readonly width: number;
  /** Float64: cells as the trained part takes them. */
  readonly prepare: (rows: Expr) => Values;
  /** The trained part. */
  readonly compute: (values: Values) => Values;
  /** Float64. */
  readonly finish: (values: Values) => { readonly result: Expr };
}

/** The same names for what a later program reads. */
export function asInputs(values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]): [string, Expr] => [name, g.input(name, value.shape)]),
  );
}

/** A value at least so large is near the end of the range of numbers, where a density is 0. */
const farthest = 1e100;

const isNumber = (value: Expr): Expr => g.lessEqual(value, value);
const isFiniteNumber = (value: Expr): Expr => g.less(g.abs(value), Number.POSITIVE_INFINITY);
const not = (condition: Expr): Expr => g.sub(1, condition);
/** 1 where a condition holds for one of the elements. */
const any = (conditions: Expr): Expr => g.less(0, g.sum(conditions));
const or = (...conditions: Expr[]): Expr => conditions.reduce((all, condition) => g.max(all, condition));
const one = (value: Expr): Expr => g.reshape(value, [1]);

/** Numbers, with 0 in the place of what is not finite. */
const cleaned = (values: Expr): Expr => g.select(isFiniteNumber(values), values, 0);

/** The steps of a function of a model. */
export function stepsOf(model: Model, what: ExportFunction): RowSteps {
  const bound = bindTree(parameterTree(model));
  switch (what) {
    case "logprob":
      return logProbSteps(model, bound);
    case "to-base":
      return baseSteps(model, bound);
    case "sample":
      return sampleSteps(model, bound);
  }
}

const partsOf = (bound: Bound): { readonly base: Bound; readonly bijection: Bound } => ({
  base: subtreeOf(bound, "base"),
  bijection: subtreeOf(bound, "bijection"),
});

/** What the trained part reads of the given cells, and whether one of them is no finite number. */
function given(
  model: Model,
  bound: Bound,
  rows: Expr,
): { readonly context?: Expr; readonly isWithout?: Expr } {
  const count = model.given.length;
  if (count === 0) return {};
  const cells = g.slice(rows, 0, count);
  const isWithout = one(any(not(isFiniteNumber(cells))));
  if (!usesContext(model)) return { isWithout };
  return { context: preparedContext(model, cleaned(cells), bound), isWithout };
}

/** Rows as far as a density and a way to the base have them in common. */
function preparedRows(
  model: Model,
  bound: Bound,
  rows: Expr,
): {
  readonly data: Expr;
  readonly logAbsDet: Expr;
  readonly context?: Expr;
  /** A cell is missing, or a given one infinite. */
  readonly isUnknown: Expr;
  /** A cell is infinite, or shares do not sum to their total. */
  readonly isOff: Expr;
  readonly isFar: Expr;
} {
  const { preparation, given: names } = model;
  const cells = g.slice(rows, names.length, names.length + columnsOf(model).length);
  const { context, isWithout } = given(model, bound, rows);
  const clean = cleaned(cells);
  const closed = closedShares(model, clean);
  const { value, logAbsDet } = preparation.inverse(closed.values, subtreeOf(bound, "preparation"));
  const isMissing = any(not(isNumber(cells)));
  const isInfinite = any(g.less(isFiniteNumber(cells), isNumber(cells)));
  const isFarOff = (values: Expr): Expr => any(not(g.less(g.abs(values), farthest)));
  return {
    data: value,
    logAbsDet: one(logAbsDet),
    ...(context ? { context } : {}),
    isUnknown: one(isWithout ? or(isMissing, g.reshape(isWithout, [])) : isMissing),
    isOff: one(closed.isOff ? or(isInfinite, closed.isOff) : isInfinite),
    isFar: one(or(isFarOff(clean), isFarOff(value))),
  };
}

/** All columns of a row of data. */
const columnsOf = ({ simplex, columns }: Model): readonly string[] => simplex?.columns ?? columns;

/** Rows without the last of shares that sum to a total, and which rows do not: a density of them is 0. */
function closedShares(
  { simplex, columns: names }: Model,
  rows: Expr,
): { readonly values: Expr; readonly isOff?: Expr } {
  if (!simplex) return { values: rows };
  const { shares, total, tolerance, columns } = simplex;
  const cell = (name: string): Expr => g.slice(rows, columns.indexOf(name), columns.indexOf(name) + 1);
  const sum = g.total(...(shares.map(cell) as [Expr, ...Expr[]]));
  const isTotal = g.lessEqual(g.abs(g.sub(sum, total)), tolerance);
  const isInside = shares.reduce<Expr>((all, name) => g.mul(all, g.less(0, cell(name))), isTotal);
  const closed = names.map((name) =>
    shares.includes(name)
      ? g.select(isInside, g.div(g.mul(cell(name), total), g.select(isInside, sum, 1)), total / shares.length)
      : cell(name),
  );
  return { values: g.concatenate(closed), isOff: g.reshape(g.less(isInside, 0.5), []) };
}

function logProbSteps(model: Model, bound: Bound): RowSteps {
  const { base, bijection } = model;
  return {
    width: model.given.length + columnsOf(model).length,
    prepare: (rows) => preparedRows(model, bound, rows),
    compute: ({ data, context }) => {
      const logProb = pushforwardLogProb(base, bijection, data!, partsOf(bound), context);
      return { core: one(base.bound ? withFixedDraws({ logProb }, data!).logProb! : logProb) };
    },
    finish: ({ core, logAbsDet, isUnknown, isOff, isFar }) => {
      const total = g.add(core!, logAbsDet!);
      // A row that is far out and has no number has none because its density is 0; one that lies among the data must not pass for it.
      const isLost = g.mul(not(isNumber(total)), isFar!);
      const possible = g.select(or(isOff!, isLost), Number.NEGATIVE_INFINITY, total);
      return { result: g.select(isUnknown!, Number.NaN, possible) };
    },
  };
}

function baseSteps(model: Model, bound: Bound): RowSteps {
  return {
    width: model.given.length + columnsOf(model).length,
    prepare: (rows) => {
      const { data, context, isUnknown, isOff } = preparedRows(model, bound, rows);
      return { data, ...(context ? { context } : {}), isNone: or(isUnknown, isOff) };
    },
    compute: ({ data, context }) => ({
      core: model.bijection.inverse(data!, partsOf(bound).bijection, context).value,
    }),
    // A place that is beyond the range of numbers, which float32 soon is, is none.
    finish: ({ core, isNone }) => ({
      result: g.select(or(g.reshape(isNone!, []), any(not(isFiniteNumber(core!)))), Number.NaN, core!),
    }),
  };
}

function sampleSteps(model: Model, bound: Bound): RowSteps {
  const { base, bijection, columns, preparation, simplex } = model;
  const count = model.given.length;
  return {
    width: count + base.noise,
    prepare: (rows) => {
      const noise = g.slice(rows, count, count + base.noise);
      const { context, isWithout } = given(model, bound, rows);
      const isNone = any(not(isFiniteNumber(noise)));
      return {
        noise: cleaned(noise),
        ...(context ? { context } : {}),
        isNone: one(isWithout ? or(isNone, g.reshape(isWithout, [])) : isNone),
      };
    },
    compute: ({ noise, context }) => ({
      core: pushforwardSample(base, bijection, noise!, partsOf(bound), context),
    }),
    finish: ({ core, isNone }) => {
      const restored = preparation.forward(core!, subtreeOf(bound, "preparation")).value;
      const values = simplex ? withLastShare(restored, columns, simplex) : restored;
      return { result: g.select(g.reshape(isNone!, []), Number.NaN, values) };
    },
  };
}
