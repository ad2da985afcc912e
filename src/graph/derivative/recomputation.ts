/**
 * Reverse mode that keeps few values: between those that are kept, all is computed once more on the way back.
 *
 * Kept values cut the way to the outputs into stretches. The graph is written with a stand-in for each kept value, so that no stretch knows
 * what the one before it was made of. For the way back each stretch is written once more, from its kept value behind a mark that
 * nothing merges with the value, and its derivative is that of this copy: the same operations on the same numbers. That the copy is
 * computed when the cotangent has come, and not before, is due to the order of the plan. Griewank and Walther, "Evaluating Derivatives"
 * (2008), chapter 12; T. Chen et al. (2016), "Training deep nets with sublinear memory cost".
 *
 * Such a gradient has no derivative of its own: it is for trainings, whose gradients nobody differentiates.
 *
 * @see https://arxiv.org/abs/1604.06174
 * @module
 */

import type { Pieces } from "../../platform/pieces.ts";
import { type Expr, topologicalOrder } from "../expr.ts";
import { stopGradient } from "../ops/arithmetic.ts";
import { BodyTable } from "../ops/bodyStructure.ts";
import { constant, type SlotExpr } from "../ops/leaves.ts";
import { broadcastTo } from "../ops/movement.ts";
import { reshape, withoutReshape } from "../ops/moves.ts";
import { passed } from "../passes.ts";
import { substitution } from "../rebuild.ts";
import type { BodyDerivatives } from "./bodyRules.ts";
import { type Cotangent, joined, settled } from "./cotangent.ts";
import { pullingBack } from "./reverse.ts";

/** A value that is kept, of stand-ins of those before it, and what stands for it in what is made of it. */
export interface Kept {
  readonly standIn: SlotExpr;
  readonly value: Expr;
}

/** Values that are kept together: what is made of any of them is one stretch. */
export type KeptTogether = readonly Kept[];

/** What lies between kept values. */
interface Stretch {
  /** Values of it that later stretches read, and outputs. */
  readonly ends: Set<Expr>;
  /** Values of earlier stretches that it reads: all that is kept for it. */
  readonly reads: Set<Expr>;
}

/**
 * The outputs, and as `vjp` gives them their gradients, a node at a time; of what is made of kept values, up to the next of them, nothing is
 * kept for the way back.
 * @param outputs - Of stand-ins, which are gone from what is returned.
 * @param kept - In the order in which they follow from each other.
 */
export function* vjpFromKept(
  outputs: readonly Expr[],
  cotangents: readonly Expr[],
  wrt: readonly Expr[],
  kept: readonly KeptTogether[],
): Pieces<{ readonly outputs: readonly Expr[]; readonly gradients: readonly Expr[] }> {
  const sources = wrt.map(withoutReshape);
  const cuts = new Set(sources);
  const keptAs = new Map<Expr, Expr>(kept.flat().map(({ standIn, value }) => [standIn, value]));
  /** Stretch 0 begins with the inputs, stretch k + 1 with what is kept together as k. */
  const stretches = [undefined, ...kept].map((): Stretch => ({ ends: new Set(), reads: new Set() }));
  const stretchOf = new Map<Expr, number>(
    kept.flatMap((together, k) => together.map(({ standIn }) => [standIn, k + 1] as const)),
  );
  /** What depends on what the derivative is taken of. */
  const active = new Set<Expr>(sources);
  for (const node of topologicalOrder([...keptAs.values(), ...outputs], cuts)) {
    const value = keptAs.get(node);
    if (value ? active.has(value) : node.inputs.some((input) => active.has(input))) active.add(node);
    if (value) continue;
    const before = cuts.has(node) ? [] : node.inputs.map((input) => stretchOf.get(input)!);
    const own = Math.max(0, ...before);
    stretchOf.set(node, own);
    node.inputs.forEach((input, i) => {
      const isStandIn = keptAs.has(input);
      // What depends neither on a kept value nor on what the derivative is taken of is read as it is.
      if ((before[i] === own && !isStandIn) || (before[i] === 0 && !active.has(input))) return;
      stretches[own]!.reads.add(input);
      if (!isStandIn) stretches[before[i]!]!.ends.add(input);
    });
  }
  const gathered = new Map<Expr, Cotangent>();
  const gather = (to: Expr, more: Cotangent): void => {
    const sofar = gathered.get(to);
    gathered.set(to, sofar ? joined(sofar, more) : more);
  };
  outputs.forEach((output, i) => {
    stretches[stretchOf.get(output)!]!.ends.add(output);
    gather(output, { value: cotangents[i]! });
  });
  for (const value of keptAs.values()) stretches[stretchOf.get(value)!]!.ends.add(value);

  /** Of what is kept, its value on the way forward. */
  const forward = new Map<Expr, Expr>();
  const last = stretches.length - 1;
  for (let k = 0; k <= last; k++) {
    for (const { standIn, value } of kept[k - 1] ?? []) {
      const own = forward.get(value)!;
      // The last stretch is gone back through at once: nothing of it is computed twice.
      forward.set(standIn, k === last ? stopGradient(own) : own);
    }
    const ends = [...stretches[k]!.ends];
    const values = yield* substitution(ends, forward);
    ends.forEach((end, i) => {
      forward.set(end, values[i]!);
    });
  }
  const derivatives: BodyDerivatives = new BodyTable();
  for (let k = last; k >= 0; k--) {
    const { ends, reads } = stretches[k]!;
    // Behind a mark: what reads a value that is put together of others may read those.
    const standsFor = (read: Expr): Expr => {
      const value = forward.get(read)!;
      const isReady = value === read || (stretchOf.get(read) === last && keptAs.has(read));
      return isReady ? value : stopGradient(value);
    };
    const starts = new Map([...reads].map((read) => [read, standsFor(read)]));
    const reached = [...ends].filter((end) => gathered.has(end) && !cuts.has(end));
    const targets = k === 0 ? sources : [...reads].filter((read) => active.has(read));
    const found = yield* pullingBack(
      yield* substitution(reached, starts),
      reached.map((end) => gathered.get(end)!),
      targets.map((target) => starts.get(target) ?? target),
      derivatives,
    );
    targets.forEach((target, i) => {
      if (found[i]) gather(keptAs.get(target) ?? target, found[i]);
    });
  }
  const gradients = wrt.map((value, i) => {
    const gradient = gathered.get(sources[i]!);
    return gradient ? reshape(settled(gradient), value.shape) : broadcastTo(constant(0), value.shape);
  });
  return {
    outputs: outputs.map((output) => forward.get(output)!),
    gradients: passed("vjp", gradients, true),
  };
}
