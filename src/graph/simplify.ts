/**
 * Simplification: constant folding, algebraic identities, moves through moves, and common sub-expressions; dead
 * code falls away because only what the outputs need is visited. Bodies of maps and iterations are simplified too.
 *
 * A factor of exactly zero is dropped with what it multiplies, so that a NaN that only zero would see does not
 * appear: derivatives are full of such factors.
 *
 * @module
 */

import { inOnePiece, type Pieces, visitsApart } from "../platform/pieces.ts";
import {
  type ConcatenateExpr,
  type ElementwiseExpr,
  type Expr,
  type GatherExpr,
  hasBody,
  type MapExpr,
  type ScanGradientExpr,
  sizeOf,
  spaceOf,
  topologicalOrder,
} from "./expr.ts";
import { factsOf, withInputs } from "./graphRules.ts";
import { apply, mul, neg } from "./ops/arithmetic.ts";
import { BodyTable } from "./ops/bodyStructure.ts";
import { elementwise } from "./ops/elementwise.ts";
import { constant, rowMark, uniformConstant } from "./ops/leaves.ts";
import type { ScalarBody } from "./ops/maps.ts";
import { broadcastTo } from "./ops/movement.ts";
import { concatenate, gather, reshape } from "./ops/moves.ts";
import { isApplied } from "./ops/repeatedScalar.ts";
import { rebuildBody } from "./rebuild.ts";

/** The outputs, simplified together: equal sub-expressions of different outputs become one node. */
export function simplify(outputs: readonly Expr[]): Expr[] {
  return inOnePiece(simplification(outputs));
}

/** {@link simplify}, a node at a time. */
export function simplification(outputs: readonly Expr[]): Pieces<Expr[]> {
  return simplifyWith(outputs, new Interner(), new Map());
}

function* simplifyWith(outputs: readonly Expr[], interner: Interner, done: Map<Expr, Expr>): Pieces<Expr[]> {
  // What is done is not entered: a body's outer values have all that came before behind them.
  for (const node of topologicalOrder(outputs, done)) {
    if (done.has(node)) continue;
    const inputs = node.inputs.map((input) => done.get(input)!);
    let next: Expr;
    // All derivatives have been taken: what the value solves is of no use any more.
    if (node.op === "implicit" || node.op === "odeSolution") next = inputs[0]!;
    else if (hasBody(node))
      next = rebuildBody(
        node,
        (outer) => done.get(outer) ?? outer,
        (results, outer) =>
          inOnePiece(simplifyWith(results, interner, new Map(outer.map((value) => [value, value])))),
      );
    else if (node.op === "map") next = simplifyMap(node, inputs, interner.bodies);
    else next = rewrite(withInputs(node, inputs), interner);
    done.set(node, interner.intern(next));
    if (done.size % visitsApart === 0) yield;
  }
  return outputs.map((output) => done.get(output)!);
}

/** Hash-consing: one node for each operation on the same inputs. */
class Interner {
  readonly #ids = new Map<unknown, number>();
  /** Lists of numbers, by a number that equal ones have in common. */
  readonly #lists = new Map<number, Float64Array[]>();
  /** The one that stands for a list; many nodes have one list of indices, or one mask. */
  readonly #listOf = new Map<Float64Array, Float64Array>();
  /** Simplified bodies of maps: one for all that are written alike. */
  readonly bodies: BodyTable<ScalarBody> = new BodyTable();
  /** Nodes by what they are. */
  readonly #nodes = new Map<string, Expr>();

  #id(value: unknown): number {
    let id = this.#ids.get(value);
    if (id === undefined) this.#ids.set(value, (id = this.#ids.size));
    return id;
  }

  /** A list for all of the same elements. */
  #list(list: Float64Array): Float64Array {
    let same = this.#listOf.get(list);
    if (same) return same;
    let hash = list.length;
    // Some of the elements, and of fractions the whole part: lists that have these in common are few.
    const apart = Math.ceil(list.length / 64);
    if (list.length === 1) hash = list[0]!;
    else for (let i = 0; i < list.length; i += apart) hash = mixed(hash, list[i]!);
    const alike = this.#lists.get(hash) ?? [];
    same = alike.find((other) => areSame(other, list)) ?? list;
    if (same === list) this.#lists.set(hash, [...alike, list]);
    this.#listOf.set(list, same);
    return same;
  }

  /** The node that stands for all that are the same. Its name is put together by the runtime: what runs once is not worth compiling. */
  intern(node: Expr): Expr {
    const { inputs } = node;
    const facts = factsOf(node);
    let name = `${node.op} ${node.shape}`;
    // Counted, as all that is done for each node: in a process that has not run long an iterator costs more than the rest.
    for (let i = 0; i < inputs.length; i++) name += ` ${this.#id(inputs[i])}`;
    for (let i = 0; i < facts.length; i++) {
      const fact = facts[i];
      name += `;${this.#id(isList(fact) ? this.#list(fact) : fact)}`;
    }
    const same = this.#nodes.get(name);
    if (!same) this.#nodes.set(name, node);
    return same ?? node;
  }
}

