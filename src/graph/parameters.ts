/**
 * The parameters of what is described: a tree of names with shapes and first values, and the same tree bound to leaves of a
 * graph.
 *
 * @module
 */

import { ShapeError } from "../errors.ts";
import { anObject, checkArgument, text } from "../options.ts";
import type { Expr, ParameterExpr, Shape } from "./expr.ts";
import { parameter } from "./ops/leaves.ts";

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

/** One parameter. */
export interface ParameterSpec {
  /** Per-model shape, row-major; `[]` is one number. */
  readonly shape: Shape;
  /** Values before training. */
  readonly initializer: Initializer;
  /**
   * `trained` by gradient; `state` updated once per step without gradient; `statistics` set by one pass over data
   * before training.
   */
  readonly kind: "trained" | "state" | "statistics";
  /** How many of its numbers are free, where it is not all of them: those of a triangle, or of an orthogonal matrix. */
  readonly used?: number | undefined;
}

/** Parameters by name; a composite nests those of its parts. */
export interface ParameterTree {
  readonly [name: string]: ParameterSpec | ParameterTree;
}

/** A parameter tree with an expression in the place of each specification. */
export interface Bound {
  readonly [name: string]: Expr | Bound;
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
function checkTree(tree: unknown, prefix: string): void {
  checkArgument("a tree of parameters", "prefix", prefix, text);
  checkArgument("a tree of parameters", "each member", tree, anObject, "such as bijection.parameters");
}

/** The specifications of a tree under dotted names, in order of definition. */
export function flattenTree(tree: ParameterTree, prefix = ""): Map<string, ParameterSpec> {
  checkTree(tree, prefix);
  const flat = new Map<string, ParameterSpec>();
  for (const [name, member] of Object.entries(tree)) {
    if (member && isSpec(member)) flat.set(prefix + name, member);
    else for (const [inner, spec] of flattenTree(member, `${prefix}${name}.`)) flat.set(inner, spec);
  }
  return flat;
}

/** A tree of parameter leaves, named by their dotted names. */
export function bindTree(tree: ParameterTree, prefix = ""): Bound {
  checkTree(tree, prefix);
  return Object.fromEntries(
    Object.entries(tree).map(([name, member]) => [
      name,
      member && isSpec(member)
        ? parameter(prefix + name, member.shape)
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
    throw new ShapeError({
      where: "leafOf",
      problem: `parameter "${name}" is not bound`,
      expected: `a bound parameter called "${name}"`,
      received: member === undefined ? "none" : "a tree of parameters",
    });
  return member as Expr;
}

/** The subtree `name` of a bound tree. */
export function subtreeOf(bound: Bound, name: string): Bound {
  checkArgument("subtreeOf", "bound", bound, anObject, "bindTree gives it");
  checkArgument("subtreeOf", "name", name, text);
  return (bound[name] ?? {}) as Bound;
}

/** The trained leaves of bound trees, under the names that {@link flattenTree} gives. */
export function trainedLeaves(tree: ParameterTree, bound: Bound): ParameterExpr[] {
  return Array.from(flattenTree(tree)).flatMap(([name, spec]): ParameterExpr[] => {
    if (spec.kind !== "trained") return [];
    const leaf = name.split(".").reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], bound);
    return [leaf as ParameterExpr];
  });
}
