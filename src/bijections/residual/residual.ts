/**
 * The residual map of a contraction g, whose Lipschitz constant L is below 1:
 *
 *     inverse    x = y + g(y)              logAbsDet = log det(I + J_g(y))
 *     forward    y = lim x - g(y)          logAbsDet = -log det(I + J_g(y))
 *
 * The papers write F(x) = x + g(x) for the map from data to base, which is the inverse here: rows are scored, and fitted, by
 * the explicit formula; samples are fixed points. After k rounds an iterate is off by at most L^k / (1 - L) times the first
 * step (Banach), so that the number of rounds that always suffices is known.
 *
 * J. Behrmann, W. Grathwohl, R. Chen, D. Duvenaud, J.-H. Jacobsen, "Invertible Residual Networks", ICML 2019, theorem 1
 * and algorithm 1, https://arxiv.org/abs/1811.00995
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import type { Bound } from "../../graph/parameters.ts";
import {
  type ContractionNorm,
  type ContractiveActivation,
  type Linearized,
  lipschitzNetwork,
} from "../../networks/lipschitzNetwork.ts";
import {
  anObject,
  anyNumber,
  anything,
  checkCount,
  checkedOptions,
  listOf,
  type OptionTable,
  refuse,
  required,
} from "../../options.ts";
import { RandomStream, randomKey, split } from "../../random/philox.ts";
import type { Bijection, Mapped } from "../bijection.ts";
import { estimatedLogDet, exactLogDet, type Roulette, seriesLogDet } from "./residualLogDet.ts";

/** How the log-determinant of a {@link residual} map is computed where it is evaluated. */
export type ResidualLogDet =
  | {
      /** From all of the Jacobian: `features` directional derivatives and an elimination. */
      readonly kind: "exact";
    }
  | {
      /** By the first terms of a series, their traces from random directions that are the same for all rows. */
      readonly kind: "series";
      /** Terms (default 20); `seriesError` bounds what is left out. */
      readonly terms?: number | undefined;
      /** Directions of +-1 (default 16); their error falls with the root of their number. */
      readonly probes?: number | undefined;
    };

/** Options of {@link residual}. */
export interface ResidualOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Size of what it is conditioned on (default 0: nothing). */
  readonly context?: number | undefined;
  /** Sizes of the hidden layers of g, at least one (default 64, 64). */
  readonly hidden?: readonly number[] | undefined;
  /** Sizes of the hidden layers of the network that maps a context to the biases of g (default none: linear). */
  readonly contextHidden?: readonly number[] | undefined;
  /** Bound L of the Lipschitz constant of g, above 0 and below 1 (default 0.97). */
  readonly lipschitz?: number | undefined;
  /** Activation, of slope at most 1 (default `lipswish`). */
  readonly activation?: ContractiveActivation | undefined;
  /** Norm in which g is a contraction (default `spectral`). */
  readonly norm?: ContractionNorm | undefined;
  /** How the log-determinant is evaluated (default: exact up to 128 features, then by 20 terms and 16 directions). */
  readonly logDet?: ResidualLogDet | undefined;
  /**
   * Sampling goes on until no element is off by more than this times 1 + the largest element of the point, or than the
   * arithmetic's own error (default 0).
   */
  readonly tolerance?: number | undefined;
  /** Rounds of sampling at most (default: as many as always suffice). */
  readonly iterations?: number | undefined;
}

/** A residual map, which shows its parts. */
export interface Residual extends Bijection {
  /** Bound of the Lipschitz constant of g. */
  readonly lipschitz: number;
  /** The matrices of g, within their bounds. */
  weights(parameters: Bound): Expr[];
  /** Data to base with an unbiased estimate of logAbsDet and of its gradient, for training. */
  estimate(
    y: Expr,
    parameters: Bound,
    context: Expr | undefined,
    random: { readonly probe: Expr; readonly terms: Expr; readonly roulette: Roulette },
  ): Mapped;
}

const maximumExactFeatures = 128;

const residualOptionTable: OptionTable<ResidualOptions> = {
  features: required(anyNumber),
  context: anyNumber,
  hidden: listOf(anyNumber, "an array of sizes, such as [64, 64]"),
  contextHidden: listOf(anyNumber, "an array of sizes, such as [64, 64]"),
  lipschitz: anyNumber,
  activation: anything,
  norm: anything,
  logDet: anObject,
  tolerance: anyNumber,
  iterations: anyNumber,
};

/**
 * A residual map. It starts as the identity. Scoring costs g and its log-determinant; sampling a pass through g a round,
 * some tens of rounds, at most `iterations`. A row that has not met its tolerance by then is NaN, and `Flow.sample` says
 * how many. Both directions are differentiable.
 *
 * @throws UsageError if a size is not a positive integer, or another option out of range.
 * @cost inverse g and its log-determinant, forward a pass through g a round, some tens of rounds
 * @example
 * const bijection = residual({ features: 2, hidden: [16, 16], lipschitz: 0.9 });
 */
