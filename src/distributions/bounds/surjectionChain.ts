/**
 * Maps one after another, of which some are drawn: bijections, surjections and stochastic layers, base first.
 *
 *     forward   y = s_n( ... s_2(s_1(x)))
 *     back      through s_n first, each from a draw of the one behind it          logWeight: the sum of all, logAbsDet of bijections among them
 *
 * One draw is one path through all of them: the cost is the sum of theirs. Where parts have several branches, all ways are taken.
 *
 * Wu, Köhler & Noé (2020), "Stochastic Normalizing Flows", equation 11; Nielsen et al. (2020), "SurVAE Flows", algorithm 1.
 *
 * @see https://arxiv.org/abs/2002.06707, https://arxiv.org/abs/2007.02731
 * @module
 */

import { aBijection, type Bijection, type NamedValues, passageOf } from "../../bijections/bijection.ts";
import { aSurjection, type Lift, type Surjection } from "../../bijections/surjections/surjection.ts";
import { ShapeError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, subtreeOf } from "../../graph/parameters.ts";
import { checkArgument, either, listOf, refuse } from "../../options.ts";
import { commonContext } from "./drawnBound.ts";
import { isStochastic, type StochasticMap } from "./stochasticMap.ts";

/** A chain of maps of which some are drawn, which shows its parts. */
export interface SurjectionChain extends Surjection {
  /** In forward order, the one next to the base first. */
  readonly parts: readonly (Bijection | Surjection)[];
}

const where = "surjectionChain";
/** Preimages of one draw, at most: each is a part of the program. */
const mostBranches = 64;

/** A bijection as a surjection whose draw is certain. */
function certain(bijection: Bijection): StochasticMap {
  const { type, features, context } = bijection;
  if (bijection.branches) refuse(where, "parts", "bijections that are one to one", type);
  return {
    type,
    features,
    latent: features,
    context,
    noise: 0,
    forwardNoise: 0,
    parameters: bijection.parameters,
    forward: (x, _, p, c) => bijection.forward(x, p!, c).value,
    lifts(y, _, p, c) {
      const { value, logAbsDet } = bijection.inverse(y, p, c);
      return [{ value, logWeight: logAbsDet }];
    },
    push(x, _, p, c) {
      const { value, logAbsDet } = bijection.forward(x, p, c);
      return { value, logWeight: logAbsDet };
    },
    ...(bijection.valuesFrom ? { valuesFrom: bijection.valuesFrom } : {}),
    toJSON: () => ({ type: "bijection", bijection: bijection.toJSON() }),
  };
}

/**
 * Maps one after another, as one surjection, for `surjectiveFlow`, `manyToOne` and `logProbBound`; for `evidenceBound` where all that are not bijections are
 * stochastic. A last part that data set, such as `actNorm`, starts from them.
 * @param parts - Bijections, and surjections such as `langevin`, `variationalAutoencoder`, `rounding` or `augmentation`; the one next to the base first.
 * @throws ShapeError for none, and for parts that do not fit each other, or have different contexts; UsageError for a bijection with several branches, and
 *   for more than 64 preimages.
 * @cost forward the sum of those of the parts, back the same
 * @example
 * const surjection = surjectionChain([langevin({ target: gaussianMixture({ features: 2, components: 2 }) }), planar({ features: 2 })]);
 */
export function surjectionChain(parts: readonly (Bijection | Surjection)[]): SurjectionChain {
  checkArgument(
    where,
    "parts",
    parts,
    listOf(either(aBijection, aSurjection), "an array of bijections and surjections"),
  );
  const steps = parts.map((part) => ("lifts" in part ? part : certain(part)));
  const [first, last] = [steps[0], steps.at(-1)];
  const misfit = (subject: string, expected: string, received: string): ShapeError =>
    new ShapeError({ where, subject, expected, received });
  if (!first || !last) throw misfit("parts", "at least one", "none");
  if (!parts.some((part) => "lifts" in part))
    refuse(where, "parts", "an array with a surjection in it", "bijections alone", "make a chain of them");
  steps.slice(1).forEach((step, i) => {
    const before = steps[i]!;
    if (step.latent !== before.features)
      throw misfit(step.type, `of ${before.features} numbers, as ${before.type} gives`, `${step.latent}`);
    if (before.step !== undefined)
      refuse(where, "parts", "nothing behind rounded numbers, which have probabilities", step.type);
  });
  // What one bijection gives has to be what the next takes.
  let run: Bijection[] = [];
  for (const part of parts) {
    run = "lifts" in part ? [] : [...run, part];
    if (run.length > 1) passageOf(where, run);
  }
  /** Where each part's noise begins. */
  const starts = (sizes: readonly number[]): number[] =>
    sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
  const noises = steps.map(({ noise }) => noise);
  const forwardNoises = steps.map(({ forwardNoise = 0 }) => forwardNoise);
  const [noiseStarts, forwardStarts] = [starts(noises), starts(forwardNoises)];
  /** The noise of one part; what takes none does not look at it. */
  const own = (noise: Expr, begins: readonly number[], sizes: readonly number[], i: number): Expr =>
    sizes[i]! > 0 ? g.slice(noise, begins[i]!, begins[i]! + sizes[i]!) : noise;
  const ofPart = (p: Bound, i: number): Bound => subtreeOf(p, String(i));
  const { valuesFrom } = last;
  const chain: SurjectionChain = {
    type: where,
    parts,
    features: last.features,
    latent: first.latent,
    context: commonContext(where, steps),
    noise: noises.reduce((sum, size) => sum + size, 0),
    forwardNoise: forwardNoises.reduce((sum, size) => sum + size, 0),
    step: last.step,
    parameters: Object.fromEntries(steps.map((step, i) => [i, step.parameters])),
    forward: (x, noise, p, c) =>
      steps.reduce(
        (value, step, i) =>
          step.forward(value, own(noise!, forwardStarts, forwardNoises, i), ofPart(p ?? {}, i), c),
        x,
      ),
    lifts(y, noise, p, c) {
      let ways: readonly Lift[] = [{ value: y, logWeight: g.constant(0) }];
      for (let i = steps.length - 1; i >= 0; i--) {
        ways = ways.flatMap((way) =>
          steps[i]!.lifts(way.value, own(noise, noiseStarts, noises, i), ofPart(p, i), c).map(
            ({ value, logWeight }) => ({ value, logWeight: g.add(way.logWeight, logWeight) }),
          ),
        );
        if (ways.length > mostBranches)
          refuse(where, "parts", `at most ${mostBranches} preimages of a draw`, `${ways.length}`);
      }
      return ways;
    },
    ...(valuesFrom
      ? {
          valuesFrom: async (rows) =>
            Object.fromEntries(
              Object.entries(await valuesFrom.call(last, rows)).map(
                ([name, values]): [string, NamedValues[string]] => [`${steps.length - 1}.${name}`, values],
              ),
            ),
        }
      : {}),
    toJSON: () => ({ type: where, parts: steps.map((step) => step.toJSON()) }),
  };
  if (!steps.every(isStochastic)) return chain;
  const pushed: SurjectionChain & StochasticMap = {
    ...chain,
    forwardNoise: chain.forwardNoise!,
    push: (x, noise, p, c) =>
      steps.reduce<Lift>(
        (way, step, i) => {
          const { value, logWeight } = step.push(
            way.value,
            own(noise, forwardStarts, forwardNoises, i),
            ofPart(p, i),
            c,
          );
          return { value, logWeight: g.add(way.logWeight, logWeight) };
        },
        { value: x, logWeight: g.constant(0) },
      ),
  };
  return pushed;
}
