/**
 * The programs of a minimization.
 *
 * @module
 */

import type { Engine, Executable } from "../../engines/engine.ts";
import { UsageError } from "../../errors.ts";
import { vjpInPieces } from "../../graph/derivative/reverse.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { substitution } from "../../graph/rebuild.ts";
import { structureInPieces } from "../../graph/structure.ts";
import { inPieces, type Pieces, turnBetween } from "../../platform/pieces.ts";
import { adamW, adamWStepInputs, joinedParameters, type SharedAdamWOptions } from "./adamW.ts";
import type { Objective } from "./objective.ts";

/** An objective whose expressions may be written where they are needed: an engine may have their program already. */
export interface CompiledObjective extends Omit<Objective, "loss" | "validation"> {
  readonly loss: Expr | (() => Expr);
  readonly validation?: Expr | (() => Expr) | undefined;
  /**
   * Writes the loss, summed over the rows, and its gradients (default: by `vjp`).
   * @param sumOf - Takes a value of each row to that sum.
   * @param joined - What stands for each parameter, and what the gradients are taken of.
   */
  readonly gradients?:
    | ((sumOf: (value: Expr) => Expr, joined: ReadonlyMap<Expr, Expr>) => Pieces<SumWithGradients>)
    | undefined;
}

/** A loss summed over the rows, and the gradient of each parameter. */
export interface SumWithGradients {
  readonly sum: Expr;
  readonly gradients: readonly Expr[];
}

/** Options of {@link compileObjective}. */
export interface ObjectiveOptions extends SharedAdamWOptions {
  /** Says all of loss and validation; without it they are written, and looked at. */
  readonly structure?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What an objective is compiled to. */
export interface ObjectivePrograms {
  /** Steps: sums `loss`, `total` and `norm`, and the optimizer's updates. */
  readonly training: Executable;
  /** Sums `loss` and `total` of the validation. */
  readonly evaluation: Executable;
}

const written = (value: Expr | (() => Expr)): Expr => (typeof value === "function" ? value() : value);

function* byReverse(sum: Expr, parameters: readonly Expr[]): Pieces<SumWithGradients> {
  return { sum, gradients: yield* vjpInPieces([sum], [g.constant(1)], parameters) };
}

/**
 * Compiles an objective, with the optimizer's updates in the program.
 * @throws UsageError if a draw has the name of a step input of the optimizer.
 * @throws AbortedError if the signal fires.
 */
export async function compileObjective(
  { loss, validation = loss, weight, parameters, state = [], draws = {}, gradients }: CompiledObjective,
  engine: Engine,
  { signal, structure, ...options }: ObjectiveOptions,
): Promise<ObjectivePrograms> {
  const reserved = Object.keys(draws).find((name) => adamWStepInputs.includes(name));
  if (reserved !== undefined)
    throw new UsageError({
      where: "minimize",
      problem: `"${reserved}" is a step input of the optimizer`,
      expected: "another name than those of the optimizer",
      received: `"${reserved}"`,
      remedy: "draw under another name",
    });
  const { beta1, beta2, weightDecay, clip, decay } = options;
  const naming = structureInPieces(
    [
      ...(structure === undefined ? [written(loss), written(validation)] : []),
      ...parameters,
      ...(weight ? [weight] : []),
      ...(decay ? [decay] : []),
      ...state.map(({ value }) => value),
    ],
    JSON.stringify([
      structure,
      { beta1, beta2, weightDecay, clip },
      parameters.length,
      weight !== undefined,
      state.length,
      gradients !== undefined,
    ]),
  );
  const turn = (): Promise<void> => turnBetween(signal, "The compilation");
  await turn();
  const name = await inPieces(naming, signal);
  const sumOf = (value: Expr): Expr => g.sumRows(weight ? g.mul(weight, value) : value);
  const total = g.sumRows(weight ?? g.rowMark());
  const training = await engine.compile(
    async () => {
      const parts = joinedParameters(parameters);
      const joined = new Map<Expr, Expr>(parts.map((part, i) => [parameters[i]!, part]));
      const values = [...(gradients ? [] : [sumOf(written(loss))]), ...state.map(({ value }) => value)];
      await turn();
      const stateValues = await inPieces(substitution(values, joined), signal);
      await turn();
      const { sum, gradients: sums } = await inPieces(
        gradients ? gradients(sumOf, joined) : byReverse(stateValues.shift()!, parts),
        signal,
      );
      await turn();
      const means = sums.map((gradient) => g.div(gradient, total));
      const { updates, norm } = adamW(parts, means, options);
      await turn();
      const states = state.map(({ parameter }, i) => ({ parameter, value: stateValues[i]! }));
      return { sums: { loss: sum, total, norm }, updates: [...updates, ...states] };
    },
    { signal, structure: `training ${name}` },
  );
  try {
    const evaluation = await engine.compile(() => ({ sums: { loss: sumOf(written(validation)), total } }), {
      signal,
      structure: `validation ${name}`,
    });
    return { training, evaluation };
  } catch (error) {
    training.dispose();
    throw error;
  }
}
