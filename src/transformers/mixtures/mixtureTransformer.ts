/**
 * The distribution function of a mixture, in units in which one component is the identity: Flow++ (Ho et al. 2019, section 3.2) with
 * logistic ones, which with `form: "slopes"` is a deep sigmoidal flow (Huang et al. 2018, eq. 8), and Gaussianization (Chen &
 * Gopinath 2000; Meng et al. 2020) with normal ones.
 *
 *     inverse   x = (1 - d) G(sum_i w_i F(u_i)) + d y
 *               u_i = (y - m_i) e^-s_i  (places), or  e^(s_i) y + m_i  (slopes)
 *     forward   by a root
 *
 * F is the distribution function of the logistic or the normal law, and G its quantile function. The least slope d keeps the map
 * invertible in numbers where no component is near. Sums are of tails from either end, over the power of the
 * nearest component, so that the tails of x keep their digits. From |y| = 30 on, with the normal law from 10 on, the map goes on straight, with the slope of there.
 *
 * Raw parameters: K log weights (none where they are equal), K places m, K log scales s, clipped softly to +-log 1000. To the places and
 * scales are added those of components that lie apart, as wide as one component together: equal ones would be trained alike, and stay one.
 * All zero is near the identity, and with `spread: 0` the identity.
 *
 * @see https://arxiv.org/abs/1902.00275, https://arxiv.org/abs/1804.00779, https://arxiv.org/abs/2003.01941
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { normalTail } from "../../graph/library/normalLogCdf.ts";
import { normalQuantileOfLog } from "../../graph/library/normalQuantileOfLog.ts";
import {
  add,
  asExpr,
  clamp,
  concatenate,
  div,
  exp,
  less,
  log,
  logAddExp,
  logSumExp,
  max,
  min,
  mul,
  neg,
  product,
  reshape,
  select,
  softplus,
  square,
  stopGradient,
  sub,
} from "../../graph/ops.ts";
import {
  checkedOptions,
  count,
  notNegative,
  numberOf,
  type OptionTable,
  oneOf,
  positive,
  refuse,
} from "../../options.ts";
import { logisticLogSlope } from "../elementary/sigmoidTransformer.ts";
import { softClip } from "../softClip.ts";
import { bracketOfSlope, solvedTransformer } from "../solvedTransformer.ts";
import { straightBeyond } from "../straightBeyond.ts";
import type { ScalarMapped, Transformer } from "../transformer.ts";

/** Options of {@link mixtureTransformer}. */
export interface MixtureTransformerOptions {
  /** Components K, at least 1 (default 8). */
  readonly components?: number | undefined;
  /** Law of the components, and of the units of x (default logistic). */
  readonly law?: "logistic" | "normal" | undefined;
  /** Whether parameters are places and widths of components (default), or slopes and shifts of what they are given. */
  readonly form?: "places" | "slopes" | undefined;
  /** Whether the components have weights of their own (default) or equal ones. */
  readonly weights?: "learned" | "equal" | undefined;
  /** Least slope d, from 0 and below 1 (default 1e-3). */
  readonly leastSlope?: number | undefined;
  /** Largest size of a log scale, above 0 (default log 1000); 0 for none. */
  readonly largestLogScale?: number | undefined;
  /** What is added to scales that are log(1 + e^s) in place of e^s, from 0 on; nflows has 0.01 (default: they are e^s). */
  readonly leastScale?: number | undefined;
  /** Share of the probability that is left to the ends, as zuko leaves 1e-6 (default 0). With it, `bound` must be given. */
  readonly margin?: number | undefined;
  /** Half-width of the interval in which `forward` looks for y, giving an end where there is none (default: everywhere). */
  readonly bound?: number | undefined;
  /** Size of y from which on the map goes on straight, above 0 (default 30, with the normal law 10). */
  readonly reach?: number | undefined;
  /**
   * How far apart components lie where their parameters are zero: the deviation of their places, in those of the law, from 0 and below 1
   * (default 0.3). With 0 all are equal, and a training keeps them so unless their first parameters differ.
   */
  readonly spread?: number | undefined;
}

const below1 = numberOf("0 or more and below 1", (x) => x >= 0 && x < 1);
const mixtureTransformerOptionTable: OptionTable<MixtureTransformerOptions> = {
  components: count,
  law: oneOf(["logistic", "normal"]),
  form: oneOf(["places", "slopes"]),
  weights: oneOf(["learned", "equal"]),
  leastSlope: below1,
  largestLogScale: notNegative,
  leastScale: notNegative,
  margin: below1,
  bound: positive,
  reach: positive,
  spread: below1,
};

const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI);

/** A size of an exponent whose differences are numbers in float32, too. */
const largestExponent = 1e30;

