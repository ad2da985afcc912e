/**
 * The nodes of maps: one scalar program for each of some features, and its results. What people write is in `bodies.ts`.
 *
 * Passes look into the bodies of maps themselves, where they do: their derivatives, tangents and values are those of all results together.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import type { Expr, Node } from "../expr.ts";
import { type Fault, type GraphRules, itself, opaque, stepsOfEach } from "../rules.ts";
import { checkExpressions, type SlotExpr } from "./leaves.ts";

/** The scalar program of a {@link MapExpr}: what happens to one feature, written on scalars. */
export interface ScalarBody {
  /** One list a block: the scalar slots that stand for the numbers of one feature. */
  readonly slots: readonly (readonly SlotExpr[])[];
  /** One list a result: the scalars that one feature yields. */
  readonly results: readonly (readonly Expr[])[];
}
/**
 * One scalar program applied to each of `features` features. Input block i has `features * slots[i].length`
 * elements, those of one feature adjacent; its results are read by {@link ProjectExpr}. A map is what an engine
 * compiles into one kernel, so that a spline with its gradient is written in ordinary scalars and runs fused.
 */
export interface MapExpr extends Node {
  readonly op: "map";
  readonly features: number;
  readonly body: ScalarBody;
}
/** Result number `index` of a map: shape `[features, k]`. */
export interface ProjectExpr extends Node {
  readonly op: "project";
  readonly index: number;
}

/** Result `index` of a map. */
export function project(map: Expr, index: number): Expr {
  checkExpressions("project", map);
  if (map.op !== "map")
    throw new ShapeError({ where: "project", subject: "the value", expected: "a map", received: map.op });
  const count = map.body.results[index]!.length;
  return { op: "project", index, shape: [map.features, count], space: map.space, inputs: [map] };
}

/** `scalarize` looks into the body itself, for all results together. */
const byItsStage = (): readonly Expr[] => [];

export const mapRules: GraphRules<MapExpr> = {
  ...opaque,
  facts: itself,
  scalars: byItsStage,
  steps(node, ready) {
    const out = new Int32Array(node.features);
    for (const [k, operand] of node.inputs.entries()) {
      const steps = ready.of(operand);
      const width = node.body.slots[k]!.length;
      for (let i = 0; i < (steps?.length ?? 0); i++) {
        const feature = Math.floor(i / width);
        out[feature] = Math.max(out[feature]!, steps![i]!);
      }
    }
    return out;
  },
};

export const projectRules: GraphRules<ProjectExpr> = {
  facts: ({ index }) => [index],
  withInputs: ({ index }, [map]) => project(map!, index),
  scalars: byItsStage,
  isZero({ index, inputs: [map] }, { of, inBody }) {
    if (map!.op !== "map") return false;
    const { slots, results } = map!.body;
    const known = (): [Expr, ReturnType<typeof of>][] =>
      slots.flatMap((block, k) =>
        block.map((slot): [Expr, ReturnType<typeof of>] => [slot, of(map!.inputs[k]!)]),
      );
    // One look for all maps of one body, and of operands of which as much is known.
    const facts = map!.inputs.map((input) => `${Number(of(input).zero)}${Number(of(input).asInRow)}`);
    return inBody(results[index]!, known, { body: map!.body, facts: facts.join() });
  },
  steps: (node, ready) => stepsOfEach(node, (i) => ready.at(node.inputs[0]!, Math.floor(i / node.shape[1]!))),
};

export const faultOfMap: Fault<MapExpr> = ({ body: { slots, results } }) =>
  slots.length === 0 || results.length === 0 ? "its body has no slots or no results" : undefined;

export const faultOfProject: Fault<ProjectExpr> = (_, { takes }) => takes(1);