function mixed(hash: number, number: number): number {
  const next = Math.imul(hash ^ number, 0x9e3779b1);
  return next ^ (next >>> 15);
}

const isList = (fact: unknown): fact is Float64Array => ArrayBuffer.isView(fact);

function areSame(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}

function simplifyMap(node: MapExpr, inputs: readonly Expr[], bodies: BodyTable<ScalarBody>): Expr {
  const body = bodies.of(node.body, "", () => {
    const { slots, results } = node.body;
    const flat = simplify(results.flat());
    let next = 0;
    return { slots, results: results.map((result) => result.map(() => flat[next++]!)) };
  });
  return { ...node, body, space: spaceOf(inputs), inputs };
}

function rewrite(node: Expr, interner: Interner): Expr {
  switch (node.op) {
    case "elementwise":
      return rewriteElementwise(node, interner);
    case "gather":
      return rewriteGather(node);
    case "concatenate":
      return rewriteConcatenate(node);
    case "sum": {
      const uniform = uniformConstant(node.inputs[0]!);
      return uniform === undefined ? node : broadcastTo(constant(uniform * node.count), node.shape);
    }
    case "sumRows":
    case "sumOuter": {
      if (node.inputs.some(isZero)) return zero(node);
      // A value that turned out to be the same for every row is still there once per row.
      const inputs = node.inputs.map((input) =>
        input.space === "row" ? input : interner.intern(mul(interner.intern(rowMark()), input)),
      );
      return withInputs(node, inputs);
    }
    case "sumOfScan":
      // Where a body sums what turned out to be 0, nothing is left of the sum.
      return isZero((node.inputs[0] as ScanGradientExpr).sums[node.index]!) ? zero(node) : node;
    case "linear":
    case "solveTriangular":
      return isZero(node.inputs[node.op === "solveTriangular" ? 1 : 0]!) && node.inputs.length < 3
        ? zero(node)
        : node;
    default:
      // What is left as it is stays right.
      return node;
  }
}

function isZero(value: Expr): boolean {
  if (value.op === "constant") return value.data[0] === 0 && uniformConstant(value) === 0;
  return (value.op === "gather" || value.op === "reshape") && isZero(value.inputs[0]!);
}

function zero(like: Expr): Expr {
  return broadcastTo(constant(0), like.shape);
}

/** The number of a scalar constant operand. */
function numberOf(value: Expr | undefined): number | undefined {
  return value?.op === "constant" && value.shape.length === 0 ? value.data[0] : undefined;
}

function rewriteElementwise(node: ElementwiseExpr, interner: Interner): Expr {
  const { name, shape } = node;
  const broadcast = (value: Expr): Expr => broadcastTo(value, shape);
  if (node.inputs.every((input) => input.op === "constant")) return foldElementwise(node);
  // Operands that became repeated scalars are read as scalars.
  const rewritten = isApplied(node)
    ? node
    : reshape(
        apply(name, ...node.inputs.map((input) => (input.shape.length === 0 ? broadcast(input) : input))),
        shape,
      );
  if (rewritten !== node) return rewrittenScalars(rewritten, interner);
  const { 0: a, 1: b, 2: c } = rewritten.inputs as [Expr, Expr, Expr];
  const x = numberOf(a);
  const y = numberOf(b);
  switch (name) {
    case "add":
      if (x === 0 || isZero(a)) return broadcast(b);
      if (y === 0 || isZero(b)) return broadcast(a);
      return mergeMoves(rewritten, a, b, interner) ?? rewritten;
    case "sub":
      if (y === 0 || isZero(b)) return broadcast(a);
      if (x === 0 || isZero(a)) return broadcast(neg(b));
      return rewritten;
    case "mul":
      if (x === 0 || y === 0 || isZero(a) || isZero(b)) return zero(rewritten);
      if (x === 1) return broadcast(b);
      if (y === 1) return broadcast(a);
      if (x === -1) return broadcast(neg(b));
      if (y === -1) return broadcast(neg(a));
      return rewritten;
    case "mulOrZero":
      if (isZero(a) || isZero(b)) return zero(rewritten);
      if (x !== undefined && Number.isFinite(x))
        return rewriteElementwise({ ...rewritten, name: "mul" }, interner);
      return rewritten;
    case "div":
      if (isZero(a)) return zero(rewritten);
      return y === 1 ? broadcast(a) : rewritten;
    case "neg":
      if (isZero(a)) return zero(rewritten);
      return a.op === "elementwise" && a.name === "neg" ? broadcast(a.inputs[0]!) : rewritten;
    case "select":
      if (b === c || (isZero(b) && isZero(c))) return broadcast(b);
      if (x !== undefined) return broadcast(x !== 0 ? b : c);
      return rewritten;
    default:
      return rewritten;
  }
}

