/**
 * A flow that approximates a density known up to a constant, with what tells how well: weighted samples, the bound, the shape of
 * the weights.
 *
 * @module
 */

import { column, type Table } from "../../data/table.ts";
import type { Engine, Executable } from "../../engines/engine.ts";
import { NumericalError, UsageError } from "../../errors.ts";
import type { Flow, SampleOptions } from "../../flows/flow.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import type { EpochRecord } from "../training/minimize.ts";
import { paretoSmoothed } from "./paretoSmoothing.ts";

/** Samples with weights. */
export interface WeightedSamples {
  /** One row a sample: the parameters in their own units, and what is derived of them. */
  readonly table: Table;
  /** Log-density of the flow, normalized, in nats. */
  readonly logProb: Float64Array;
  /** Log-density that is approximated, up to its constant, in nats. */
  readonly logDensity: Float64Array;
  /** Logarithms of the Pareto-smoothed importance weights, which add up to 1. */
  readonly logWeights: Float64Array;
}

/** How good an approximation is; all from one set of samples. */
export interface Diagnostics {
  /** Number of samples. */
  readonly samples: number;
  /** Mean of log p - log q: a lower bound of the log evidence, in nats. */
  readonly bound: number;
  /** Standard error of {@link bound}. */
  readonly boundError: number;
  /** Logarithm of the mean of the weights: the log evidence (the integral of the density), in nats. */
  readonly logEvidence: number;
  /** Standard error of {@link logEvidence}. */
  readonly logEvidenceError: number;
  /** Effective number of samples, 1 / sum of squared weights. */
  readonly effectiveSamples: number;
  /** Shape of the tail of the weights: below 0.7 weighted estimates are reliable. */
  readonly k: number;
}

/** Moments and quantiles of one parameter, or derived quantity, weighted; those of the flow alone beside them. */
export interface ParameterSummary {
  /** Name of the column; of a vector, with the number of its element. */
  readonly name: string;
  /** Weighted mean. */
  readonly mean: number;
  /** Weighted standard deviation. */
  readonly sd: number;
  /** Weighted quantile at 5 percent. */
  readonly q5: number;
  /** Weighted median. */
  readonly median: number;
  /** Weighted quantile at 95 percent. */
  readonly q95: number;
  /** Monte Carlo standard error of the mean. */
  readonly meanError: number;
  /** Mean of the flow, without weights. */
  readonly flowMean: number;
  /** Standard deviation of the flow, without weights. */
  readonly flowSd: number;
}

/** A fitted approximation. */
export interface Approximation {
  /** The flow: it samples, has log-densities, is saved and loaded. */
  readonly flow: Flow;
  /** How good it is. */
  readonly diagnostics: Diagnostics;
  /** One entry a column: the parameters, and then what is derived of them. */
  readonly summary: readonly ParameterSummary[];
  /** Bounds along the training: minus the losses of its validations. */
  readonly history: readonly EpochRecord[];
  /**
   * Draws samples with importance weights; expectations under the density are weighted means.
   * @param n - Number of samples, at least 1.
   */
  sample(n: number, options?: SampleOptions): Promise<WeightedSamples>;
}

/** Columns that are computed of the parameters: one expression, with a name for each of its elements. */
export interface Derived {
  readonly columns: readonly string[];
  readonly value: Expr;
}

/** Samples from a flow and weighs them by a density. */
export class Weighing {
  readonly #derived: readonly Derived[];
  readonly #executable: Promise<Executable>;