export function residual(residualOptions: ResidualOptions): Residual {
  const options = checkedOptions("residual", residualOptions, residualOptionTable);
  const {
    features,
    context = 0,
    hidden = [64, 64],
    contextHidden = [],
    lipschitz = 0.97,
    activation = "lipswish",
    norm = "spectral",
    logDet = features <= maximumExactFeatures ? { kind: "exact" } : { kind: "series" },
    tolerance = 0,
  } = options;
  checkCount("residual", "features", features);
  const network = lipschitzNetwork("residual", {
    features,
    context,
    hidden,
    contextHidden,
    lipschitz,
    activation,
    norm,
  });
  if (!(tolerance >= 0)) refuse("residual", "tolerance", "0 or more", tolerance);
  const { iterations = convergenceRounds(lipschitz) } = options;
  checkCount("residual", "iterations", iterations);
  if (logDet?.kind !== "exact" && logDet?.kind !== "series")
    refuse("residual", "logDet.kind", "exact or series", (logDet as { kind?: unknown } | null)?.kind);
  const probes = logDet.kind === "series" ? signs(features, logDet.probes ?? 16) : [];
  if (logDet.kind === "series") checkCount("residual", "terms", logDet.terms ?? 20);
  const logDetOf = (at: Linearized): Expr =>
    logDet.kind === "exact" ? exactLogDet(at) : seriesLogDet(at, logDet.terms ?? 20, probes);
  // ||y - y*|| <= ||x - g(y) - y|| / (1 - L) in the norm of the contraction: what a round would still move by.
  const left = tolerance * (1 - lipschitz);
  // A round moves by at most L times the round before, of which the loop sees the largest element.
  const step = left / (lipschitz * largestShare(norm, features));
  return {
    type: "residual",
    features,
    context,
    lipschitz,
    parameters: network.parameters,
    weights: network.weights,
    inverse(y, p, c) {
      const at = network.bind(p, c)(y);
      return { value: g.add(y, at.value), logAbsDet: logDetOf(at) };
    },
    estimate(y, p, c, { probe, terms, roulette }) {
      const at = network.bind(p, c)(y);
      return { value: g.add(y, at.value), logAbsDet: estimatedLogDet(at, probe, terms, roulette) };
    },
    forward(x, p, c) {
      const contraction = network.bind(p, c);
      const y = g.fixedPoint(x, iterations, (state) => g.sub(x, contraction(state).value), {
        tolerance: step,
      });
      const at = contraction(y);
      const isThere = isWithin(g.sub(g.sub(x, at.value), y), y, norm, left);
      return { value: g.select(isThere, y, Number.NaN), logAbsDet: g.neg(logDetOf(at)) };
    },
    toJSON: () => ({
      type: "residual",
      features,
      context,
      hidden,
      contextHidden,
      lipschitz,
      activation,
      norm,
      logDet,
      tolerance,
      iterations,
    }),
  };
}

/** Reads {@link residual} back. */
export function residualFromJson(json: { readonly [option: string]: unknown }): Bijection {
  return residual(json as unknown as ResidualOptions);
}

/** Rounds after which a first step of any size that matters is below what float64 resolves. */
function convergenceRounds(lipschitz: number): number {
  return Math.ceil(Math.log(1e-18 * (1 - lipschitz)) / Math.log(lipschitz));
}

/** How many times the largest element of a vector its length can be, in the norm of a contraction. */
function largestShare(norm: ContractionNorm, features: number): number {
  if (norm === "infinity") return 1;
  return norm === "spectral" ? Math.sqrt(features) : features;
}

/**
 * Whether the length of what another round would move a point by is at most so many times 1 + its largest element, or what
 * the arithmetic leaves of it.
 */
function isWithin(move: Expr, y: Expr, norm: ContractionNorm, share: number): Expr {
  const largest = (value: Expr): Expr => g.maximum(g.abs(value));
  const size = g.add(1, largest(y));
  // No p-norm is above the 1-norm, so that it will do for those that are learned.
  const length =
    norm === "infinity"
      ? largest(move)
      : norm === "spectral"
        ? g.mul(size, g.sqrt(g.sum(g.square(g.div(move, size)))))
        : g.sum(g.abs(move));
  const rounding = g.mul(64 * Math.sqrt(y.shape[0]!), g.roundingUnit());
  const isMet = g.lessEqual(length, g.mul(share, size));
  const isResolved = g.lessEqual(largest(move), g.mul(rounding, size));
  return g.stopGradient(g.max(isMet, isResolved));
}

/** Vectors of random signs. */
function signs(features: number, count: number): Expr[] {
  checkCount("residual", "probes", count);
  return Array.from({ length: count }, (_, i) => {
    const stream = new RandomStream(split(randomKey(0), `probe ${i}`));
    return g.constant(Float64Array.from({ length: features }, () => (stream.uniform() < 0.5 ? -1 : 1)));
  });
}
