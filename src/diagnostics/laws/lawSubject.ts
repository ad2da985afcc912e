/**
 * A bijection compiled for its laws: images, Jacobians, densities, and a loss with its gradient.
 *
 * @module
 */

import type { Bijection } from "../../bijections/bijection.ts";
import { pushforwardLogProb } from "../../distributions/density.ts";
import { standardNormal } from "../../distributions/standardNormal.ts";
import type { Engine, Executable } from "../../engines/engine.ts";
import { setKnownParameters } from "../../engines/setKnownParameters.ts";
import { jvp, vjp } from "../../graph/derivative/derivative.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, bindTree } from "../../graph/parameters.ts";
import type { Program } from "../../graph/program.ts";
import type { ParameterValues } from "../../models/parameters.ts";

/** Base to data, or data to base. */
export type Direction = "forward" | "inverse";

/** What a loss goes through: a direction, or the density of the standard normal pushed forward. */
export type Path = Direction | "density";

/** Rows to evaluate at, row-major. */
export interface LawRows {
  readonly x: Float64Array;
  readonly context: Float64Array;
}

type Rows = Readonly<Record<string, Float64Array>>;

/** The expression of a parameter by its dotted name. */
const leafAt = (p: Bound, name: string): Expr =>
  name.split(".").reduce<Expr | Bound>((tree, part) => (tree as Bound)[part]!, p) as Expr;

/** A bijection on an engine; programs are compiled when first used. */
export class LawSubject {
  readonly bijection: Bijection;
  readonly #engine: Engine;
  readonly #compiled = new Map<string, Promise<Executable>>();

  constructor(bijection: Bijection, engine: Engine) {
    this.bijection = bijection;
    this.#engine = engine;
  }

  async #run(
    name: string,
    values: ParameterValues,
    { x, context }: LawRows,
    write: (x: Expr, p: Bound, c: Expr | undefined) => Pick<Program, "rows"> & Partial<Program>,
  ): Promise<Rows> {
    const { bijection } = this;
    let compiled = this.#compiled.get(name);
    if (!compiled) {
      const c = bijection.context > 0 ? g.input("context", [bijection.context]) : undefined;
      // With a prefix no parameter has the name of an input.
      const p = bindTree(bijection.parameters, "bijection.");
      compiled = this.#engine.compile(write(g.input("x", [bijection.features]), p, c));
      this.#compiled.set(name, compiled);
    }
    const executable = await compiled;
    const named = Object.entries(values).map(([key, data]) => [`bijection.${key}`, data] as const);
    await setKnownParameters(executable, Object.fromEntries(named));
    const inputs = bijection.context > 0 ? { x, context } : { x };
    const results = await executable.run({ rows: x.length / bijection.features, inputs });
    return { ...results.rows, ...results.sums };
  }

  /** Values and logAbsDets. */
  async image(direction: Direction, values: ParameterValues, rows: LawRows): Promise<Rows> {
    return await this.#run(direction, values, rows, (x, p, c) => {
      const { value, logAbsDet } = this.bijection[direction](x, p, c);
      return { rows: { value, logAbsDet } };
    });
  }

  /** Jacobians, one after another, each by columns: that of the direction of a feature after that of the one before. */
  async jacobians(direction: Direction, values: ParameterValues, rows: LawRows): Promise<Float64Array> {
    const n = this.bijection.features;
    const { columns } = await this.#run(`jacobian ${direction}`, values, rows, (x, p, c) => {
      const { value } = this.bijection[direction](x, p, c);
      const ofFeature = Array.from({ length: n }, (_, k) =>
        jvp([value], [x], [g.constant(Float64Array.from({ length: n }, (_, i) => (i === k ? 1 : 0)))]),
      );
      return { rows: { columns: g.concatenate(ofFeature.map(([column]) => column!)) } };
    });
    return columns!;
  }

  #loss(path: Path, x: Expr, p: Bound, c: Expr | undefined): Expr {
    if (path === "density") return g.mul(g.rowMark(), this.#logDensity(x, p, c));
    const { value, logAbsDet } = this.bijection[path](x, p, c);
    const weights = Float64Array.from({ length: this.bijection.features }, (_, i) => Math.cos(1 + i));
    return g.mul(g.rowMark(), g.add(g.sum(g.mul(value, g.constant(weights))), g.mul(0.7, logAbsDet)));
  }

  /** A number of each row: values and logAbsDet mixed, or the log-density. */
  async loss(path: Path, values: ParameterValues, rows: LawRows): Promise<Float64Array> {
    const { loss } = await this.#run(`loss ${path}`, values, rows, (x, p, c) => ({
      rows: { loss: this.#loss(path, x, p, c) },
    }));
    return loss!;
  }

  /** Its gradient along the features of each row. */
  async gradient(path: Path, values: ParameterValues, rows: LawRows): Promise<Float64Array> {
    const { gradient } = await this.#run(`gradient ${path}`, values, rows, (x, p, c) => {
      const loss = this.#loss(path, x, p, c);
      return { rows: { gradient: vjp([loss], [g.constant(1)], [x])[0]! } };
    });
    return gradient!;
  }

  /** The gradient of its sum over the rows along parameters, by name. */
  async parameterGradient(
    path: Path,
    values: ParameterValues,
    rows: LawRows,
    names: readonly string[],
  ): Promise<Rows> {
    return await this.#run(`parameters ${path}`, values, rows, (x, p, c) => {
      const total = g.sumRows(this.#loss(path, x, p, c));
      const leaves = names.map((name) => leafAt(p, name));
      const gradients = vjp([total], [g.constant(1)], leaves);
      return { rows: {}, sums: Object.fromEntries(names.map((name, i) => [name, gradients[i]!])) };
    });
  }

  /**
   * All branches, one after another in each row: preimages, their logAbsDets, whether they are valid, and of each the image and
   * logAbsDet of the way forward.
   */
  async branches(values: ParameterValues, rows: LawRows): Promise<Rows> {
    return await this.#run("branches", values, rows, (y, p, c) => {
      const branches = this.bijection.branches!(y, p, c);
      const forward = branches.map(({ value }) => this.bijection.forward(value, p, c));
      const scalars = (all: readonly Expr[]): Expr =>
        g.concatenate(all.map((each) => g.mul(g.rowMark(), g.reshape(each, [1]))));
      return {
        rows: {
          value: g.concatenate(branches.map(({ value }) => value)),
          logAbsDet: scalars(branches.map(({ logAbsDet }) => logAbsDet)),
          valid: scalars(branches.map(({ valid }) => valid)),
          image: g.concatenate(forward.map(({ value }) => value)),
          imageLogAbsDet: scalars(forward.map(({ logAbsDet }) => logAbsDet)),
        },
      };
    });
  }

  #logDensity(y: Expr, p: Bound, c: Expr | undefined): Expr {
    const base = standardNormal({ features: this.bijection.features });
    return pushforwardLogProb(base, this.bijection, y, { base: {}, bijection: p }, c);
  }

  /** Log-density of the standard normal pushed forward. */
  async logDensity(values: ParameterValues, rows: LawRows): Promise<Float64Array> {
    const { logDensity } = await this.#run("density", values, rows, (y, p, c) => ({
      rows: { logDensity: this.#logDensity(y, p, c) },
    }));
    return logDensity!;
  }

  /** Gives the memory and threads of its programs back. */
  async dispose(): Promise<void> {
    for (const compiled of this.#compiled.values()) (await compiled.catch(() => undefined))?.dispose();
  }
}
