/**
 * Samples of a flow, weighed by a density, from the base on: the density is computed of the numbers without bounds, which
 * have digits that the parameters have lost.
 *
 * @module
 */

import type { Bijection } from "../../../bijections/bijection.ts";
import type { Engine, Executable } from "../../../engines/engine.ts";
import { setKnownParameters } from "../../../engines/setKnownParameters.ts";
import { NumericalError } from "../../../errors.ts";
import type { Expr } from "../../../graph/expr.ts";
import * as g from "../../../graph/ops.ts";
import { bindTree, subtreeOf } from "../../../graph/parameters.ts";
import { type Model, parameterTree } from "../../../models/model.ts";
import type { ParameterValues } from "../../../models/parameters.ts";
import { paretoSmoothed } from "../../../numerics/paretoSmoothing.ts";
import { refuse } from "../../../options.ts";
import { normalsAt, randomKey, split } from "../../../random/philox.ts";
import { type Table, tableFromRows } from "../../../tables/table.ts";
import type { LatentBase } from "../latentBase.ts";
import type { ParameterSpace } from "../parameterSpace.ts";
import type { Derived } from "../writtenDensity.ts";
import type { Bounded } from "./boundDistances.ts";

/** Samples with weights. */
export interface WeightedSamples {
  /** One row per sample: the parameters in their own units, and what is derived of them. */
  readonly table: Table;
  /** Log-density of the flow, normalized, in nats. */
  readonly logProb: Float64Array;
  /** Log-density that is approximated, up to its constant, in nats; minus infinity where it is not a number. */
  readonly logDensity: Float64Array;
  /** Logarithms of the Pareto-smoothed importance weights, which add up to 1. */
  readonly logWeights: Float64Array;
}

/** What is at points of the base. */
export interface Weighed {
  /** The parameters, and what is derived of them, row-major. */
  readonly values: Float64Array;
  /** Log-density of the parameters as it comes, in nats. */
  readonly logDensity: Float64Array;
  /** The numbers without bounds that the parameters are maps of, row-major. */
  readonly unbounded: Float64Array;
  /** Log-density of the base at its points, in nats. */
  readonly logBase: Float64Array;
  /** log abs(det J) of the map from the base to the parameters. */
  readonly logAbsDet: Float64Array;
}

/** Options of a draw. */
export interface DrawOptions {
  /** Seed of the noise (default 0). */
  readonly seed?: number | undefined;
  /** Stops it with an AbortedError. */
  readonly signal?: AbortSignal | undefined;
}

/** Rows computed at once, so that memory stays bounded. */
const rowsAtOnce = 16_384;

/** Draws from a flow and weighs by a density. */
export class Weighing {
  readonly #base: LatentBase;
  readonly #columns: readonly string[];
  readonly #executable: Executable;
  /** Samples of a base that is not one of the mixtures. */
  readonly #draw: Executable | undefined;
  readonly #noise: number;

  private constructor(
    base: LatentBase,
    columns: readonly string[],
    noise: number,
    executables: { readonly all: Executable; readonly draw: Executable | undefined },
  ) {
    this.#base = base;
    this.#columns = columns;
    this.#noise = noise;
    this.#executable = executables.all;
    this.#draw = executables.draw;
  }

  /**
   * @param model - The flow, without its values; its preparation ends in the bounds of the space.
   * @param unbounded - That preparation without the bounds.
   */
  static async compile(
    base: LatentBase,
    model: Model,
    unbounded: Bijection,
    space: ParameterSpace,
    density: {
      readonly target: (at: Bounded) => Expr;
      readonly derived: (at: Bounded) => readonly Derived[];
    },
    engine: Engine,
  ): Promise<Weighing> {
    const bound = bindTree(parameterTree(model));
    const start = g.input("start", [base.features]);
    const bent = model.bijection.forward(start, subtreeOf(bound, "bijection"));
    const prepared = unbounded.forward(bent.value, subtreeOf(bound, "preparation"));
    const at = space.at(prepared.value);
    const derived = density.derived(at);
    const one = (shared: Expr): Expr => g.mul(g.rowMark(), shared);
    const ofBase = subtreeOf(bound, "base");
    const all = await engine.compile({
      rows: {
        values: one(g.concatenate([at.value, ...derived.map(({ value }) => value)])),
        logDensity: one(density.target(at)),
        logBase: one(model.base.logProb(start, ofBase)),
        unbounded: one(prepared.value),
        logAbsDet: g.add(g.add(bent.logAbsDet, prepared.logAbsDet), at.logAbsDet),
      },
    });
    const columns = [...space.columns, ...derived.flatMap((quantity) => quantity.columns)];
    const { noise } = model.base;
    const isKnown = model.base.type === base.distribution.type;
    const draw = isKnown
      ? undefined
      : await engine.compile({ rows: { start: one(model.base.sample(g.input("noise", [noise]), ofBase)) } });
    return new Weighing(base, columns, noise, { all, draw });
  }

