/**
 * The scalar program of a map as nodes of ONNX: what is done alike to several of its scalars is done to them side by side, by one node on a
 * tensor `[scalars, features, rows]`, or `[scalars, features, 1]` where all rows share them.
 *
 * Three things are found in the program. Scalars are alike if the same operations lead to them from scalars that are alike. Sums that go on
 * from one to the next, s(k) = s(k - 1) + x(k) of alike x, are one `CumSum`. And a choice of the last of several values whose condition
 * holds, as splines choose their bin, c(K) ? v(K) : ... c(1) ? v(1) : v(0), is an index and one `GatherElements` for each choice by the same
 * conditions: the index is the largest k of those that hold.
 *
 * @module
 */

import { type ElementwiseExpr, type Expr, topologicalOrder } from "../../graph/expr.ts";
import type { OnnxFormulas } from "./onnxFormulas.ts";

/** Fewer terms are added, and fewer values chosen from, one by one. */
const fewest = 4;

/** Scalars that are computed together. */
interface Group {
  readonly members: Expr[];
  /** Whether all rows share them. */
  readonly isShared: boolean;
  /** They side by side, in their order. */
  readonly write: () => string;
  tensor?: string | undefined;
}

/** c(K) ? v(K) : ... v(0), the first value first. */
interface Choice {
  readonly conditions: readonly Expr[];
  readonly values: readonly Expr[];
}

/** Slots, and the tensor of their numbers; that of one block is of rows. */
interface Block {
  readonly slots: readonly Expr[];
  readonly tensor: string;
  readonly isShared: boolean;
}

/**
 * Tensors `[1, features, rows]` of some scalars.
 * @param extents - The number of features, and the name of that of rows.
 */
export function writeScalars(
  results: readonly Expr[],
  blocks: readonly Block[],
  formulas: OnnxFormulas,
  extents: readonly [features: number, rows: string],
): string[] {
  const body = new ScalarBody(formulas, extents, blocks.find(({ isShared }) => !isShared)!.tensor);
  for (const block of blocks) body.known(block);
  body.read(results);
  return results.map((result) => body.row(result));
}

class ScalarBody {
  readonly #formulas: OnnxFormulas;
  readonly #extents: readonly [features: number, rows: string];
  /** A tensor of rows. */
  readonly #like: string;
  readonly #groups = new Map<string, Group>();
  readonly #places = new Map<Expr, { readonly group: Group; readonly row: number }>();
  /** What a scalar is like: equal numbers for those that are alike. */
  readonly #kinds = new Map<Expr, number>();
  readonly #kindsByText = new Map<string, number>();
  readonly #ids = new Map<Expr, number>();
  /** By operation and inputs: what is written twice is computed once. */
  readonly #twins = new Map<string, Expr>();

  constructor(formulas: OnnxFormulas, extents: readonly [features: number, rows: string], like: string) {
    this.#formulas = formulas;
    this.#extents = extents;
    this.#like = like;
  }

  /** Slots of one block. */
  known({ slots, tensor, isShared }: Block): void {
    const key = `block ${tensor}`;
    const group: Group = { members: [], isShared, write: () => tensor };
    for (const slot of slots) this.#join(slot, key, group);
  }

