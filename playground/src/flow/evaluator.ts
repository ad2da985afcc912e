/**
 * Programs that take points through a flow step by step: compiled once, with new values as often as training has some.
 *
 * @module
 */

import { type Distribution, pushforwardLogProb } from "pushforward/distributions";
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

  /** Compiles the programs of a flow of two features. */
  static async compile(
    base: Distribution,
    steps: readonly Step[],
    engine: Engine,
    signal: AbortSignal,
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
    const whole = {
      type: "steps",
      features: 2,
      context: 0,
      parameters: {},
      forward: () => ({ value: point, logAbsDet: ops.constant(0) }),
      inverse: (y: Expr) => {
        let [at, total]: [Expr, Expr] = [y, ops.constant(0)];
        for (let k = steps.length - 1; k >= 0; k--) {
          const mapped = steps[k]!.bijection.inverse(at, bound[k]!);
          [at, total] = [mapped.value, ops.add(total, mapped.logAbsDet)];
        }
        return { value: at, logAbsDet: total };
      },
      toJSON: () => ({ type: "steps" }),
    };
    const logProb = pushforwardLogProb(base, whole, point, { base: baseBound, bijection: {} });
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
