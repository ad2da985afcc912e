/**
 * An ONNX graph in the making: nodes in the order in which they are added, constants, and names that nobody else has.
 *
 * @module
 */

import {
  type Attribute,
  type ElementType,
  type Extent,
  graphFields,
  initializerField,
  nodeField,
  valueField,
} from "./onnxMessages.ts";
import type { Field } from "./protobuf.ts";

/** Constants up to so many numbers are kept once however often they are asked for. */
const mostCompared = 64;

/** What a graph shares with the bodies of its loops. */
interface Names {
  next: number;
}

interface GraphNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly results: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** What its body reads of the graph. */
  readonly reads: readonly string[];
}

/** A graph, or the body of a loop in it, which sees all that is outside. */
export class OnnxGraph {
  readonly #names: Names;
  readonly #outer: OnnxGraph | undefined;
  readonly #nodes: GraphNode[] = [];
  readonly #results: string[] = [];
  readonly #constants = new Map<string, Field>();
  readonly #inputs: Field[] = [];
  readonly #outputs: Field[] = [];
  readonly #shapes = new Map<string, Field>();
  /** Results of nodes and constants by what they are made of: the same is computed once. */
  readonly #known = new Map<string, string>();

  constructor(outer?: OnnxGraph) {
    this.#outer = outer;
    this.#names = outer ? outer.#names : { next: 0 };
  }

  /** The body of a loop. */
  body(): OnnxGraph {
    return new OnnxGraph(this);
  }

  /** A new name. */
  name(): string {
    return `t${this.#names.next++}`;
  }

  #find(key: string): string | undefined {
    return this.#known.get(key) ?? (this.#outer ? this.#outer.#find(key) : undefined);
  }

  /** A value that is given from outside. */
  input(name: string, type: ElementType, extents: readonly Extent[]): string {
    this.#inputs.push(valueField(11, name, type, extents));
    return name;
  }

  /** Gives a value a name outside. */
  output(name: string, value: string, type: ElementType, extents: readonly Extent[]): void {
    this.#nodes.push({ operator: "Identity", inputs: [value], results: [name], attributes: {}, reads: [] });
    this.#results.push(name);
    this.#outputs.push(valueField(12, name, type, extents));
  }

  /**
   * Says what shape a value has, where a runtime cannot know it. One that plans its memory takes a buffer again for values of the same
   * shape; without shapes it searches all buffers for each value, in onnxruntime for a minute.
   */
  shaped(value: string, type: ElementType, extents: readonly Extent[]): string {
    if (!this.#shapes.has(value)) this.#shapes.set(value, valueField(13, value, type, extents));
    return value;
  }

  /** The result of a node. */
  node(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    const key = `${operator}|${inputs}|${JSON.stringify(attributes)}`;
    const known = this.#find(key);
    if (known !== undefined) return known;
    const [result] = this.nodes(operator, inputs, 1, attributes);
    this.#known.set(key, result!);
    return result!;
  }

  /**
   * The results of a node that has several, or a body.
   * @param reads - What its body reads of this graph.
   */
  nodes(
    operator: string,
    inputs: readonly string[],
    results: number,
    attributes: Readonly<Record<string, Attribute>> = {},
    reads: Iterable<string> = [],
  ): string[] {
    const names = Array.from({ length: results }, () => this.name());
    this.#nodes.push({ operator, inputs, results: names, attributes, reads: [...reads] });
    return names;
  }

  /** Nodes that lead to an output, and all names that they read. */
  #needed(): { readonly nodes: readonly GraphNode[]; readonly read: ReadonlySet<string> } {
    const read = new Set(this.#results);
    const nodes: GraphNode[] = [];
    for (const node of this.#nodes.toReversed()) {
      if (!node.results.some((name) => read.has(name))) continue;
      nodes.push(node);
      for (const name of [...node.inputs, ...node.reads]) read.add(name);
    }
    return { nodes: nodes.reverse(), read };
  }

  /** Names that its nodes read, those of the graph outside among them. */
  get reads(): ReadonlySet<string> {
    return this.#needed().read;
  }

  /** A constant tensor. */
  constant(
    type: ElementType,
    data: ArrayLike<number>,
    dimensions: readonly number[] = [data.length],
  ): string {
    if (this.#outer) return this.#outer.constant(type, data, dimensions);
    const key =
      data.length <= mostCompared
        ? `${type}|${dimensions}|${Array.from(data, (x) => (Object.is(x, -0) ? "-0" : x))}`
        : undefined;
    const known = key === undefined ? undefined : this.#known.get(key);
    if (known !== undefined) return known;
    const name = this.name();
    this.#constants.set(name, initializerField(name, type, dimensions, data));
    if (key !== undefined) this.#known.set(key, name);
    return name;
  }

  /** Whole numbers as a tensor of one axis. */
  integers(...values: readonly number[]): string {
    return this.constant("int64", values);
  }

  /** The graph as the fields of its message, without what nothing reads. */
  fields(name: string): Field[] {
    const { nodes, read } = this.#needed();
    const ofRead = (fields: ReadonlyMap<string, Field>): Field[] =>
      Array.from(fields).flatMap(([value, field]) => (read.has(value) ? [field] : []));
    const nodeFields = nodes.map(({ operator, inputs, results, attributes }) =>
      nodeField(operator, inputs, results, attributes),
    );
    return graphFields(name, [
      ...nodeFields,
      ...ofRead(this.#constants),
      ...this.#inputs,
      ...this.#outputs,
      ...ofRead(this.#shapes),
    ]);
  }
}