  /** Takes up all that some scalars need. */
  read(results: readonly Expr[]): void {
    const written = topologicalOrder(results);
    const choices = choicesOf(written);
    const sums = sumsOf(written);
    const sourcesOf = (node: Expr): readonly Expr[] => {
      const choice = choices.get(node);
      return sums.get(node)?.terms ?? (choice ? [...choice.conditions, ...choice.values] : node.inputs);
    };
    /** How many operations lead to a scalar at most: those that are alike have as many, so that none is computed from another. */
    const depths = new Map<Expr, number>();
    for (const node of orderBy(sourcesOf, results)) {
      const depth = sourcesOf(node).reduce((most, source) => Math.max(most, 1 + depths.get(source)!), 0);
      depths.set(node, depth);
      if (this.#kinds.has(node)) continue;
      const sum = sums.get(node);
      const choice = choices.get(node);
      if (node.op === "constant") {
        this.#kinds.set(node, this.#kindOf(`number ${Object.is(node.data[0], -0) ? "-0" : node.data[0]}`));
        continue;
      }
      if (sum) {
        const { terms } = sum;
        const key = `sum of ${terms.map((term) => this.#idOf(term))}`;
        const group = this.#groups.get(key) ?? this.#sumGroup(key, terms);
        this.#kinds.set(node, this.#kindOf(`sum ${depth} ${this.#kinds.get(terms[0]!)}`));
        this.#places.set(node, { group, row: sum.row });
        continue;
      }
      if (choice) {
        const isShared = [...choice.conditions, ...choice.values].every((each) => this.#isShared(each));
        const key = `choice ${depth} ${isShared} by ${choice.conditions.map((condition) => this.#idOf(condition))}`;
        this.#join(node, key, this.#groups.get(key) ?? this.#choiceGroup(key, isShared, choices));
        continue;
      }
      const { name, inputs } = node as ElementwiseExpr;
      const key = `${name} ${depth} ${inputs.map((input) => this.#kinds.get(input))}`;
      const twin = this.#twins.get(`${name} ${inputs.map((input) => this.#idOf(input))}`);
      if (twin) {
        this.#kinds.set(node, this.#kinds.get(twin)!);
        this.#places.set(node, this.#places.get(twin)!);
        continue;
      }
      this.#twins.set(`${name} ${inputs.map((input) => this.#idOf(input))}`, node);
      this.#join(node, key, this.#groups.get(key) ?? this.#alikeGroup(key, node as ElementwiseExpr));
    }
  }

  #idOf(node: Expr): number {
    const id = this.#ids.get(node) ?? this.#ids.size;
    this.#ids.set(node, id);
    return id;
  }

  #kindOf(text: string): number {
    const kind = this.#kindsByText.get(text) ?? this.#kindsByText.size;
    this.#kindsByText.set(text, kind);
    return kind;
  }

