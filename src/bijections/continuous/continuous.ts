/**
 * Continuous flow: the limit of a composition of infinitesimal maps (Chen et al. 2018, Grathwohl et al. 2019, FFJORD).
 *
 *     forward    z(0) = x,  dz/dt = f(t, z, c),  y = z(1)       logAbsDet =   integral of tr df/dz over [0, 1]
 *     inverse    z(1) = y,  solved backwards,    x = z(0)       logAbsDet = - the same integral
 *
 * f is a network with smooth activations (velocityNetwork.ts), so that the solution exists, is unique, and every z can be
 * reached: any parameters give a bijection. Both directions cost an evaluation of f and its divergence for each stage of
 * the solver; with adaptive steps their number is each row's own (typically 40 to 150).
 *
 * R. Chen, Y. Rubanova, J. Bettencourt, D. Duvenaud, "Neural ordinary differential equations", 2018, eq. 8,
 * https://arxiv.org/abs/1806.07366; W. Grathwohl et al., "FFJORD", 2019, https://arxiv.org/abs/1810.01367; the two
 * regularizers: C. Finlay et al., "How to train your neural ODE", 2020, eq. 7 and 11, https://arxiv.org/abs/2002.02798
 *
 * @module
 */

import { UsageError, unreadable } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import { solveOde } from "../../graph/library/ode.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf } from "../../graph/parameters.ts";
import { checkHidden } from "../../networks/conditioner.ts";
import {
  contextTerm,
  type Velocity,
  type VelocityActivation,
  type VelocityNetwork,
  type VelocityStart,
  velocity,
  velocityActivations,
  velocityParameters,
} from "../../networks/velocityNetwork.ts";
import { rungeKuttaMethods } from "../../numerics/ode/rungeKutta.ts";
import {
  anObject,
  anyNumber,
  anything,
  checkContext,
  checkCount,
  checkedOptions,
  listOf,
  type OptionTable,
  refuse,
  required,
} from "../../options.ts";
import type { Bijection, Mapped } from "../bijection.ts";

/**
 * How the divergence is found: `exact`, or Hutchinson's estimate e . J e, unbiased, with one vector e a row and solve, whose
 * elements are standard `normal` or a `sign`, -1 or 1; signs have the lesser variance.
 */
export type Divergence = "exact" | "normal" | "sign";

/** The ways, the default first. */
export const divergences: readonly Divergence[] = ["exact", "sign", "normal"];

/** Options of {@link continuous}. */
export interface ContinuousOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Size of what it is conditioned on (default 0). */
  readonly context?: number | undefined;
  /** Sizes of the hidden layers of the velocity, at least one (default 64, 64). With two, exact divergences are cheap. */
  readonly hidden?: readonly number[] | undefined;
  /** Activation of the velocity (default `silu`). */
  readonly activation?: VelocityActivation | undefined;
  /** Units of the first hidden layer that are sines (default 0): for densities that change fast. */
  readonly waves?: number | undefined;
  /** Frequencies in which the velocity sees the time (default 1). */
  readonly frequencies?: number | undefined;
  /** What the velocity starts from (default `rest`); `interpolation` is for flow matching. */
  readonly start?: VelocityStart | undefined;
  /** How the divergence is found (default `exact`). */
  readonly divergence?: Divergence | undefined;
  /** How the equation is solved (default: adaptive steps with a tolerance of 1e-5). */
  readonly solver?: g.OdeMethod | undefined;
  /** Time of the data; the base is at 0 (default 1). */
  readonly until?: number | undefined;
}

/** What {@link Continuous.solve} is asked for beyond the image. */
export interface SolveOptions {
  /** Other steps than those of the bijection. */
  readonly solver?: g.OdeMethod | undefined;
  /** Another divergence than that of the bijection. */
  readonly divergence?: Divergence | undefined;
  /** Integrate |f|^2 as well. */
  readonly kinetic?: boolean | undefined;
  /** Integrate |J^T e|^2 as well, with one vector e of signs a row: an unbiased estimate of the squared norm of J. */
  readonly jacobian?: boolean | undefined;
}

