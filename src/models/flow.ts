/**
 * A fitted flow: it scores rows, draws samples, and is saved and loaded.
 *
 * @module
 */

import type { Bijection } from "../bijections/bijection.ts";
import type { Distribution } from "../distributions/distribution.ts";
import { DataError, UsageError } from "../errors.ts";
import { sizeOf } from "../graph/expr.ts";
import { flattenTree } from "../graph/parameters.ts";
import { meanAndError } from "../numerics/meanAndError.ts";
import { checkArgument, checkedOptions, signal, text, wholeNumber } from "../options.ts";
import { bytesFrom } from "../platform/bytes.ts";
import { snap } from "../tables/grid.ts";
import { type Table, tableFromRows } from "../tables/table.ts";
import { tableDigest } from "../tables/tableDigest.ts";
import { type Conditions, checkedConditions, conditionRows, withConditions } from "./conditions.ts";
import { drawRows } from "./drawRows.ts";
import { baseOfRows, dataOfPoints, logProbOfRows } from "./evaluateRows.ts";
import { Evaluation } from "./evaluation.ts";
import { factsOf } from "./flowInWords.ts";
import {
  type GivenOptions,
  givenOptionTable,
  type LoadOptions,
  type LogProbOptions,
  logProbOptionTable,
  type SampleOptions,
  sampleOptionTable,
} from "./flowOptions.ts";
import { type FittedDescription, type Model, wholeBijection } from "./model.ts";
import { modelToBytes, readModel } from "./modelFile.ts";
import { joinRows, type RowsLike, rowValues } from "./splitRows.ts";
import { stepCount, stoppedModel } from "./stoppedModel.ts";

/** Numbers that are drawn at a time: 1 GiB of them. */
const mostDrawn = 2 ** 27;

/** What {@link Flow.score} says of rows. */
export interface Score {
  /** Mean log-density per row, in nats and data units. */
  readonly mean: number;
  /** Standard error of {@link mean} over rows that are independent; infinite for one row, and where a density is 0. */
  readonly standardError: number;
  /** Rows that were scored. */
  readonly rows: number;
}

/** What {@link Flow.sampleWithLogProb} draws. */
export interface SampleWithLogProb {
  /** The rows, as {@link Flow.sample} gives them. */
  readonly table: Table;
  /** Log-density of each row, in nats and data units. */
  readonly logProb: Float64Array;
}

/** What `inspect` shows. */
export interface FlowDescription {
  /** Name of the architecture, as on the command line. */
  readonly kind: string;
  /** Columns that have a density, in order. */
  readonly columns: readonly string[];
  /** Columns that the density is conditioned on. */
  readonly given: readonly string[];
  /** See {@link Flow.parameterCount}. */
  readonly parameters: number;
  /** Numbers of the trained part. */
  readonly precision: "float32" | "float64";
  /** The base, as its `toJSON` gives it. */
  readonly base: unknown;
  /** The trained part, as its `toJSON` gives it. */
  readonly bijection: unknown;
  /** Standardization and what else the data alone determined, as its `toJSON` gives it. */
  readonly preparation: unknown;
  /** How it was fitted. */
  readonly fitted: FittedDescription;
}

/** A fitted flow over the columns of a table; see {@link load} and `fit`. */
export class Flow {
  readonly #model: Model;
  readonly #evaluation: Evaluation;

  /** @internal Made by `fit` and {@link load}. */
  constructor(model: Model) {
    this.#model = model;
    this.#evaluation = new Evaluation(model);
    // What Node's `console.log` shows; a method of this name cannot be written down in declarations.
    Object.defineProperty(this, Symbol.for("nodejs.util.inspect.custom"), { value: () => this.toString() });
  }

  /** The columns that have a density, in order. */
  get columns(): readonly string[] {
    return this.#model.columns;
  }

  /** The columns that the density is conditioned on. */
  get given(): readonly string[] {
    return this.#model.given;
  }

  /** @internal Its parts, for what works on flows of one kind. */
  get model(): Model {
    return this.#model;
  }

  /** The base distribution. */
  get base(): Distribution {
    return this.#model.base;
  }