interface Law {
  /** From here on the map is straight: of the normal law, logarithms of densities lose the digits of their squares. */
  readonly reach: number;
  readonly deviation: number;
  /** The a of a density that falls as e^-a, of |u|. */
  readonly exponent: (size: Expr) => Expr;
  /** The tail beyond |u| and the density there, over e^-a, which is given. */
  readonly overPower: (size: Expr, power: Expr) => { readonly tail: Expr; readonly density: Expr };
  readonly logDensity: (u: Expr) => Expr;
  /** The quantile, of log F and log(1 - F). */
  readonly quantile: (logLower: Expr, logUpper: Expr) => Expr;
}

const laws: Readonly<Record<"logistic" | "normal", Law>> = {
  logistic: {
    reach: 30,
    deviation: Math.PI / Math.sqrt(3),
    exponent: (size) => size,
    overPower(_, power) {
      const tail = div(1, add(1, power));
      return { tail, density: square(tail) };
    },
    logDensity: logisticLogSlope,
    quantile: sub,
  },
  normal: {
    reach: 10,
    deviation: 1,
    exponent: (size) => mul(0.5, square(size)),
    overPower: (size) => ({
      tail: div(Math.exp(-halfLogTwoPi), normalTail(size).hazard),
      density: asExpr(Math.exp(-halfLogTwoPi)),
    }),
    logDensity: (u) => sub(mul(-0.5, square(u)), halfLogTwoPi),
    quantile(logLower, logUpper) {
      const isLower = less(logLower, logUpper);
      const size = normalQuantileOfLog(select(isLower, logLower, logUpper));
      return select(isLower, size, neg(size));
    },
  },
};

/** log(sum e^v) of scalars. */
function logSum(values: readonly Expr[]): Expr {
  return logSumExp(concatenate(values.map((value) => reshape(value, [1]))));
}

/**
 * The distribution function of a mixture; 3 K parameters per feature, 2 K with equal weights. `inverse` costs O(K), `forward` some ten
 * times as much.
 * @throws UsageError for an option out of its range, or a margin without a `bound`.
 * @cost inverse O(K), forward some ten times as much
 * @example
 * const transformer = mixtureTransformer();
 */
