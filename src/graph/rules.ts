/**
 * What is to be known of an operation. Its file in `ops/` has its type, its constructor, and these records of it:
 *
 * - {@link GraphRules}: what passes over graphs and plans need;
 * - {@link PullBack} and {@link PushForward}: its derivatives, in reverse and in forward mode;
 * - {@link Fault}: what a sound node of it is.
 *
 * Its value in float64 is the kernel of the reference engine, which pages do not load.
 *
 * Each stage reads a table with one record for each operation, and the table of a type that asks for all: an operation without a rule
 * does not compile. They are apart, as no page loads what it does not use: engines that only evaluate have no need of derivatives.
 *
 * @module
 */

import { ShapeError } from "../errors.ts";
import type { Condition, Cotangent, Reversal } from "./derivative/cotangent.ts";
import { type Expr, sizeOf, spaceOf, unreachable } from "./expr.ts";

/** Names of the operations. */
export type Op = Expr["op"];
/** A node of an operation. */
export type NodeOf<O extends Op> = Extract<Expr, { readonly op: O }>;

/** The rule of a node's operation, out of a table of all. @throws Error that names an operation without one. */
export function ruleOf<Rule>(table: { readonly [O in Op]?: unknown }, node: Expr): Rule {
  return (table[node.op] ?? unreachable(node as never)) as Rule;
}

/** What is known of a value in lanes without a row; see `plan/analysis/padding.ts`. */
export interface Padding {
  /** It is 0 there, or not finite in a row either. */
  readonly zero: boolean;
  /** It is what it is in the tile's last row. */
  readonly asInRow: boolean;
}

/** What rules of padding work with. */
export interface PaddingScope {
  readonly of: (operand: Expr) => Padding;
  /** Whether an operand is there and 0 there. */
  readonly zero: (operand: Expr | undefined) => boolean;
  /** What is known of the results of a body, where its slots are known. `key`: one body is looked at once where the same is known of its slots. */
  readonly inBody: (
    results: readonly Expr[],
    slots: () => Iterable<readonly [Expr, Padding]>,
    key?: { readonly body: object; readonly facts: string },
  ) => boolean;
}

/** When elements are known, by node of the body of an iteration; see `plan/analysis/readiness.ts`. */
export interface Steps {
  /** By element (of a map: by feature); undefined if it is there from the start. */
  readonly of: (operand: Expr) => Int32Array | undefined;
  readonly at: (operand: Expr, element: number) => number;
  /** The last of the elements `from` to `to`. */
  readonly latest: (operand: Expr, from: number, to: number) => number;
}

/** What passes over graphs, and plans, need of an operation. */
export interface GraphRules<E extends Expr> {
  /** What says, beside shape and inputs, which value a node is: numbers, words, arrays; of slots and bodies the node itself. */
  facts(node: E): readonly unknown[];
  /** The node with other inputs, of the same shapes. */
  withInputs(node: E, inputs: readonly Expr[]): Expr;
  /** Its elements as scalars, from those of its operands: what it is in the body of a map. `map` and `project` are looked into by their stage. */
  scalars(node: E, operands: readonly (readonly Expr[])[]): readonly Expr[];
  /** Whether it is 0 in lanes without a row, or what is lost in a row as well: by linearity alone. */
  isZero(node: E, scope: PaddingScope): boolean;
  /** When each of its elements (of a map: features) is known. */
  steps(node: E, ready: Steps): Int32Array;
}

/** Sends the cotangent of a node to its inputs. */
export type PullBack<E extends Expr> = (node: E, cotangent: Cotangent, reversal: Reversal) => void;

/** What rules of forward mode work with. */
export interface Push {
  /** The tangent of an operand; undefined stands for zero. */
  readonly tangent: (operand: Expr) => Expr | undefined;
  /** The tangent of an operand. */
  readonly orZero: (operand: Expr) => Expr;
  /** The sum of what is not undefined; zeros of the node's shape if all are. */
  readonly sum: (...terms: readonly (Expr | undefined)[]) => Expr;
  /** Forward mode itself, for nodes with a body. */
  readonly jvp: (outputs: readonly Expr[], inputs: readonly Expr[], tangents: readonly Expr[]) => Expr[];
}

/** The tangent of a node, of which one operand at least has one. */
export type PushForward<E extends Expr> = (node: E, push: Push) => Expr;

/** What rules of sound nodes work with. */
export interface Soundness {
  /** Numbers of the node, and of its inputs. */
  readonly size: number;
  readonly sizes: readonly number[];
  /** Says that the number of inputs is wrong. */
  readonly takes: (minimum: number, maximum?: number) => string | undefined;
  /** Says that the node's space is not what its inputs say. */
  readonly follows: string | undefined;
}

/** Says what is wrong with a node, or nothing. */
export type Fault<E extends Expr> = (node: E, soundness: Soundness) => string | undefined;

// ---- what many operations have in common

/** Nothing but operation, shape and inputs tells it apart. */
export const noFacts = (): readonly unknown[] => [];
/** It is itself alone: a slot, or a body, which is compared by identity. */
export const itself = (node: Expr): readonly unknown[] => [node];
/** Never known to be 0. */
export const never = (): boolean => false;

/** The same with other inputs, in the space that follows from them. */
export function copied<E extends Expr>(node: E, inputs: readonly Expr[]): E {
  return { ...node, space: spaceOf(inputs), inputs };
}

/** One expression for each element of a node. */
export function each(node: Expr, element: (i: number) => Expr): Expr[] {
  return Array.from({ length: sizeOf(node.shape) }, (_, i) => element(i));
}

/** A step for each element of a node. */
export function stepsOfEach(node: Expr, step: (element: number) => number): Int32Array {
  return Int32Array.from({ length: sizeOf(node.shape) }, (_, element) => step(element));
}

/** All at once, when the last of what it reads is known. */
export function allAtOnce(node: Expr, ready: Steps): Int32Array {
  let last = 0;
  for (const operand of node.inputs) last = Math.max(last, ready.latest(operand, 0, sizeOf(operand.shape)));
  return stepsOfEach(node, () => last);
}

/** Refuses an operation in the body of a map. */
export function refusedInMaps({ op }: Expr, problem: string, expected: string, remedy: string): never {
  throw new ShapeError({ where: "mapFeatures", problem, expected, received: op, remedy });
}

/** What is right of every operation, as long as nothing better is known. Only what tells its nodes apart is left to say. */
export const opaque: Omit<GraphRules<Expr>, "facts"> = {
  withInputs: copied,
  scalars: (node) =>
    refusedInMaps(
      node,
      `a body has scalar operations alone, not ${node.op}`,
      "scalar operations",
      "compute that outside of the map",
    ),
  isZero: never,
  steps: allAtOnce,
};

/** Whether all its operands are 0. */
export const ifAllAreZero = ({ inputs }: Expr, { zero }: PaddingScope): boolean => inputs.every(zero);

/** Nothing flows back from it. */
export const nothingBack = (): void => {};

export type { Condition, Cotangent, Reversal };
