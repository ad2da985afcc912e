/**
 * The program by which all members of a model are trained, one after another: what they differ by, how much is hidden from them, is read
 * anew in each step, so that it is compiled once.
 *
 * @module
 */

import type { Engine } from "../../engines/engine.ts";
import type { Expr } from "../../graph/expr.ts";
import { sizeOf } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { bindTree, trainedLeaves } from "../../graph/parameters.ts";
import type { ColumnsDensity, Dropout } from "../../models/columns/columnsDensity.ts";
import type { LeaveOut } from "../../models/columns/trunk.ts";
import type { ParameterValues } from "../../models/parameters.ts";
import {
  compileMinimizer,
  type MinimizeOptions,
  type MinimizeResult,
  type Rows,
} from "../gradient/minimize.ts";
import type { StepDraw } from "../gradient/objective.ts";
import type { ColumnsRecipe } from "./columnsRecipe.ts";
import type { RandomSets } from "./randomSets.ts";
import { structureOfDensity } from "./structureOfDensity.ts";

/** A compiled training. */
export interface MemberTraining {
  /** Trains a member, numbered from 0. Runs must not overlap. */
  run(
    member: number,
    rows: Rows,
    initial: ParameterValues,
    options: MinimizeOptions,
  ): Promise<MinimizeResult>;
  /** Gives memory and threads back. */
  dispose(): void;
}

/** What the members are trained on, and by. */
export interface MemberTrainingOptions {
  readonly recipe: ColumnsRecipe;
  readonly engine: Engine;
  /** An encoded row. */
  readonly encoded: Expr;
  /** Sets of known columns, of a density of any order. */
  readonly sets: RandomSets | undefined;
  /** Whether rows have weights. */
  readonly isWeighted: boolean;
  readonly signal: AbortSignal | undefined;
}

/**
 * Compiles the training of the members of a density.
 * @throws AbortedError if the signal fires.
 */
export async function compileMembers(
  density: ColumnsDensity,
  { recipe, engine, encoded, sets, isWeighted, signal }: MemberTrainingOptions,
): Promise<MemberTraining> {
  let memberAtHand = 0;
  const draws: Record<string, StepDraw> = {};
  const inTurn = (ofMembers: readonly number[]): number => ofMembers[memberAtHand % ofMembers.length]!;
  /** A probability by member; undefined where it is 0 for all. */
  const rateOf = (name: string, ofMembers: readonly number[]): Expr | undefined => {
    if (!ofMembers.slice(0, recipe.members).some((rate) => rate > 0)) return undefined;
    draws[name] = () => inTurn(ofMembers);
    return g.stepInput(name);
  };
  draws["weight decay"] = () => inTurn(recipe.weightDecay);
  const columnsRate = rateOf("rate of hidden columns", recipe.hiddenColumns);
  const unitsRate = rateOf("rate of hidden units", recipe.hiddenUnits);
  const bound = bindTree(density.parameters);
  const loss = (dropout: Dropout): Expr => {
    const { hide = (features: Expr) => features, units } = dropout;
    const seen = sets ? (features: Expr) => sets.seen(hide(features)) : dropout.hide;
    const { outcomes, values } = density.contributions(encoded, bound, { hide: seen, units });
    const terms = g.add(outcomes, values);
    return sets ? g.mul(-1 / sets.meanShare, g.sum(g.mul(sets.asked, terms))) : g.neg(g.sum(terms));
  };
  const minimizer = await compileMinimizer(
    {
      loss: () =>
        loss({
          hide: columnsRate && hiding(density, columnsRate),
          units: unitsRate && leavingOut(unitsRate),
        }),
      validation: () => loss({}),
      weight: isWeighted ? g.input("weight", []) : undefined,
      parameters: trainedLeaves(density.parameters, bound),
      draws,
    },
    engine,
    {
      decay: g.stepInput("weight decay"),
      beta2: recipe.beta2,
      structure: JSON.stringify([structureOfDensity(density), Object.keys(draws)]),
      signal,
    },
  );
  return {
    run(member, rows, initial, options) {
      memberAtHand = member;
      return minimizer.run(rows, initial, options);
    },
    dispose: () => minimizer.dispose(),
  };
}

/** Replaces the features of a column by zeros, with some probability. */
function hiding({ given, columns }: ColumnsDensity, probability: Expr): (features: Expr) => Expr {
  const all = [...given, ...columns];
  return (features) => {
    const isSeen = g.less(probability, g.randomUniform([all.length], "hidden columns"));
    const indices = new Int32Array(sizeOf(features.shape)).fill(all.length);
    all.forEach((own, i) => {
      indices.fill(i, own.features, own.features + own.outcomes - 1 + own.head.features);
    });
    return g.mul(features, g.gather(g.concatenate([isSeen, g.constant([1])]), indices, features.shape));
  };
}

/** Leaves units out, with some probability; those that stay are raised, so that the mean is that of the whole network. */
function leavingOut(probability: Expr): LeaveOut {
  return (units, layer) =>
    g.mul(units, g.div(g.less(probability, g.randomUniform(units.shape, layer)), g.sub(1, probability)));
}
