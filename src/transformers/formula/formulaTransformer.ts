/**
 * A monotone map that a user writes as text, `x + a * tanh(b * x)`: x is the number that is mapped, other names are parameters.
 *
 *     forward   y = f(x; a, b, ...)     log derivative log f'(x), derived from the formula
 *     inverse   by a root in a bracket (Chandrupatla 1997)
 *
 * Beyond |x| = reach the map goes on straight with the slope that it has there, 1/1000 at least, so that any number has an image and a
 * preimage; where the numbers that it gives have an end, it stays at the end. A slope below 1e-30 counts as 1e-30.
 *
 * Raw parameters, all numbers: s + raw of a `real` one, l + (s - l) e^c of one above l, h - (h - s) e^c of one below h, with c = raw clipped
 * softly to +-log 100, and of one between both its share of the way in logits. Raw 0 is the start s.
 *
 * Papamakarios et al. (2021), "Normalizing Flows for Probabilistic Modeling and Inference", section 3.1: any monotone function is a transformer.
 *
 * @see https://arxiv.org/abs/1912.02762
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { formula } from "../../graph/library/formula.ts";
import { bodyOfFeatures } from "../../graph/ops/bodies.ts";
import {
  add,
  asExpr,
  clamp,
  div,
  exp,
  less,
  lessEqual,
  log,
  max,
  min,
  mul,
  select,
  sigmoid,
  sub,
  zeros,
} from "../../graph/ops.ts";
import { substitute } from "../../graph/rebuild.ts";
import {
  anObject,
  checkedOptions,
  type OptionTable,
  positive,
  refuse,
  required,
  text,
} from "../../options.ts";
import { type Interval, realLine } from "../interval.ts";
import { softClip } from "../softClip.ts";
import { solvedTransformer } from "../solvedTransformer.ts";
import type { ScalarMapped, Transformer } from "../transformer.ts";
import { checkIncreasing } from "./checkIncreasing.ts";
import { slopeOf } from "./slopeOf.ts";

/** What a parameter of a formula may be. */
export interface FormulaParameter {
  /** It is above this. */
  readonly above?: number | undefined;
  /** It is below this. */
  readonly below?: number | undefined;
  /** Where it starts (default 0; with one bound 1 from it; with two in the middle). */
  readonly start?: number | undefined;
}

/** Options of {@link formulaTransformer}. */
export interface FormulaTransformerOptions {
  /** The map of `x`, base to data, in the syntax of `formula`. */
  readonly formula: string;
  /** What its other names are: `real`, `positive`, or bounds and a start (default: there are none). */
  readonly parameters?: Readonly<Record<string, FormulaParameter | "real" | "positive">> | undefined;
  /** Where x lies, such as `[0, Infinity]` (default: any number); an end that is `null` is none. */
  readonly domain?: readonly [low: number | null, high: number | null] | undefined;
  /** Where what it gives lies (default: any number). */
  readonly codomain?: readonly [low: number | null, high: number | null] | undefined;
  /** From which |x| on the map goes on straight (default 30). */
  readonly reach?: number | undefined;
}

const where = "formulaTransformer";
const ends = {
  expected: "two ends, the lower one first, such as [0, null]; null is none",
  accepts: (value: unknown): boolean => {
    if (!Array.isArray(value) || value.length !== 2) return false;
    const [low, high] = asInterval(value as [number | null, number | null]);
    return typeof low === "number" && typeof high === "number" && low < high;
  },
};
const optionTable: OptionTable<FormulaTransformerOptions> = {
  formula: required(text),
  parameters: anObject,
  domain: ends,
  codomain: ends,
  reach: positive,
};

/** JSON has no infinity. */
function asInterval([low, high]: readonly [number | null, number | null]): Interval {
  return [low ?? Number.NEGATIVE_INFINITY, high ?? Number.POSITIVE_INFINITY];
}

/** What JSON holds of an interval. */
const asEnds = (interval: Interval): (number | null)[] =>
  interval.map((end) => (Number.isFinite(end) ? end : null));

