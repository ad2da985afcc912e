/**
 * Programs that take points through a flow step by step: each compiled once, with new values as often as training has some.
 *
 * @module
 */

import type { Distribution } from "pushforward/distributions";
import type { Engine, Executable } from "pushforward/engines";
import { type Bound, bindTree, type Expr, ops, type ParameterValues } from "pushforward/graph";
import type { Step } from "./steps.ts";

/** Where points are at each stop, and the logAbsDet of each step; x and y in turn. */
export interface Passage {
  /** One more than there are steps; the first is the base. */
  readonly stops: readonly Float64Array[];
  /** Of the direction in which the points go. */
  readonly logAbsDets: readonly Float64Array[];
  readonly baseLogProb: Float64Array;
}

/** A stop at which the law of the flow is known, so that a density needs no steps before it. */
export interface KnownLaw {
  readonly stop: number;
  logProb(point: Expr): Expr;
}

type Direction = "forward" | "inverse" | "density" | "draw";

/** Bases that are a bell curve: the usual one, and that of Gaussianization, whose far tails are wider. */
const bells = ["standardNormal", "tailedNormal"];

/** A flow that is taken apart into steps. */
export class Evaluator {
  readonly #base: Distribution;
  readonly #steps: readonly Step[];
  readonly #engine: Engine;
  readonly #signal: AbortSignal;
  readonly #known: KnownLaw | undefined;
  readonly #programs = new Map<Direction, Promise<Executable>>();
  #values: ParameterValues | undefined;

  /**
   * A flow of two features; its programs are compiled when they are asked for.
   * @param known - What densities are computed from; left out, the base.
   */
  constructor(
    base: Distribution,
    steps: readonly Step[],
    engine: Engine,
    signal: AbortSignal,
    known?: KnownLaw,
  ) {
    this.#base = base;
    this.#steps = steps;
    this.#engine = engine;
    this.#signal = signal;
    this.#known = known;
  }

  /** Compiles a program ahead of its first use. */
  async compile(direction: Direction): Promise<void> {
    await this.#program(direction);
  }

  #program(direction: Direction): Promise<Executable> {
    const program = this.#programs.get(direction) ?? this.#compiled(direction);
    this.#programs.set(direction, program);
    return program;
  }

  async #compiled(direction: Direction): Promise<Executable> {
    const program = { rows: this.#rowsOf(direction) };
    const executable = await this.#engine.compile(program, { signal: this.#signal });
    if (this.#values) await give(executable, this.#values);
    return executable;
  }

  #rowsOf(direction: Direction): Record<string, Expr> {
    const steps = this.#steps;
    const bound = steps.map(({ bijection }, k): Bound => bindTree(bijection.parameters, `steps.${k}.`));
    const baseBound = bindTree(this.#base.parameters, "base.");
    if (direction === "draw")
      return { drawn: this.#base.sample(ops.input("data", [this.#base.noise]), baseBound) };
    const point = ops.input("data", [2]);
    const rows: Record<string, Expr> = {};
    let value: Expr = point;
    const take = (k: number, way: "forward" | "inverse"): void => {
      const mapped = steps[k]!.bijection[way](value, bound[k]!);
      rows[`value${k}`] = value = mapped.value;
      rows[`logAbsDet${k}`] = mapped.logAbsDet;
    };
    if (direction === "forward") {
      for (let k = 0; k < steps.length; k++) take(k, "forward");
      return { ...rows, base: this.#base.logProb(point, baseBound) };
    }
    const known = direction === "density" ? this.#known : undefined;
    for (let k = steps.length - 1; k >= (known?.stop ?? 0); k--) take(k, "inverse");
    const last = known ? known.logProb(value) : this.#base.logProb(value, baseBound);
    if (direction === "inverse") return { ...rows, base: last };
    const terms = steps.flatMap((_, k) => rows[`logAbsDet${k}`] ?? []);
    return { logProb: terms.reduce((sum, term) => ops.add(sum, term), last) };
  }

  /** Gives the programs other values: those of the base, and of each step. */
  async set(base: ParameterValues, steps: readonly ParameterValues[]): Promise<void> {
    const all: ParameterValues = {};
    for (const [name, data] of Object.entries(base)) all[`base.${name}`] = data;
    steps.forEach((values, k) => {
      for (const [name, data] of Object.entries(values)) all[`steps.${k}.${name}`] = data;
    });
    this.#values = all;
    for (const program of this.#programs.values()) await give(await program, all);
  }

  async #run(direction: Direction, points: Float64Array, size = 2): Promise<Record<string, Float64Array>> {
    const executable = await this.#program(direction);
    return (await executable.run({ rows: points.length / size, inputs: { data: points } })).rows;
  }

  /** Numbers of standard normal noise that a sample of the base takes. */
  get noise(): number {
    return this.#base.noise;
  }

  /** Whether the base is a bell curve. */
  get isNormal(): boolean {
    return bells.includes(this.#base.type);
  }

  /** Samples of the base from its noise, x and y in turn. */
  async drawn(noise: Float64Array): Promise<Float64Array> {
    return this.#base.type === bells[0] ? noise : (await this.#run("draw", noise, this.noise)).drawn!;
  }

  /** Points of the base on their way to the data. */
  async forward(points: Float64Array): Promise<Passage> {
    const rows = await this.#run("forward", points);
    return {
      stops: [points, ...this.#steps.map((_, k) => rows[`value${k}`]!)],
      logAbsDets: this.#steps.map((_, k) => rows[`logAbsDet${k}`]!),
      baseLogProb: rows.base!,
    };
  }

  /** Points of the data on their way to the base; stops are from the base on. */
  async inverse(points: Float64Array): Promise<Passage> {
    const rows = await this.#run("inverse", points);
    return {
      stops: [...this.#steps.map((_, k) => rows[`value${k}`]!), points],
      logAbsDets: this.#steps.map((_, k) => rows[`logAbsDet${k}`]!),
      baseLogProb: rows.base!,
    };
  }

  /** Log-densities of points of the data. */
  async logProb(points: Float64Array): Promise<Float64Array> {
    return (await this.#run("density", points)).logProb!;
  }

  /** Gives memory and threads back, also of what is still being compiled. */
  dispose(): void {
    for (const program of this.#programs.values())
      program.then(
        (executable) => executable.dispose(),
        () => undefined,
      );
  }
}

/** Gives a program those of the values that it has. */
async function give(executable: Executable, values: ParameterValues): Promise<void> {
  await executable.setParameters(
    Object.fromEntries(Array.from(executable.parameters.keys(), (name) => [name, values[name]!])),
  );
}