  #join(node: Expr, key: string, group: Group): void {
    this.#kinds.set(node, this.#kindOf(key));
    this.#places.set(node, { group, row: group.members.push(node) - 1 });
  }

  #isShared(node: Expr): boolean {
    return node.op === "constant" || this.#places.get(node)!.group.isShared;
  }

  #added(key: string, isShared: boolean, write: (members: readonly Expr[]) => string): Group {
    const members: Expr[] = [];
    const group: Group = { members, isShared, write: () => write(members) };
    this.#groups.set(key, group);
    return group;
  }

  #alikeGroup(key: string, { name, inputs }: ElementwiseExpr): Group {
    const isShared = inputs.every((input) => this.#isShared(input));
    return this.#added(key, isShared, (members) => {
      const result = this.#formulas.elementwise(
        name,
        members[0]!.inputs.map((_, i) => this.values(members.map(({ inputs }) => inputs[i]!))),
      );
      const isNumber = members[0]!.inputs.every(({ op }) => op === "constant");
      return isNumber ? this.#ofAll(result, members.length) : result;
    });
  }

  #sumGroup(key: string, terms: readonly Expr[]): Group {
    const { graph } = this.#formulas;
    const isShared = terms.every((term) => this.#isShared(term));
    const group = this.#added(key, isShared, () =>
      graph.node("CumSum", [this.#whole(terms), graph.constant("int64", [0], [])]),
    );
    // The first sum is the first term, which is a member of its own group.
    group.members.push(...terms);
    return group;
  }

  #choiceGroup(key: string, isShared: boolean, choices: ReadonlyMap<Expr, Choice>): Group {
    const { graph } = this.#formulas;
    return this.#added(key, isShared, (members) => {
      const { conditions } = choices.get(members[0]!)!;
      const holds = this.#formulas.asCondition(this.#whole(conditions, isShared));
      const marks = graph.node("Cast", [holds], { to: { elements: "float" } });
      const numbers = Array.from(conditions, (_, k) => k + 1);
      const places = graph.node("Mul", [marks, graph.constant("float", numbers, [numbers.length, 1, 1])]);
      const last = graph.node("ReduceMax", [places], { axes: [0], keepdims: 1 });
      const index = graph.node("Cast", [last], { to: { elements: "int64" } });
      const chosen = members.map((member) =>
        graph.node("GatherElements", [this.#whole(choices.get(member)!.values, isShared), index], {
          axis: 0,
        }),
      );
      return chosen.length === 1 ? chosen[0]! : graph.node("Concat", chosen, { axis: 0 });
    });
  }

  /** The tensor of a scalar, of each row. */
  row(node: Expr): string {
    return this.#whole([node], false);
  }

  /** Some scalars, one after another, each of as many numbers. */
  #whole(nodes: readonly Expr[], isShared = nodes.every((node) => this.#isShared(node))): string {
    const { graph } = this.#formulas;
    const parts = runs(nodes, (node) => this.#places.get(node)?.group).map((run) => {
      const values = this.values(run);
      const isWide = run[0]!.op !== "constant" && (run.length === 1 || run.some((node) => node !== run[0]));
      if (isWide && (isShared || !this.#isShared(run[0]!))) return values;
      return isShared ? this.#ofAll(values, run.length) : this.#ofEachRow(values, run.length);
    });
    if (parts.length === 1) return parts[0]!;
    const conditions = parts.map((part) => this.#formulas.conditionOf(part));
    if (conditions.every((condition) => condition !== undefined))
      return this.#formulas.asNumber(graph.node("Concat", conditions, { axis: 0 }));
    const joined = graph.node("Concat", parts, { axis: 0 });
    return isShared ? joined : this.#shaped(joined, nodes.length);
  }

  #shaped(values: string, count: number): string {
    const { graph, type } = this.#formulas;
    return graph.shaped(values, type, [count, ...this.#extents]);
  }

  /** Numbers that all rows share, for `count` scalars of all features. */
  #ofAll(values: string, count: number): string {
    const { graph } = this.#formulas;
    return graph.node("Expand", [values, graph.integers(count, this.#extents[0], 1)]);
  }

  /** Numbers that all rows share, repeated for each row. */
  #ofEachRow(values: string, count: number): string {
    const { graph } = this.#formulas;
    const [features] = this.#extents;
    const rows = graph.node("Gather", [graph.node("Shape", [this.#like]), graph.integers(2)]);
    const extents = graph.node("Concat", [graph.integers(count, features), rows], { axis: 0 });
    return this.#shaped(graph.node("Expand", [values, extents]), count);
  }

  /** Some scalars, one after another; one where all are the same, and one number each where all are numbers. */
  values(nodes: readonly Expr[]): string {
    const { graph, type } = this.#formulas;
    const [first] = nodes as [Expr];
    const isSame = nodes.every((node) => node === first);
    if (nodes.every((node) => node.op === "constant")) {
      const data = (isSame ? [first] : nodes).map((node) => (node.op === "constant" ? node.data[0]! : 0));
      return graph.constant(type, data, [data.length, 1, 1]);
    }
    const { group } = this.#places.get(first) ?? {};
    if (!group || nodes.some((node) => this.#places.get(node)?.group !== group)) return this.#whole(nodes);
    const places = (isSame ? [first] : nodes).map((node) => this.#places.get(node)!.row);
    return this.#taken(this.#tensorOf(group), group.members.length, places);
  }

  #tensorOf(group: Group): string {
    group.tensor ??= group.write();
    return group.tensor;
  }

  /** Some rows of a tensor; of conditions as numbers, those of the conditions. */
  #taken(tensor: string, count: number, places: readonly number[]): string {
    const { graph } = this.#formulas;
    const [start] = places as [number];
    const isInOrder = places.every((place, i) => place === start + i);
    if (isInOrder && places.length === count) return tensor;
    const condition = this.#formulas.conditionOf(tensor);
    const source = condition ?? tensor;
    const rows = isInOrder
      ? graph.node("Slice", [
          source,
          graph.integers(start),
          graph.integers(start + places.length),
          graph.integers(0),
        ])
      : graph.node("Gather", [source, graph.constant("int64", places)], { axis: 0 });
    return condition === undefined ? rows : this.#formulas.asNumber(rows);
  }
}

/** Runs of neighbors with the same key. */
function runs(nodes: readonly Expr[], keyOf: (node: Expr) => unknown): Expr[][] {
  const found: Expr[][] = [];
  nodes.forEach((node, i) => {
    if (i > 0 && keyOf(node) === keyOf(nodes[i - 1]!)) found[found.length - 1]!.push(node);
    else found.push([node]);
  });
  return found;
}

/** What scalars look like, down to the slots: equal numbers for those that look the same. */
function shapesOf(order: readonly Expr[]): ReadonlyMap<Expr, number> {
  const byText = new Map<string, number>();
  const shapes = new Map<Expr, number>();
  for (const node of order) {
    const text =
      node.op === "elementwise"
        ? `${node.name} ${node.inputs.map((input) => shapes.get(input))}`
        : node.op === "constant"
          ? `number ${node.data[0]}`
          : "slot";
    const shape = byText.get(text) ?? byText.size;
    byText.set(text, shape);
    shapes.set(node, shape);
  }
  return shapes;
}

/** The sums that go on from one to the next, with all terms of the last of them, and which of the sums it is. */
function sumsOf(
  order: readonly Expr[],
): ReadonlyMap<Expr, { readonly terms: readonly Expr[]; readonly row: number }> {
  const shapes = shapesOf(order);
  const chains = new Map<Expr, Expr[]>();
  const terms = new Map<Expr[], Expr[]>();
  for (const node of order) {
    if (!isOf("add", node)) continue;
    const [left, right] = node.inputs as [Expr, Expr];
    const chain = chains.get(left);
    const own = chain && terms.get(chain)!;
    if (chain && own && chain.at(-1) === left && shapes.get(own[0]!) === shapes.get(right)) {
      chain.push(node);
      own.push(right);
      chains.set(node, chain);
    } else if (shapes.get(left) === shapes.get(right) && left.op !== "constant") {
      const begun = [node];
      chains.set(node, begun);
      terms.set(begun, [left, right]);
    }
  }
  const sums = new Map<Expr, { readonly terms: readonly Expr[]; readonly row: number }>();
  for (const [chain, own] of terms)
    if (own.length >= fewest)
      chain.forEach((node, i) => {
        sums.set(node, { terms: own, row: i + 1 });
      });
  return sums;
}

/** Whether two conditions compare with the same scalar, by the same comparison. */
function areAlike(one: Expr, other: Expr): boolean {
  if (one.op !== "elementwise" || other.op !== "elementwise" || one.name !== other.name) return false;
  return one.inputs.length > 1 && one.inputs.some((input, i) => input === other.inputs[i]);
}

/** Choices of one of several values, by the last of alike conditions that holds. */
function choicesOf(order: readonly Expr[]): ReadonlyMap<Expr, Choice> {
  const goesOn = (node: Expr): boolean => {
    const [condition, , rest] = node.inputs;
    return isOf("select", rest!) && areAlike(condition!, rest!.inputs[0]!);
  };
  const selects = order.filter((node) => isOf("select", node));
  const isInner = new Set(selects.filter(goesOn).map(({ inputs }) => inputs[2]!));
  const choices = new Map<Expr, Choice>();
  for (const node of selects) {
    if (isInner.has(node)) continue;
    const conditions: Expr[] = [];
    const values: Expr[] = [];
    let at = node;
    let isLast = false;
    while (!isLast) {
      const [condition, value, rest] = at.inputs as [Expr, Expr, Expr];
      conditions.unshift(condition);
      values.unshift(value);
      isLast = !goesOn(at);
      at = rest;
    }
    values.unshift(at);
    if (values.length >= fewest) choices.set(node, { conditions, values });
  }
  return choices;
}

const isOf = (name: ElementwiseExpr["name"], node: Expr): boolean =>
  node.op === "elementwise" && node.name === name;

/** All that some scalars need, each after its sources. */
function orderBy(sourcesOf: (node: Expr) => readonly Expr[], results: readonly Expr[]): Expr[] {
  const order = new Set<Expr>();
  const visit = (node: Expr): void => {
    if (order.has(node)) return;
    sourcesOf(node).forEach(visit);
    order.add(node);
  };
  results.forEach(visit);
  return [...order];
}