  /** The whole map from base to data, in data units. */
  get bijection(): Bijection {
    return wholeBijection(this.#model);
  }

  /**
   * Numbers that were fitted: trained parameters, and those that a fit without gradients set. Standardization and what
   * else prepares the data are not counted.
   */
  get parameterCount(): number {
    const { base, bijection } = this.#model;
    let total = 0;
    for (const spec of flattenTree({ base: base.parameters, bijection: bijection.parameters }).values())
      if (spec.kind !== "state") total += spec.used ?? sizeOf(spec.shape);
    return total;
  }

  /** Steps that {@link at} can stop between: those of a dual ascent, the layers of a Gaussianization; 0 for other kinds. */
  get steps(): number {
    return stepCount(this.#model);
  }

  /**
   * The flow stopped after the first t steps from the data, for t from 0 to {@link steps}. At 0 it is the base behind what
   * is not a step, a Gaussian: for `dual-ascent` that of the rows' covariance; for `gaussianization` and `sliced`, whose
   * first layers find the covariance, that of their variances alone. At `steps` it is this flow. What `fitted` says
   * is about the whole flow.
   * @throws {@link UsageError} if flows of this kind have no steps, or t is no whole number in that range.
   */
  at(t: number): Flow {
    return new Flow(stoppedModel(this.#model, t));
  }

  /** Architecture, parameters, columns and how it was fitted, as plain data. */
  get description(): FlowDescription {
    const { kind, columns, given, precision, base, bijection, preparation, fitted } = this.#model;
    return {
      kind,
      columns,
      given,
      parameters: this.parameterCount,
      precision,
      base: base.toJSON(),
      bijection: bijection.toJSON(),
      preparation: preparation.toJSON(),
      fitted,
    };
  }

  /** What it is and how it was fitted, in words, by name. */
  get facts(): Readonly<Record<string, string>> {
    return factsOf(this.description);
  }

  /** The same as text of several lines. */
  describe(): string {
    const facts = Object.entries(this.facts);
    const width = Math.max(...facts.map(([name]) => name.length));
    return facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
  }

  /** What it is, in one line: `Flow of phi, psi: neural spline flow, 5 transforms, ...`. */
  toString(): string {
    const { architecture, parameters, columns, given } = this.facts;
    const condition = given === undefined ? "" : ` given ${given}`;
    return `Flow of ${columns}${condition}: ${architecture}, ${parameters} parameters`;
  }

  /**
   * Log-density of each row, in nats and data units; minus infinity for a row with an infinite value.
   *
   * @param rows - A table that has the flow's columns by name (others are ignored); numbers, row-major, the given columns first
   *   and then the others; or an array of rows, which are arrays of such numbers or objects by column. With `given`, the columns
   *   that have a density alone. They are not changed.
   * @throws {@link DataError} for a missing column, or a missing value unless `missing` says otherwise, naming column and
   *   row.
   * @throws NumericalError if the map from data to base solves an equation, and did not get there within its tolerance.
   * @throws AbortedError if the signal fires.
   */
  async logProb(rows: RowsLike, options: LogProbOptions = {}): Promise<Float64Array> {
    const { given, ...how } = checkedOptions("logProb", options, logProbOptionTable);
    const values = this.#rowValues("logProb", rows, given);
    return logProbOfRows(this.#model, this.#evaluation, values, how);
  }

  /**
   * How well the flow says rows that it has not seen: the mean of {@link logProb}, with its standard error.
   *
   * @param rows - As of {@link logProb}, one at least.
   * @throws As {@link logProb}; {@link DataError} if there are no rows.
   * @example const { mean, standardError } = await flow.score(test); // -9.02 +- 0.03 nats per row
   */
  async score(rows: RowsLike, options: LogProbOptions = {}): Promise<Score> {
    const { given, missing, ...how } = checkedOptions("score", options, logProbOptionTable);
    const values = this.#rowValues("score", rows, given);
    // A row without a score has no part in a mean.
    const drop = missing === "empty" ? "drop" : missing;
    const scores = await logProbOfRows(this.#model, this.#evaluation, values, { ...how, missing: drop });
    if (scores.length === 0)
      throw new DataError({
        where: "score",
        subject: "rows",
        expected: "at least one row",
        received: "none",
      });
    return { ...meanAndError(scores), rows: scores.length };
  }

  /** Rows as numbers, the given columns first. */
  #rowValues(where: string, rows: RowsLike, given: LogProbOptions["given"]): Float64Array {
    const names = this.columns;
    if (given === undefined) return rowValues(where, [...this.given, ...names], rows);
    const data = rowValues(where, names, rows);
    const count = data.length / names.length;
    return withConditions(data, checkedConditions(where, this.given, count, given), count);
  }

  /**
   * Whether the table's rows are those that the flow was fitted to, the held-out ones among them, in whatever order: then
   * log-densities of these rows are not out-of-sample scores, see `crossFit`. Told by a digest of the flow's columns, rows
   * that miss a value left out; a part of the rows is not recognized. False for models that have no digest.
   * @throws {@link DataError} for a missing column.
   */
  wasFittedTo(table: Table): boolean {
    const { digest } = this.#model.fitted;
    return digest !== undefined && digest === tableDigest(table, [...this.given, ...this.columns]);
  }

  /**
   * Where the base has each row: its image under the inverse of {@link bijection}, row-major, n times the columns. For a
   * normal base these are standard normal where the flow is right; NaN for a row with an infinite value, or whose
   * equation was not solved within its tolerance.
   *
   * @param rows - As of {@link logProb}.
   * @throws As {@link logProb}.
   */
  async toBase(rows: RowsLike, options: GivenOptions = {}): Promise<Float64Array> {
    const { given, ...how } = checkedOptions("toBase", options, givenOptionTable);
    return baseOfRows(this.#model, this.#evaluation, this.#rowValues("toBase", rows, given), how);
  }

  /**
   * Where the data have points of the base: their image under {@link bijection}, row-major, in data units. The other way of
   * {@link toBase}.
   *
   * @param points - Numbers, row-major, as many per point as columns; or an array of points. Not a number comes back where the map
   *   leaves the finite numbers, or its equation is not solved within its tolerance.
   * @throws {@link DataError} for numbers that are not whole points, {@link UsageError} if a given column has no value, AbortedError
   *   if the signal fires.
   */
  async toData(points: Exclude<RowsLike, Table>, options: GivenOptions = {}): Promise<Float64Array> {
    const { given, ...how } = checkedOptions("toData", options, givenOptionTable);
    const values = rowValues("toData", this.columns, points);
    const count = values.length / this.columns.length;
    const context = conditionRows(checkedConditions("toData", this.given, count, given), 0, count);
    return dataOfPoints(this.#model, this.#evaluation, values, context, how);
  }

  /**
   * Draws rows. Row i depends on the seed, on i and on what it is given, alone. Columns that were spread over their recorded
   * step are on the column's grid and within its range, unless `continuous`; models of files without a grid give the
   * continuous draw.
   *
   * @param n - Number of rows, 0 or more.
   * @returns A table of the given columns and then the others, in data units.
   * @throws {@link UsageError} if `n` is no count, or a given column has no value, or not one for each row.
   * @throws NumericalError if the map from base to data is found by iteration, and did not meet its tolerance.
   * @throws AbortedError if the signal fires.
   */
  async sample(n: number, options: SampleOptions = {}): Promise<Table> {
    const conditions = this.#conditions(n, options);
    const data = await drawRows(this.#model, this.#evaluation, n, conditions, options);
    const { columns, given, fitted } = this.#model;
    if (!options.continuous)
      for (const grid of fitted.grids ?? []) snap(grid, data, columns.indexOf(grid.column), columns.length);
    return tableFromRows([...given, ...columns], withConditions(data, conditions, n));
  }

  /** Checks what samples are asked for, and gives the values of the given columns. */
  #conditions(n: number, options: SampleOptions): Conditions {
    checkArgument("sample", "n", n, wholeNumber("an integer, 0 or more", 0));
    checkedOptions("sample", options, sampleOptionTable);
    const { columns, given } = this.#model;
    const width = columns.length + given.length;
    if (n * width > mostDrawn)
      throw new UsageError({
        where: "sample",
        problem: `${n} rows of ${width} columns do not fit in memory`,
        expected: `at most ${Math.floor(mostDrawn / width)} rows`,
        received: `${n}`,
        remedy: `draw at most ${Math.floor(mostDrawn / width)} at a time`,
      });
    return checkedConditions("sample", given, n, options.given);
  }

  /**
   * Draws rows with their log-densities, in nats and data units, computed on the way: one pass in the direction of
   * sampling. Rows are those of {@link sample} with `continuous`: columns that were spread over a step are as they were drawn,
   * and the log-densities are those of these very rows.
   * @throws As {@link sample}; {@link UsageError} for a flow whose map is not one to one.
   */
  async sampleWithLogProb(n: number, options: SampleOptions = {}): Promise<SampleWithLogProb> {
    if (this.#model.bijection.branches)
      throw new UsageError({
        where: "sampleWithLogProb",
        problem: "the flow's map is not one to one",
        expected: "a map that is one to one",
        received: "one of several branches",
        remedy: "use sample and logProb",
      });
    const conditions = this.#conditions(n, options);
    const logProb = new Float64Array(n);
    const data = await drawRows(this.#model, this.#evaluation, n, conditions, options, logProb);
    const rows = withConditions(data, conditions, n);
    const all = [...this.given, ...this.columns];
    // Where float32 overflows on the way, the density of the row itself is what is meant.
    const lost = Array.from(logProb.keys()).filter((row) => !Number.isFinite(logProb[row]!));
    if (lost.length > 0) {
      const lostRows = joinRows(lost, { data: rows, context: new Float64Array(0), count: n });
      const again = await logProbOfRows(this.#model, this.#evaluation, lostRows, options);
      lost.forEach((row, i) => {
        logProb[row] = again[i]!;
      });
    }
    return { table: tableFromRows(all, rows), logProb };
  }

  /** The bytes of a model file; {@link load} reads them back. Equal flows give equal bytes. */
  toBytes(): Uint8Array {
    return modelToBytes(this.#model);
  }

  /**
   * Writes a model file, whole or not at all.
   * @throws FormatError if it cannot be written.
   */
  async save(path: string): Promise<void> {
    checkArgument("save", "path", path, text);
    const bytes = this.toBytes();
    const { writeFileAtomically } = await import("../platform/files.ts");
    await writeFileAtomically(path, bytes);
  }
}

/**
 * Loads a model from a path (in Node), from bytes (an ArrayBuffer as `fetch` gives it, or a Uint8Array), or from a Blob.
 * @throws FormatError if there is no such file, it is no model, it is damaged, or it is of a newer version.
 */
export async function load(
  source: string | Uint8Array | ArrayBuffer | Blob,
  options: LoadOptions = {},
): Promise<Flow> {
  checkedOptions("load", options, { signal });
  if (typeof source === "string") {
    const { readFileBytes } = await import("../platform/files.ts");
    return new Flow(await readModel(await readFileBytes(source, options), source));
  }
  return new Flow(await readModel(await bytesFrom("load", source)));
}