/** An image of the formula and its slope. */
interface Mapped {
  readonly value: Expr;
  readonly slope: Expr;
}

const leastSlope = 1e-30;
/** What a bracket is wider by, for roundings. */
const margin = 1e-3;
/** Slope at least where the map goes on straight: preimages of large numbers are numbers. */
const leastStraightSlope = 1e-3;
const largestLogFactor = Math.log(100);
const largestLogit = 12;

/** A parameter as a function of its raw number. */
function parameterOf(name: string, said: FormulaParameter | "real" | "positive"): (raw: Expr) => Expr {
  const subject = `parameters.${name}`;
  if (!/^[A-Za-z_]\w*$/.test(name) || name === "x")
    refuse(where, "a parameter", "a name of letters and digits, other than x", name);
  const described = said === "real" ? {} : said === "positive" ? { above: 0 } : said;
  const isDescribed = anObject.accepts(described);
  if (!isDescribed)
    refuse(where, subject, "real, positive, or an object such as { above: 0, start: 1 }", said);
  const strange = Object.entries(described).find(
    ([key, value]) =>
      !["above", "below", "start"].includes(key) || (value !== undefined && !Number.isFinite(value)),
  );
  if (strange) refuse(where, `${subject}.${strange[0]}`, "a number, of above, below or start", strange[1]);
  const { above, below } = described;
  const usual =
    above !== undefined && below !== undefined
      ? (above + below) / 2
      : above !== undefined
        ? above + 1
        : below !== undefined
          ? below - 1
          : 0;
  const { start = usual } = described;
  if (!(start > (above ?? Number.NEGATIVE_INFINITY) && start < (below ?? Number.POSITIVE_INFINITY)))
    refuse(where, `${subject}.start`, "between its bounds", start);
  const factor = (raw: Expr): Expr => exp(softClip(raw, largestLogFactor));
  if (above !== undefined && below !== undefined) {
    const logit = Math.log((start - above) / (below - start));
    return (raw) => add(above, mul(below - above, sigmoid(add(logit, softClip(raw, largestLogit)))));
  }
  if (above !== undefined) return (raw) => add(above, mul(start - above, factor(raw)));
  if (below !== undefined) return (raw) => sub(below, mul(below - start, factor(raw)));
  return (raw) => add(start, raw);
}

/** How far inside of an end the formula is evaluated: at the end itself it may be infinite. */
const inside = (end: number): number => (end === 0 ? leastSlope : 2 ** -22 * Math.abs(end));

/**
 * The map of a formula, with one parameter for each of its names, which are trained, or which a conditioner gives. It is tried when it is made, on
 * 257 numbers with parameters at and far from their starts: a formula that falls somewhere is an error that says where.
 *
 * `inverse` costs about ten evaluations of the formula. Where densities are wanted more often than samples, write the map from data to base and
 * take `invertTransformer(formulaTransformer(...))`, whose inverse costs one.
 *
 * Model files hold the text: what reads one needs no code of yours.
 *
 * @throws UsageError for a formula that cannot be read, a name that is no parameter, or a map that does not increase; the message says at which x.
 * @cost forward O(1), inverse some ten times as much
 * @example
 * const transformer = formulaTransformer({
 *   formula: "x + a * tanh(b * x)",
 *   parameters: { a: "positive", b: { above: 0, start: 2 } },
 * });
 */
