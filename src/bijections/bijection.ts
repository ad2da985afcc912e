/**
 * What a bijection is: a description, written once for one sample, without arrays, batch or engine.
 *
 * `forward` goes from base to data, `inverse` from data to base; each returns its own logAbsDet, in nats, a scalar.
 *
 * @module
 */

import { FormatError, ShapeError } from "../errors.ts";
import type { Expr, Shape } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import { anObject, checkArgument, type OptionKind, text } from "../options.ts";

/**
 * How a parameter starts: all one value, uniform on (-bound, bound), evenly spaced along the last axis, or an identity
 * matrix along the last two.
 */
export type Initializer =
  | {
      /** One value everywhere. */
      readonly kind: "constant";
      /** The value. */
      readonly value: number;
    }
  | {
      /** Uniform on (-bound, bound). */
      readonly kind: "uniform";
      /** The bound, above 0. */
      readonly bound: number;
    }
  | {
      /** Evenly spaced along the last axis. */
      readonly kind: "grid";
      /** First value. */
      readonly from: number;
      /** Last value. */
      readonly to: number;
    }
  | {
      /** 1 where the indices along the last two axes are equal, else 0. */
      readonly kind: "identity";
    };

/** One parameter of a bijection. */
export interface ParameterSpec {
  /** Per-model shape, row-major; `[]` is one number. */
  readonly shape: Shape;
  /** Values before training. */
  readonly initializer: Initializer;
  /**
   * `trained` by gradient; `state` updated once a step without gradient; `statistics` set by one pass over data
   * before training.
   */
  readonly kind: "trained" | "state" | "statistics";
  /** How many of its numbers are free, where it is not all of them: those of a triangle, or of an orthogonal matrix. */
  readonly used?: number;
}

/** Parameters by name; a composite nests those of its parts. */
export interface ParameterTree {
  readonly [name: string]: ParameterSpec | ParameterTree;
}

/** A parameter tree with an expression in the place of each specification. */
export interface Bound {
  readonly [name: string]: Expr | Bound;
}

/** A value and the logAbsDet of the direction that gave it. */
export interface Mapped {
  /** The image, of the shape `[features]`. */
  readonly value: Expr;
  /** log abs(det J) of the direction that gave it, in nats; a scalar. */
  readonly logAbsDet: Expr;
}

/** One preimage under a map with several branches; `valid` is 1 where the branch reaches the point, else 0. */
export interface Branch extends Mapped {
  /** 1 where the branch reaches the point, else 0; a scalar. */
  readonly valid: Expr;
}

/** Plain data that describes a bijection: `type` names its row in the registry. */
export interface BijectionJson {
  /** Name of the row in the registry. */
  readonly type: string;
  readonly [option: string]: unknown;
}

/** A differentiable map with a differentiable inverse; see the file's head. */
export interface Bijection {
  /** Name of its row in the registry, as `toJSON` writes it. */
  readonly type: string;
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Size of what it is conditioned on; 0 where unconditional. */
  readonly context: number;
  /**
   * What it needs besides its argument, by name; `forward` and `inverse` get the same tree bound to
   * expressions.
   */
  readonly parameters: ParameterTree;
  /** Base to data. */
  forward(x: Expr, parameters: Bound, context?: Expr): Mapped;
  /** Data to base. */
  inverse(y: Expr, parameters: Bound, context?: Expr): Mapped;
  /** All preimages of y, for a map that is not one to one; then `inverse` gives the first. */
  branches?(y: Expr, parameters: Bound, context?: Expr): readonly Branch[];
  /** The description that {@link bijectionFromJson} reads back. */
  toJSON(): BijectionJson;
}

/** A trained parameter that starts at one value (default 0). */
export function trained(shape: Shape, value = 0): ParameterSpec {
  return { shape, initializer: { kind: "constant", value }, kind: "trained" };
}

/** A trained parameter that starts uniform on (-bound, bound). */
export function trainedUniform(shape: Shape, bound: number): ParameterSpec {
  return { shape, initializer: { kind: "uniform", bound }, kind: "trained" };
}