/** An operation whose operands are read as scalars now, or a repetition of one: by its own rules. */
function rewrittenScalars(node: Expr, interner: Interner): Expr {
  if (node.op === "elementwise") return rewriteElementwise(node, interner);
  if (node.op !== "gather" && node.op !== "reshape") return node;
  const [inner] = node.inputs as [Expr];
  const next = withInputs(node, [interner.intern(rewrittenScalars(inner, interner))]);
  return next.op === "gather" ? rewriteGather(next) : next;
}

function foldElementwise(node: ElementwiseExpr): Expr {
  const { value } = elementwise[node.name];
  const data = node.inputs.map((input) => (input.op === "constant" ? input.data : new Float64Array(1)));
  const at = (k: number, i: number): number => data[k]?.[data[k].length === 1 ? 0 : i] ?? 0;
  const out = Float64Array.from({ length: sizeOf(node.shape) }, (_, i) =>
    value(at(0, i), at(1, i), at(2, i)),
  );
  return constant(out, node.shape);
}

/**
 * a + b where both are moves with zeros in between and no place gets both: one move out of both sources. The
 * cotangents of slices come in this form; together they are what was sliced.
 */
function mergeMoves(node: Expr, a: Expr, b: Expr, interner: Interner): Expr | undefined {
  const left = a.op === "reshape" ? a.inputs[0]! : a;
  const right = b.op === "reshape" ? b.inputs[0]! : b;
  if (left.op !== "gather" || right.op !== "gather" || !left.indices.includes(-1)) return undefined;
  // A scalar operand is repeated, not moved.
  if (left.indices.length !== right.indices.length) return undefined;
  for (let i = 0; i < left.indices.length; i++)
    if (left.indices[i]! >= 0 && right.indices[i]! >= 0) return undefined;
  const sources = [left, right].map((move) => reshape(move.inputs[0]!, [sizeOf(move.inputs[0]!.shape)]));
  const source = interner.intern(rewriteConcatenate(concatenate(sources)));
  const offset = sizeOf(sources[0]!.shape);
  const indices = left.indices.map((from, i) =>
    from >= 0 ? from : right.indices[i]! >= 0 ? right.indices[i]! + offset : -1,
  );
  const merged = gather(source, indices, node.shape);
  return merged.op === "gather" ? rewriteGather(merged) : merged;
}

function rewriteGather(node: GatherExpr): Expr {
  const source = node.inputs[0]!;
  if (source.op === "constant")
    return constant(
      Float64Array.from(node.indices, (i) => (i < 0 ? 0 : source.data[i]!)),
      node.shape,
    );
  if (isZero(source)) return zero(node);
  if (source.op !== "concatenate") return node;
  // A move that reads one part of a concatenation moves that part alone.
  let start = 0;
  for (const part of source.inputs) {
    const end = start + sizeOf(part.shape);
    if (node.indices.every((i) => i < 0 || (i >= start && i < end))) {
      const offset = start;
      return gather(
        part,
        node.indices.map((i) => (i < 0 ? -1 : i - offset)),
        node.shape,
      );
    }
    start = end;
  }
  return node;
}

function rewriteConcatenate(node: Expr): Expr {
  if (node.op !== "concatenate") return node;
  if (!node.inputs.some((part) => part.op === "concatenate")) return node;
  const inputs = node.inputs.flatMap((part) => (part.op === "concatenate" ? part.inputs : [part]));
  return { ...node, inputs } satisfies ConcatenateExpr;
}