export function formulaTransformer(options: FormulaTransformerOptions): Transformer {
  const checked = checkedOptions(where, options, optionTable);
  const { formula: written, parameters = {}, reach = 30 } = checked;
  const [domain, codomain] = [checked.domain, checked.codomain].map((own) =>
    own ? asInterval(own) : realLine,
  ) as [Interval, Interval];
  const names = Object.keys(parameters);
  const readers = names.map((name) => parameterOf(name, parameters[name]!));
  const low = Number.isFinite(domain[0])
    ? domain[0] + inside(domain[0])
    : Math.min(-reach, domain[1] - reach);
  const high = Number.isFinite(domain[1])
    ? domain[1] - inside(domain[1])
    : Math.max(reach, domain[0] + reach);
  /** Whether it goes on straight below and above. */
  const [below, above] = [0, 1].map((i) => !Number.isFinite(domain[i]!) && !Number.isFinite(codomain[i]!));

  const blocks = names.length > 0 ? [zeros([1]), zeros([1, names.length])] : [zeros([1])];
  const { slots, results } = bodyOfFeatures(blocks, ([at], own = []) => {
    const values = names.map((_, i) => readers[i]!(own[i]!));
    const image = formula(written, {
      ...Object.fromEntries(names.map((name, i) => [name, values[i]!])),
      x: at!,
    });
    if (image.shape.length > 0) refuse(where, "formula", "of one number", `one of shape [${image.shape}]`);
    return [[image], values];
  });
  const [x] = slots[0] as [Expr];
  const raws = slots[1] ?? [];
  const [[value], named] = results as [[Expr], readonly Expr[]];
  const slope = slopeOf(value, x);
  /** The formula and its slope at a number between the two ends. */
  const within = (at: Expr, raw: readonly Expr[]): Mapped => {
    const put = new Map<Expr, Expr>([[x, at], ...raws.map((own, i): [Expr, Expr] => [own, raw[i]!])]);
    const [own, ownSlope] = substitute([value, slope], put) as [Expr, Expr];
    return { value: own, slope: ownSlope };
  };
  const body = { slots, results: [[value], [slope], named] };
  checkIncreasing(where, { written, names, body, between: [low, high] });

  const map = (from: Expr, raw: readonly Expr[]): ScalarMapped => {
    const at = clamp(from, low, high);
    const { value, slope } = within(at, raw);
    const beyond = sub(from, at);
    const isBeyond = (side: number): Expr => (side < 0 ? less(beyond, 0) : less(0, beyond));
    const straight = max(slope, leastStraightSlope);
    const over = add(below ? min(beyond, 0) : 0, above ? max(beyond, 0) : 0);
    const isStraight = add(below ? isBeyond(-1) : 0, above ? isBeyond(1) : 0);
    return {
      value: add(value, mul(straight, over)),
      logDerivative: log(select(isStraight, straight, max(slope, leastSlope))),
    };
  };
  const solved = solvedTransformer({
    type: "formula",
    parameterCount: names.length,
    domain,
    codomain,
    closed: "forward",
    map,
    bracket(to, raw) {
      const [first, last] = [low, high].map((at) => within(asExpr(at), raw)) as [Mapped, Mapped];
      const reached = ({ value, slope }: Mapped): Expr =>
        div(mul(1.001, sub(to, value)), max(slope, leastStraightSlope));
      return [
        below ? add(low - margin, min(reached(first), 0)) : asExpr(low),
        above ? add(high + margin, max(reached(last), 0)) : asExpr(high),
      ];
    },
    endsCount: true,
    toJSON: () => ({
      type: "formula",
      formula: written,
      ...(names.length > 0 ? { parameters } : {}),
      ...(checked.domain ? { domain: asEnds(domain) } : {}),
      ...(checked.codomain ? { codomain: asEnds(codomain) } : {}),
      ...(checked.reach === undefined ? {} : { reach }),
    }),
  });
  const [least, most] = codomain;
  if (!Number.isFinite(least) && !Number.isFinite(most)) return solved;
  /** Outside of what the formula gives there is no density. */
  const whereGiven = (y: Expr, logDerivative: Expr): Expr =>
    select(mul(lessEqual(least, y), lessEqual(y, most)), logDerivative, Number.NEGATIVE_INFINITY);
  return {
    ...solved,
    inverse(y, raw) {
      const mapped = solved.inverse(y, raw);
      return { value: mapped.value, logDerivative: whereGiven(y, mapped.logDerivative) };
    },
    ofFeatures(direction, values, raw, weights) {
      const mapped = solved.ofFeatures!(direction, values, raw, weights);
      if (direction === "forward") return mapped;
      return { value: mapped.value, logDerivative: whereGiven(values, mapped.logDerivative) };
    },
  };
}
