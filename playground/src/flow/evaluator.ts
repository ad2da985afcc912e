/**
 * Programs that take points through a flow step by step: compiled once, with new values as often as training has some.
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

/** A flow that is taken apart into steps. */
export class Evaluator {
  readonly #steps: readonly Step[];
  readonly #forward: Executable;
  readonly #inverse: Executable;
  readonly #density: Executable;

  private constructor(
    steps: readonly Step[],
    [forward, inverse, density]: readonly [Executable, Executable, Executable],
  ) {
    this.#steps = steps;
    this.#forward = forward;
    this.#inverse = inverse;
    this.#density = density;
  }

  /**
   * Compiles the programs of a flow of two features.
   * @param known - What densities are computed from; left out, the base.
   */
  static async compile(
    base: Distribution,
    steps: readonly Step[],
    engine: Engine,
    signal: AbortSignal,
    known?: KnownLaw,
  ): Promise<Evaluator> {
    const bound = steps.map(({ bijection }, k): Bound => bindTree(bijection.parameters, `steps.${k}.`));
    const baseBound = bindTree(base.parameters, "base.");
    const point = ops.input("data", [2]);
    const forward: Record<string, Expr> = { base: base.logProb(point, baseBound) };
    let value: Expr = point;
    steps.forEach(({ bijection }, k) => {
      const mapped = bijection.forward(value, bound[k]!);
      forward[`value${k}`] = value = mapped.value;
      forward[`logAbsDet${k}`] = mapped.logAbsDet;
    });
    const inverse: Record<string, Expr> = {};
    value = point;
    for (let k = steps.length - 1; k >= 0; k--) {
      const mapped = steps[k]!.bijection.inverse(value, bound[k]!);
      inverse[`value${k}`] = value = mapped.value;
      inverse[`logAbsDet${k}`] = mapped.logAbsDet;
    }
    inverse.base = base.logProb(value, baseBound);
    const { stop, logProb: logProbAt }: KnownLaw = known ?? {
      stop: 0,
      logProb: (at) => base.logProb(at, baseBound),
    };
    let [at, total]: [Expr, Expr] = [point, ops.constant(0)];
    for (let k = steps.length - 1; k >= stop; k--) {
      const mapped = steps[k]!.bijection.inverse(at, bound[k]!);
      [at, total] = [mapped.value, ops.add(total, mapped.logAbsDet)];
    }
    const logProb = ops.add(total, logProbAt(at));
    const compiled: Executable[] = [];
    try {
      for (const rows of [forward, inverse, { logProb }])
        compiled.push(await engine.compile({ rows }, { signal }));
    } catch (error) {
      for (const executable of compiled) executable.dispose();
      throw error;
    }
    return new Evaluator(steps, compiled as [Executable, Executable, Executable]);
  }

  /** Gives the programs other values: those of the base, and of each step. */
  async set(base: ParameterValues, steps: readonly ParameterValues[]): Promise<void> {
    const all: ParameterValues = {};
    for (const [name, data] of Object.entries(base)) all[`base.${name}`] = data;
    steps.forEach((values, k) => {
      for (const [name, data] of Object.entries(values)) all[`steps.${k}.${name}`] = data;
    });
    for (const executable of [this.#forward, this.#inverse, this.#density])
      await executable.setParameters(
        Object.fromEntries(Array.from(executable.parameters.keys(), (name) => [name, all[name]!])),
      );
  }

  /** Points of the base on their way to the data. */
  async forward(points: Float64Array): Promise<Passage> {
    const { rows } = await this.#forward.run({ rows: points.length / 2, inputs: { data: points } });
    return {
      stops: [points, ...this.#steps.map((_, k) => rows[`value${k}`]!)],
      logAbsDets: this.#steps.map((_, k) => rows[`logAbsDet${k}`]!),
      baseLogProb: rows.base!,
    };
  }

  /** Points of the data on their way to the base; stops are from the base on. */
  async inverse(points: Float64Array): Promise<Passage> {
    const { rows } = await this.#inverse.run({ rows: points.length / 2, inputs: { data: points } });
    return {
      stops: [...this.#steps.map((_, k) => rows[`value${k}`]!), points],
      logAbsDets: this.#steps.map((_, k) => rows[`logAbsDet${k}`]!),
      baseLogProb: rows.base!,
    };
  }

  /** Log-densities of points of the data. */
  async logProb(points: Float64Array): Promise<Float64Array> {
    const { rows } = await this.#density.run({ rows: points.length / 2, inputs: { data: points } });
    return rows.logProb!;
  }

  /** Gives memory and threads back. */
  dispose(): void {
    for (const executable of [this.#forward, this.#inverse, this.#density]) executable.dispose();
  }
}
