/**
 * A bijection compiled for the laws: values, logAbsDets, dense Jacobians, gradients and densities, each by name.
 *
 * @module
 */

import "../checkGraphs.ts";
import type { Bijection, Mapped } from "../../src/bijections/bijection.ts";
import { pushforwardLogProb } from "../../src/distributions/density.ts";
import { standardNormal } from "../../src/distributions/standardNormal.ts";
import type { Engine, Executable } from "../../src/engines/engine.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import { jvp, vjp } from "../../src/graph/derivative/derivative.ts";
import type { Expr } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/ops.ts";
import { type Bound, bindTree, flattenTree, leafOf, subtreeOf } from "../../src/graph/parameters.ts";
import type { Program } from "../../src/graph/program.ts";
import type { Values } from "./parameters.ts";

/** Where to evaluate: rows of values (and of the context), row-major. */
export interface At {
  readonly x: ArrayLike<number>;
  readonly context?: ArrayLike<number> | undefined;
}

/** Base to data, or data to base. */
export type Direction = "forward" | "inverse";

/** Values and logAbsDets of one direction. */
export interface Image {
  /** `rows * features` numbers. */
  readonly value: Float64Array;
  /** One number a row. */
  readonly logAbsDet: Float64Array;
}

/** Weight of feature i in the loss whose gradient is tested. */
export function lossWeight(i: number): number {
  return Math.cos(1 + i);
}
/** Weight of logAbsDet in that loss. */
export const logAbsDetWeight = 0.7;

/** The leaf of a bound tree by its dotted name. */
function leafAt(bound: Bound, name: string): Expr {
  const path = name.split(".");
  const last = path.pop()!;
  return leafOf(
    path.reduce((tree, part) => subtreeOf(tree, part), bound),
    last,
  );
}

/** Name of a program, the numbers that it is given, and how it is written. */
type Call = [
  name: string,
  parameters: Values,
  at: At,
  build: (x: Expr, p: Bound, c: Expr | undefined) => Partial<Program>,
];

/** What a program computed. */
interface Results {
  readonly rows: Readonly<Values>;
  readonly sums: Readonly<Values>;
}

/**
 * A bijection on an engine; programs are compiled when first used. What the reference engine computed it keeps: laws ask for
 * the same Jacobians at the same points, and it is slow.
 */
export class Subject {
  readonly bijection: Bijection;
  readonly #engine: Engine;
  readonly #programs: Map<string, Partial<Program>>;
  readonly #compiled = new Map<string, Promise<Executable>>();
  /** By parameters, then by program and rows. */
  #results = new WeakMap<Values, Map<string, Promise<Results>>>();

  /** @param programs - Those of the bijection, by name: what subjects on other engines have written is not written again. */
  constructor(
    bijection: Bijection,
    engine: Engine = referenceEngine,
    programs: Map<string, Partial<Program>> = new Map(),
  ) {
    this.bijection = bijection;
    this.#engine = engine;
    this.#programs = programs;
  }

  /** Names of the trained parameters. */
  get trained(): string[] {
    return Array.from(flattenTree(this.bijection.parameters))
      .filter(([, spec]) => spec.kind === "trained")
      .map(([name]) => name);
  }

  /** Runs a program, or returns what it computed of the same parameters, which never change, and of the same rows before. */
  #run(...call: Call): Promise<Results> {
    if (this.#engine !== referenceEngine) return this.#compute(...call);
    const [name, parameters, { x, context = [] }] = call;
    const results = this.#resultsWith(parameters);
    const key = `${name} ${bitsOf(x)} ${bitsOf(context)}`;
    const result = results.get(key) ?? this.#compute(...call);
    results.set(key, result);
    return result;
  }