/** A solution. */
export interface Solved extends Mapped {
  /** How often the velocity was evaluated for this row; a scalar. */
  readonly evaluations: Expr;
  /** Integral of |f|^2 over time: the squared length of the path, at least. 0 unless asked for. */
  readonly kinetic: Expr;
  /** Integral of |J^T e|^2 over time. 0 unless asked for. */
  readonly jacobian: Expr;
}

/** A continuous flow with its velocity. */
export interface Continuous extends Bijection {
  /** How the equation is solved. */
  readonly solver: g.OdeMethod;
  /** Time of the data. */
  readonly until: number;
  /** The velocity at a time, a scalar, and a position, `[features]`. */
  velocity(time: Expr, position: Expr, parameters: Bound, context?: Expr): Velocity;
  /** Solves the equation from base to data (`forward`) or back, with more to ask for than a bijection has. */
  solve(
    direction: "forward" | "inverse",
    point: Expr,
    parameters: Bound,
    context?: Expr,
    options?: SolveOptions,
  ): Solved;
}

/** Steps unless others are asked for. */
export const defaultSolver: g.OdeMethod = { kind: "adaptive", tolerance: 1e-5 };

const continuousOptionTable: OptionTable<ContinuousOptions> = {
  features: required(anyNumber),
  context: anyNumber,
  hidden: listOf(anyNumber, "an array of sizes, such as [64, 64]"),
  activation: anything,
  waves: anyNumber,
  frequencies: anyNumber,
  start: anything,
  divergence: anything,
  solver: anObject,
  until: anyNumber,
};

/**
 * Continuous flow, the identity at the start. Trained parameters: those of the velocity's network.
 * @throws UsageError if a size is not a positive integer, or an option is not one of those documented.
 * @cost forward a network pass and its derivatives per step of the solver, inverse the same
 * @example
 * const bijection = continuous({ features: 2, hidden: [16] });
 */