  async setParameters(values: ParameterValues): Promise<void> {
    await setKnownParameters(this.#executable, values);
    if (this.#draw) await setKnownParameters(this.#draw, values);
  }

  /** What is at points of the base, row-major. */
  async at(starts: Float64Array, { signal }: DrawOptions = {}): Promise<Weighed> {
    const n = this.#base.features;
    const rows = starts.length / n;
    const width = this.#columns.length;
    const weighed = {
      values: new Float64Array(rows * width),
      logDensity: new Float64Array(rows),
      unbounded: new Float64Array(rows * n),
      logBase: new Float64Array(rows),
      logAbsDet: new Float64Array(rows),
    };
    for (let first = 0; first < rows; first += rowsAtOnce) {
      const count = Math.min(rowsAtOnce, rows - first);
      const inputs = { start: starts.subarray(first * n, (first + count) * n) };
      const { rows: own } = await this.#executable.run({ rows: count, inputs }, { signal });
      weighed.values.set(own.values!, first * width);
      weighed.logDensity.set(own.logDensity!, first);
      weighed.unbounded.set(own.unbounded!, first * n);
      weighed.logBase.set(own.logBase!, first);
      weighed.logAbsDet.set(own.logAbsDet!, first);
    }
    return weighed;
  }

  /** Noise of the rows of a draw: those of {@link Flow.sample} with the same seed. */
  noise(n: number, width: number, seed: number, label = "sample"): Float64Array {
    const key = split(randomKey(seed), label);
    const noise = new Float64Array(n * width);
    for (let row = 0; row < n; row++) normalsAt(key, row, width, noise, row * width);
    return noise;
  }

  /** A table of what is at points of the base. */
  table(values: Float64Array): Table {
    return tableFromRows(this.#columns, values);
  }

  /**
   * Draws samples of the flow with weights.
   * @throws NumericalError where the density has a pole.
   */
  async sample(
    n: number,
    { seed = 0, signal }: DrawOptions = {},
  ): Promise<WeightedSamples & { readonly raw: Weighed; readonly starts: Float64Array }> {
    if (!Number.isSafeInteger(n) || n < 1) refuse("sample", "n", "a whole number of at least 1", n);
    const noise = this.noise(n, this.#noise, seed);
    const starts = this.#draw
      ? ((await this.#draw.run({ rows: n, inputs: { noise } }, { signal })).rows.start! as Float64Array)
      : this.#base.sample(noise);
    const raw = await this.at(starts, { signal });
    const table = this.table(raw.values);
    const pole = raw.logDensity.indexOf(Number.POSITIVE_INFINITY);
    if (pole >= 0)
      throw new NumericalError({
        problem: `The log-density is plus infinity at ${this.place(raw.values, pole)}: it has a pole there, and perhaps no integral`,
        expected: "a log-density below plus infinity",
        received: "plus infinity",
      });
    const logProb = raw.logBase.map((logBase, i) => logBase - raw.logAbsDet[i]!);
    const logDensity = raw.logDensity.map((value) =>
      Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value,
    );
    const { logWeights } = paretoSmoothed(logDensity.map((value, i) => value - logProb[i]!));
    return { table, logProb, logDensity, logWeights, raw, starts };
  }

  /** The parameters of a row, in words. */
  place(values: Float64Array, row: number): string {
    const width = this.#columns.length;
    const shown = this.#columns.slice(0, 4);
    const words = shown.map((name, i) => `${name} ${Number(values[row * width + i]!.toPrecision(6))}`);
    return words.join(", ") + (width > shown.length ? ", ..." : "");
  }

  dispose(): void {
    this.#executable.dispose();
    this.#draw?.dispose();
  }
}