  #resultsWith(parameters: Values): Map<string, Promise<Results>> {
    let results = this.#results.get(parameters);
    if (!results) this.#results.set(parameters, (results = new Map()));
    return results;
  }

  async #compute(...[name, parameters, { x, context = [] }, build]: Call): Promise<Results> {
    const { bijection } = this;
    let executable = this.#compiled.get(name);
    if (!executable) {
      const c = bijection.context > 0 ? g.input("context", [bijection.context]) : undefined;
      const program =
        this.#programs.get(name) ??
        build(g.input("x", [bijection.features]), bindTree(bijection.parameters), c);
      this.#programs.set(name, program);
      executable = this.#engine.compile(program);
      this.#compiled.set(name, executable);
    }
    const ready = await executable;
    await setKnownParameters(ready, parameters);
    const inputs = { x: Float64Array.from(x), context: Float64Array.from(context) };
    return ready.run({ rows: x.length / bijection.features, inputs });
  }

  #map(direction: Direction, x: Expr, p: Bound, c: Expr | undefined): Mapped {
    return this.bijection[direction](x, p, c);
  }

  /** Values and logAbsDets. */
  async image(direction: Direction, parameters: Values, at: At): Promise<Image> {
    const { rows } = await this.#run(direction, parameters, at, (x, p, c) => {
      const { value, logAbsDet } = this.#map(direction, x, p, c);
      return { rows: { value, logAbsDet } };
    });
    return { value: rows.value!, logAbsDet: rows.logAbsDet! };
  }

  /** For each row the Jacobian, row-major, its columns by directional derivatives. */
  async jacobian(direction: Direction, parameters: Values, at: At): Promise<Float64Array[]> {
    const n = this.bijection.features;
    const { rows } = await this.#run(`jacobian ${direction}`, parameters, at, (x, p, c) => {
      const { value } = this.#map(direction, x, p, c);
      const columns = Array.from({ length: n }, (_, k) => {
        const along = g.constant(Float64Array.from({ length: n }, (_, i) => (i === k ? 1 : 0)));
        return jvp([value], [x], [along])[0]!;
      });
      return { rows: { columns: g.concatenate(columns) } };
    });
    return Array.from({ length: at.x.length / n }, (_, row) =>
      Float64Array.from(
        { length: n * n },
        (_, i) => rows.columns![row * n * n + (i % n) * n + Math.floor(i / n)]!,
      ),
    );
  }

  /** The number whose gradient is tested: fixed weights times values and logAbsDet, a row each. */
  static loss({ value, logAbsDet }: Mapped): Expr {
    const weights = Float64Array.from({ length: value.shape[0]! }, (_, i) => lossWeight(i));
    // Times 1 for each row, so that the cotangents are values of rows, as they are in any loss that is not linear.
    const rowWeights = g.mul(g.rowMark(), g.constant(weights));
    return g.add(g.sum(g.mul(value, rowWeights)), g.mul(logAbsDetWeight, logAbsDet));
  }

  /** The loss of each row. */
  async losses(direction: Direction, parameters: Values, at: At): Promise<Float64Array> {
    // Of numbers that are asked for once: they are not kept.
    const { rows } = await this.#compute(`loss ${direction}`, parameters, at, (x, p, c) => {
      const loss = Subject.loss(this.#map(direction, x, p, c));
      return { rows: { loss } };
    });
    return rows.loss!;
  }

  /** Gradient of logAbsDet in each row: how much its roundings move it. */
  async logAbsDetSlope(direction: Direction, parameters: Values, at: At): Promise<Float64Array> {
    const { rows } = await this.#run(`slope ${direction}`, parameters, at, (x, p, c) => {
      // Of a logAbsDet without rows the slope is 0 in each.
      const logAbsDet = g.mul(g.rowMark(), this.#map(direction, x, p, c).logAbsDet);
      return { rows: { slope: vjp([logAbsDet], [g.constant(1)], [x])[0]! } };
    });
    return rows.slope!;
  }

  /** Gradient of the summed loss: by parameter, and by row under the names `x` and `context`. */
  async gradient(direction: Direction, parameters: Values, at: At): Promise<Values> {
    const names = Array.from(flattenTree(this.bijection.parameters).keys());
    const { rows, sums } = await this.#run(`gradient ${direction}`, parameters, at, (x, p, c) => {
      const loss = Subject.loss(this.#map(direction, x, p, c));
      const leaves = names.map((name) => leafAt(p, name));
      const inputs: Record<string, Expr> = c ? { x, context: c } : { x };
      // A loss without rows (that of a permutation's logAbsDet) still counts once a row.
      const total = g.sumRows(g.mul(loss, g.rowMark()));
      const byParameter = vjp([total], [g.constant(1)], leaves);
      const byInput = vjp([loss], [g.constant(1)], Object.values(inputs));
      return {
        sums: Object.fromEntries(names.map((name, i) => [name, byParameter[i]!])),
        rows: Object.fromEntries(Object.keys(inputs).map((name, i) => [name, byInput[i]!])),
      };
    });
    return { ...sums, ...rows };
  }

  /** Log-density of the standard normal pushed forward, all branches summed. */
  async logDensity(parameters: Values, at: At): Promise<Float64Array> {
    const { bijection } = this;
    const base = standardNormal({ features: bijection.features });
    const { rows } = await this.#run("logDensity", parameters, at, (y, p, c) => ({
      rows: { logDensity: pushforwardLogProb(base, bijection, y, { base: {}, bijection: p }, c) },
    }));
    return rows.logDensity!;
  }

  /** All preimages of each row that are valid, mapped forward again; a list a row. */
  async branchImages(parameters: Values, at: At): Promise<{ value: Float64Array; image: Float64Array }[][]> {
    const n = this.bijection.features;
    const { rows } = await this.#run("branches", parameters, at, (y, p, c) => {
      const branches = this.bijection.branches!(y, p, c);
      return {
        rows: {
          value: g.concatenate(branches.map(({ value }) => value)),
          valid: g.concatenate(branches.map(({ valid }) => valid)),
          image: g.concatenate(branches.map(({ value }) => this.bijection.forward(value, p, c).value)),
        },
      };
    });
    const count = rows.value!.length / at.x.length;
    return Array.from({ length: at.x.length / n }, (_, row) =>
      Array.from({ length: count }, (_, k) => row * count + k)
        .filter((k) => rows.valid![k] !== 0)
        .map((k) => ({ value: rowOf(rows.value!, k, n), image: rowOf(rows.image!, k, n) })),
    );
  }

  /** Gives threads and memory back. */
  async dispose(): Promise<void> {
    for (const executable of this.#compiled.values()) (await executable).dispose();
    // What this held is not kept as long as the tests that name it.
    for (const kept of [this.#compiled, this.#programs]) kept.clear();
    this.#results = new WeakMap();
  }
}

/** The numbers as text, to the bit. */
function bitsOf(data: ArrayLike<number>): string {
  return Buffer.from(Float64Array.from(data).buffer).toString("latin1");
}

/** The numbers of one row. */
export function rowOf(data: Float64Array, row: number, size: number): Float64Array {
  return data.subarray(row * size, (row + 1) * size);
}

/** Fails unless `error` is below `bound`; many times faster than an assertion with a message that is rarely needed. */
export function expectBelow(error: number, bound: number, what: string): void {
  if (!(error < bound)) throw new Error(`${what}: an error of ${error}, which must be below ${bound}`);
}

/** Euclidean length. */
export function norm(data: ArrayLike<number>): number {
  return Math.hypot(...Array.from(data));
}