/** A parameter set from data before training; until then it has one value. */
export function statistics(shape: Shape, value: number): ParameterSpec {
  return { shape, initializer: { kind: "constant", value }, kind: "statistics" };
}

/** Whether a member of a tree is a specification, and not a subtree. */
export function isSpec(member: ParameterSpec | ParameterTree): member is ParameterSpec {
  return Array.isArray((member as ParameterSpec).shape);
}

/** A text is made of texts without end: anything but objects is refused. */
const checkTree = (tree: unknown): void =>
  checkArgument("a tree of parameters", "each member", tree, anObject, "such as bijection.parameters");

/** The specifications of a tree under dotted names, in order of definition. */
export function flattenTree(tree: ParameterTree, prefix = ""): Map<string, ParameterSpec> {
  checkTree(tree);
  const flat = new Map<string, ParameterSpec>();
  for (const [name, member] of Object.entries(tree)) {
    if (member && isSpec(member)) flat.set(prefix + name, member);
    else for (const [inner, spec] of flattenTree(member, `${prefix}${name}.`)) flat.set(inner, spec);
  }
  return flat;
}

/** A tree of parameter leaves, named by their dotted names. */
export function bindTree(tree: ParameterTree, prefix = ""): Bound {
  checkTree(tree);
  return Object.fromEntries(
    Object.entries(tree).map(([name, member]) => [
      name,
      member && isSpec(member)
        ? g.parameter(prefix + name, member.shape)
        : bindTree(member, `${prefix}${name}.`),
    ]),
  );
}

/** The leaf `name` of a bound tree. */
export function leafOf(bound: Bound, name: string): Expr {
  checkArgument("leafOf", "bound", bound, anObject, "bindTree gives it");
  checkArgument("leafOf", "name", name, text);
  const member = bound[name];
  if (member === undefined || typeof (member as Expr).op !== "string")
    throw new ShapeError(`parameter "${name}" is not bound.`);
  return member as Expr;
}

/** The subtree `name` of a bound tree. */
export function subtreeOf(bound: Bound, name: string): Bound {
  checkArgument("subtreeOf", "bound", bound, anObject, "bindTree gives it");
  checkArgument("subtreeOf", "name", name, text);
  return (bound[name] ?? {}) as Bound;
}

/**
 * Refuses a count that is not a positive integer.
 * @throws {@link ShapeError}
 */
export function checkCount(where: string, option: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new ShapeError(`${where}: ${option} must be a positive integer, got ${value}.`);
}

/**
 * Refuses a size of the context that is not 0 or a positive integer.
 * @throws {@link ShapeError}
 */
export function checkContext(where: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new ShapeError(`${where}: context must be 0 or a positive integer, got ${value}.`);
}

/** What a bijection is, for checks of arguments. */
export const aBijection: OptionKind = {
  expected: "a bijection",
  accepts: (value) =>
    typeof value === "object" &&
    value !== null &&
    typeof (value as Bijection).forward === "function" &&
    typeof (value as Bijection).parameters === "object" &&
    typeof (value as Bijection).features === "number",
};

/** Reads one bijection's own options back. */
export type BijectionReader = (json: BijectionJson, read: (json: unknown) => Bijection) => Bijection;

/**
 * The bijection that a description stands for.
 * @param readers - By type; see `registry.ts`.
 * @throws {@link FormatError} for a type that is not among the readers.
 */
export function readBijection(json: unknown, readers: Readonly<Record<string, BijectionReader>>): Bijection {
  const type = (json as BijectionJson | null)?.type;
  const reader = typeof type === "string" && Object.hasOwn(readers, type) ? readers[type] : undefined;
  if (!reader)
    throw new FormatError(
      `The model holds a bijection of type ${JSON.stringify(type)}, which this version does not know.`,
    );
  // What is left are the options of what `type` names.
  const { type: _, ...options } = json as BijectionJson;
  return reader(options as BijectionJson, (part) => readBijection(part, readers));
}