  /**
   * @param logDensity - Of all parameters in one vector.
   * @param derived - Further columns, of the same vector.
   */
  constructor(
    features: number,
    logDensity: (x: Expr) => Expr,
    derived: (x: Expr) => readonly Derived[],
    engine: Engine,
  ) {
    const x = g.input("x", [features]);
    this.#derived = derived(x);
    const rows = [logDensity(x), ...this.#derived.map(({ value }) => value)];
    this.#executable = engine.compile({
      rows: Object.fromEntries(rows.map((own, i) => [`row ${i}`, g.mul(g.rowMark(), own)])),
    });
  }

  async sample(flow: Flow, n: number, options: SampleOptions = {}): Promise<WeightedSamples> {
    if (n < 1) throw new UsageError(`sample: n must be at least 1, got ${n}.`);
    const { table, logProb } = await flow.sampleWithLogProb(n, options);
    const executable = await this.#executable;
    const { rows } = await executable.run({ rows: n, inputs: { x: table.values } }, options);
    // Where the density is no number it has no mass.
    const logDensity = rows["row 0"]!.map((own) => (Number.isNaN(own) ? Number.NEGATIVE_INFINITY : own));
    const pole = logDensity.indexOf(Number.POSITIVE_INFINITY);
    if (pole >= 0) {
      const width = table.columns.length;
      const where = table.columns.map((name, i) => `${name} ${table.values[pole * width + i]}`);
      throw new NumericalError(
        `The log-density is plus infinity at ${where.join(", ")}: it has a pole there, and perhaps no integral.`,
      );
    }
    const { logWeights } = paretoSmoothed(logDensity.map((own, i) => own - logProb[i]!));
    const further = this.#derived.map(({ columns }, i) => ({ columns, values: rows[`row ${i + 1}`]! }));
    return { table: widened(table, further), logProb, logDensity, logWeights };
  }
}

/** A table with further columns; row-major, as it is. */
function widened(
  table: Table,
  further: readonly { readonly columns: readonly string[]; readonly values: ArrayLike<number> }[],
): Table {
  if (further.length === 0) return table;
  const parts = [table, ...further];
  const columns = parts.flatMap((part) => part.columns);
  const values = new Float64Array(table.rows * columns.length);
  let start = 0;
  for (const part of parts) {
    const width = part.columns.length;
    for (let row = 0; row < table.rows; row++)
      for (let i = 0; i < width; i++)
        values[row * columns.length + start + i] = part.values[row * width + i]!;
    start += width;
  }
  return { ...table, columns, values };
}

/** What samples say about the approximation that they came from. */
export function diagnosticsOf({ logProb, logDensity }: WeightedSamples): Diagnostics {
  const n = logProb.length;
  const ratios = logDensity.map((own, i) => own - logProb[i]!);
  const [bound, boundError] = meanAndError(ratios);
  const { logWeights, k } = paretoSmoothed(ratios);
  const top = ratios.reduce((most, own) => Math.max(most, own), Number.NEGATIVE_INFINITY);
  const [mean, error] = meanAndError(ratios.map((own) => Math.exp(own - top)));
  return {
    samples: n,
    bound,
    boundError,
    logEvidence: top + Math.log(mean),
    logEvidenceError: error / mean,
    effectiveSamples: 1 / logWeights.reduce((sum, own) => sum + Math.exp(2 * own), 0),
    k,
  };
}

function meanAndError(values: Float64Array): [mean: number, error: number] {
  const n = values.length;
  const mean = values.reduce((sum, own) => sum + own, 0) / n;
  const square = values.reduce((sum, own) => sum + (own - mean) ** 2, 0);
  return [mean, Math.sqrt(square / (n - 1) / n)];
}

/** Moments and quantiles of every column. */
export function summaryOf({ table, logWeights }: WeightedSamples): ParameterSummary[] {
  const weights = logWeights.map(Math.exp);
  return table.columns.map((name) => {
    const values = Float64Array.from(column(table, name));
    const n = values.length;
    const moments = (weightOf: (i: number) => number): { mean: number; sd: number; error: number } => {
      let mean = 0;
      for (let i = 0; i < n; i++) mean += weightOf(i) * values[i]!;
      let square = 0;
      let error = 0;
      for (let i = 0; i < n; i++) {
        square += weightOf(i) * (values[i]! - mean) ** 2;
        error += (weightOf(i) * (values[i]! - mean)) ** 2;
      }
      return { mean, sd: Math.sqrt(square), error: Math.sqrt(error) };
    };
    const { mean, sd, error } = moments((i) => weights[i]!);
    const plain = moments(() => 1 / n);
    const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => values[a]! - values[b]!);
    const quantile = (level: number): number => {
      let total = 0;
      for (const i of order) {
        total += weights[i]!;
        if (total >= level) return values[i]!;
      }
      return values[order[n - 1]!]!;
    };
    return {
      name,
      mean,
      sd,
      q5: quantile(0.05),
      median: quantile(0.5),
      q95: quantile(0.95),
      meanError: error,
      flowMean: plain.mean,
      flowSd: plain.sd,
    };
  });
}