export function mixtureTransformer(options: MixtureTransformerOptions = {}): Transformer {
  const {
    components = 8,
    law = "logistic",
    form = "places",
    weights = "learned",
    leastSlope = 1e-3,
    largestLogScale = Math.log(1000),
    leastScale,
    margin = 0,
    bound,
    reach: chosenReach,
    spread = 0.3,
  } = checkedOptions("mixtureTransformer", options, mixtureTransformerOptionTable);
  if (bound === undefined && margin > 0)
    refuse("mixtureTransformer", "bound", "given where there is a margin", bound);
  const { reach: usualReach, deviation, exponent, overPower, logDensity: logDensityOf, quantile } = laws[law];
  const reach = chosenReach ?? usualReach;
  const hasWeights = weights === "learned";
  const clip = (raw: Expr): Expr => (largestLogScale === 0 ? raw : softClip(raw, largestLogScale));
  const withMargin = (logShare: Expr): Expr =>
    margin === 0 ? logShare : logAddExp(Math.log(margin / 2), add(Math.log1p(-margin), logShare));
  const isPlace = form === "places";
  const apart = components > 1 ? spread : 0;
  const logWidth = 0.5 * Math.log1p(-apart * apart);
  const logits = Array.from({ length: components }, (_, i) => Math.log((i + 0.5) / (components - i - 0.5)));
  /** Of the logits the places, of places the shifts. */
  const perLogit =
    (apart * deviation) /
    (Math.hypot(...logits) / Math.sqrt(components) || 1) /
    (isPlace ? 1 : -Math.exp(logWidth));
  const logScaleOf = (raw: Expr): Expr =>
    leastScale === undefined ? clip(raw) : log(add(softplus(raw), leastScale));
  const read = (parameters: readonly Expr[]) => {
    const start = hasWeights ? components : 0;
    const raw = parameters.slice(0, start).map((value) => clip(value));
    const normalizer = hasWeights ? logSum(raw) : undefined;
    return Array.from({ length: components }, (_, i) => ({
      weight: normalizer ? exp(sub(raw[i]!, normalizer)) : asExpr(1 / components),
      place: add(parameters[start + i]!, perLogit * logits[i]!),
      logScale: add(logScaleOf(parameters[start + components + i]!), isPlace ? logWidth : -logWidth),
    }));
  };
  /** Inside of the reach. */
  const mapped = (y: Expr, parameters: readonly Expr[]): ScalarMapped => {
    const each = read(parameters).map(({ weight, place, logScale }) => {
      const slope = exp(isPlace ? neg(logScale) : logScale);
      const u = isPlace ? mul(sub(y, place), slope) : add(mul(slope, y), place);
      const isLower = less(u, 0);
      const size = select(isLower, neg(u), u);
      return { weight, slope, isLower, size, exponent: min(exponent(size), largestExponent) };
    });
    // Tails and densities are told over the power of the nearest component, on which what is made of them does not depend.
    const nearest = stopGradient(each.map((value) => value.exponent).reduce(min));
    const power = exp(neg(nearest));
    const parts = each.map(({ weight, slope, isLower, size, exponent: own }) => {
      const relative = exp(sub(nearest, own));
      const { tail, density } = overPower(size, mul(relative, power));
      const share = mul(weight, relative);
      return { weight, isLower, tail: mul(share, tail), density: product(share, density, slope) };
    });
    const sumOf = (of: (part: (typeof parts)[number]) => Expr): Expr =>
      parts.map(of).reduce((a, b) => add(a, b));
    const balance = sumOf(({ isLower, tail }) => select(isLower, tail, neg(tail)));
    /** log F or log(1 - F): of the weights on that side and the others' tails less theirs; without weights the tails alone, less the exponent. */
    const shareOf = (weights: Expr, tails: Expr) => {
      const hasAny = less(0, weights);
      return {
        log: log(select(hasAny, add(weights, mul(power, tails)), tails)),
        exponent: select(hasAny, 0, nearest),
      };
    };
    const weightsOf = (below: 0 | 1): Expr =>
      sumOf(({ weight, isLower }) => (below ? select(isLower, 0, weight) : select(isLower, weight, 0)));
    const [below, above] = [shareOf(weightsOf(1), balance), shareOf(weightsOf(0), neg(balance))];
    const [lower, upper] = [below, above].map((share) => withMargin(sub(share.log, share.exponent))) as [
      Expr,
      Expr,
    ];
    const x = quantile(lower, upper);
    const logDensity = log(sumOf((part) => part.density));
    // Of the logistic law 1 / (F (1 - F)), of which both keep their digits; exponents of one size cancel first.
    const logSlope =
      law === "logistic" && margin === 0
        ? sub(sub(logDensity, add(below.log, above.log)), sub(nearest, add(below.exponent, above.exponent)))
        : sub(
            add(Math.log1p(-margin), sub(logDensity, nearest)),
            law === "logistic" ? add(lower, upper) : logDensityOf(x),
          );
    if (leastSlope === 0) return { value: x, logDerivative: logSlope };
    return {
      value: add(mul(1 - leastSlope, x), mul(leastSlope, y)),
      logDerivative: logAddExp(add(Math.log1p(-leastSlope), logSlope), asExpr(Math.log(leastSlope))),
    };
  };
  const map = (y: Expr, parameters: readonly Expr[]): ScalarMapped => {
    const inside = clamp(y, -reach, reach);
    return straightBeyond(y, inside, mapped(inside, parameters));
  };
  return solvedTransformer({
    type: "mixture",
    parameterCount: (hasWeights ? 3 : 2) * components,
    codomain: bound === undefined ? undefined : [-bound, bound],
    closed: "inverse",
    map,
    bracket(x, parameters) {
      if (bound !== undefined) return [asExpr(-bound), asExpr(bound)];
      if (leastSlope > 0) return bracketOfSlope(x, map(asExpr(0), parameters).value, leastSlope);
      // Between those of its components, and where the map goes straight on by its line.
      const each = read(parameters).map(({ place, logScale }) =>
        isPlace ? add(place, mul(exp(logScale), x)) : mul(sub(x, place), exp(neg(logScale))),
      );
      const lines = [-reach, reach].map((end) => {
        const { value, logDerivative } = map(asExpr(end), parameters);
        const past = sub(x, value);
        return add(end, mul((end < 0 ? min : max)(past, 0), exp(neg(logDerivative))));
      });
      const [low, high] = [each.reduce(min), each.reduce(max)];
      return [
        select(less(lines[0]!, -reach), lines[0]!, min(low, reach)),
        select(less(reach, lines[1]!), lines[1]!, max(high, -reach)),
      ];
    },
    endsCount: bound !== undefined || leastSlope === 0,
    toJSON: () => ({
      type: "mixture",
      components,
      law,
      form,
      weights,
      leastSlope,
      largestLogScale,
      ...(leastScale === undefined ? {} : { leastScale }),
      margin,
      ...(bound === undefined ? {} : { bound }),
      ...(reach === usualReach ? {} : { reach }),
      ...(spread === 0 ? {} : { spread }),
    }),
  });
}