export function continuous(options: ContinuousOptions): Continuous {
  const {
    features,
    context = 0,
    hidden = [64, 64],
    activation = "silu",
    waves = 0,
    frequencies = 1,
    start = "rest",
    divergence = "exact",
    solver = defaultSolver,
    until = 1,
  } = checkedOptions("continuous", options, continuousOptionTable);
  checkCount("continuous", "features", features);
  checkContext("continuous", context);
  checkHidden("continuous", hidden);
  if (hidden.length === 0)
    throw new UsageError({
      where: "continuous",
      subject: "hidden",
      expected: "at least one layer",
      received: "none",
    });
  if (!velocityActivations.includes(activation))
    refuse("continuous", "activation", `one of ${velocityActivations.join(", ")}`, activation);
  if (!Number.isSafeInteger(waves) || waves < 0 || waves > hidden[0]!)
    refuse("continuous", "waves", `an integer from 0 to the first hidden size, ${hidden[0]}`, waves);
  if (!Number.isSafeInteger(frequencies) || frequencies < 0)
    refuse("continuous", "frequencies", "an integer, 0 or more", frequencies);
  if (start !== "rest" && start !== "interpolation")
    refuse("continuous", "start", "rest or interpolation", start);
  if (!divergences.includes(divergence))
    refuse("continuous", "divergence", `one of ${divergences.join(", ")}`, divergence);
  if (!(until > 0) || !Number.isFinite(until)) refuse("continuous", "until", "a positive number", until);
  checkSolver(solver);
  const network: VelocityNetwork = { features, context, hidden, activation, waves, frequencies, start };
  const solve: Continuous["solve"] = (direction, point, p, c, solveOptions = {}) => {
    const fromContext = contextTerm(p, c);
    const law = solveOptions.divergence ?? divergence;
    // Drawn outside the solver: the same throughout a solution. Flows in one program have noise of their own.
    const stream = (use: string): string => `${scopeOf(p)}${use}`;
    const noise =
      law === "exact"
        ? undefined
        : (law === "sign" ? g.randomSign : g.randomNormal)([features], stream(`divergence.${law}`));
    const probe = solveOptions.jacobian ? g.randomSign([features], stream("jacobian")) : undefined;
    const zero = g.constant([0]);
    const [from, to] = direction === "forward" ? [0, until] : [until, 0];
    const { state, evaluations } = solveOde(
      g.concatenate([point, zero, ...(solveOptions.kinetic ? [zero] : []), ...(probe ? [zero] : [])]),
      (time, all) => {
        const f = velocity(network, p, time, g.slice(all, 0, features), fromContext);
        const rate = noise ? g.sum(g.mul(noise, f.push(noise))) : f.divergence();
        return g.concatenate([
          f.value,
          rate,
          ...(solveOptions.kinetic ? [g.sum(g.square(f.value))] : []),
          ...(probe ? [g.sum(g.square(f.pull(probe)))] : []),
        ]);
      },
      { from, to, method: solveOptions.solver ?? solver },
    );
    const at = (index: number): Expr => g.reshape(g.slice(state, index, index + 1), []);
    // Integrals over time, also where it runs backwards.
    const integral = (index: number): Expr => (direction === "forward" ? at(index) : g.neg(at(index)));
    return {
      value: g.slice(state, 0, features),
      logAbsDet: at(features),
      evaluations,
      kinetic: solveOptions.kinetic ? integral(features + 1) : g.constant(0),
      jacobian: solveOptions.jacobian ? integral(features + (solveOptions.kinetic ? 2 : 1)) : g.constant(0),
    };
  };
  return {
    type: "continuous",
    features,
    context,
    solver,
    until,
    parameters: velocityParameters(network),
    velocity: (time, position, p, c) => velocity(network, p, time, position, contextTerm(p, c)),
    solve,
    forward(x, p, c) {
      const { value, logAbsDet } = solve("forward", x, p, c);
      return { value, logAbsDet };
    },
    inverse(y, p, c) {
      const { value, logAbsDet } = solve("inverse", y, p, c);
      return { value, logAbsDet };
    },
    toJSON: () => ({
      type: "continuous",
      features,
      context,
      hidden,
      activation,
      waves,
      frequencies,
      start,
      divergence,
      solver: { ...solver },
      until,
    }),
  };
}

/** What the names of bound parameters begin with: another for each flow of a program. */
function scopeOf(parameters: Bound): string {
  const leaf = leafOf(parameters, "outBias");
  return leaf.op === "parameter" ? leaf.name.slice(0, -"outBias".length) : "";
}

function checkSolver(solver: g.OdeMethod): void {
  const orders: readonly string[] = Object.keys(rungeKuttaMethods);
  if (solver?.kind === "fixed") {
    checkCount("continuous", "solver.steps", solver.steps);
    if (!orders.includes(solver.order))
      refuse("continuous", "solver.order", `one of ${orders.join(", ")}`, solver.order);
  } else if (solver?.kind === "adaptive") {
    if (!(solver.tolerance > 0) || !Number.isFinite(solver.tolerance))
      refuse("continuous", "solver.tolerance", "a positive number", solver.tolerance);
    if (solver.most !== undefined) checkCount("continuous", "solver.most", solver.most);
  } else refuse("continuous", "solver.kind", "fixed or adaptive", (solver as { kind?: unknown })?.kind);
}

/** Reads {@link continuous} back. */
export function continuousFromJson(json: { readonly [option: string]: unknown }): Bijection {
  try {
    return continuous(json as unknown as ContinuousOptions);
  } catch (error) {
    if (error instanceof UsageError)
      throw unreadable(
        "The model",
        `holds a continuous flow that is none: ${error.message.replace(/\.$/, "")}`,
        {
          expected: error.expected ?? "a continuous flow",
          received: error.received ?? "another description",
        },
      );
    throw error;
  }
}
