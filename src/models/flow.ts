/**
 * A fitted flow: it scores rows, draws samples, and is saved and loaded.
 *
 * @module
 */

import type { Bijection } from "../bijections/bijection.ts";
import type { Distribution } from "../distributions/distribution.ts";
import { DataError, UsageError } from "../errors.ts";
import { meanAndError } from "../numerics/meanAndError.ts";
import { checkArgument, checkedOptions, signal, text, wholeNumber } from "../options.ts";
import { bytesFrom } from "../platform/bytes.ts";
import type { Table } from "../tables/table.ts";
import type {
  DistributionOptions,
  Imputation,
  ImputeOptions,
  Marginal,
  MarginalOptions,
  Probabilities,
  Quantiles,
} from "./columns/questions/questionOptions.ts";
import { BijectionCore } from "./cores/bijectionCore.ts";
import type { FlowCore, FlowDescription, SampleWithLogProb } from "./cores/flowCore.ts";
import { openContainer } from "./files/modelContainer.ts";
import { readModel } from "./files/modelFile.ts";
import { factsOf } from "./flowInWords.ts";
import {
  type GivenOptions,
  givenOptionTable,
  type LoadOptions,
  type LogProbOptions,
  logProbOptionTable,
  partsOfFlow,
  type SampleOptions,
  sampleOptionTable,
} from "./flowOptions.ts";
import type { Model } from "./model.ts";
import type { RowsLike } from "./rows/splitRows.ts";
import type { Contributions } from "./scores/contributions.ts";
import type { ImpossibleRow } from "./scores/impossibleCells.ts";

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
  /** Rows among them whose density is 0: where there are any, {@link mean} is minus infinity. `Flow.impossibleRows` says why. */
  readonly impossible: number;
  /** Mean and standard error over the other rows: those above where all rows are possible. */
  readonly possible: { readonly mean: number; readonly standardError: number };
}

export type { FlowDescription, SampleWithLogProb } from "./cores/flowCore.ts";

/** A fitted flow over the columns of a table; see {@link load} and `fit`. */
export class Flow {
  readonly #core: FlowCore;

  /** @internal Made by `fit` and {@link load}, of a base and a bijection or of another core. */
  constructor(model: Model | FlowCore) {
    checkArgument("new Flow", "its argument", model, partsOfFlow, "`fit` and `load` give flows");
    this.#core = "logProb" in model ? model : new BijectionCore(model);
    // What Node's `console.log` shows; a method of this name cannot be written down in declarations.
    Object.defineProperty(this, Symbol.for("nodejs.util.inspect.custom"), { value: () => this.toString() });
  }

  /** The columns that have a density, in order. */
  get columns(): readonly string[] {
    return this.#core.columns;
  }

  /** The columns that the density is conditioned on. */
  get given(): readonly string[] {
    return this.#core.given;
  }

  /** @internal Its parts, for what works on flows of one kind. */
  get model(): Model {
    return this.#core.model;
  }

  /** The base distribution. */
  get base(): Distribution {
    return this.#core.base;
  }

  /** The whole map from base to data, in data units. */
  get bijection(): Bijection {
    return this.#core.bijection;
  }

  /**
   * Numbers that were fitted: trained parameters, and those that a fit without gradients set. Standardization and what
   * else prepares the data are not counted.
   */
  get parameterCount(): number {
    return this.#core.parameterCount;
  }

  /** Steps that {@link at} can stop between: those of a dual ascent, the layers of a Gaussianization; 0 for other kinds. */
  get steps(): number {
    return this.#core.steps;
  }

  /**
   * The flow stopped after the first t steps from the data, for t from 0 to {@link steps}. At 0 it is the base behind what
   * is not a step, a Gaussian: for `dual-ascent` that of the rows' covariance; for `gaussianization` and `sliced`, whose
   * first layers find the covariance, that of their variances alone. At `steps` it is this flow. What `fitted` says
   * is about the whole flow.
   * @throws {@link UsageError} if flows of this kind have no steps, or t is not a whole number in that range.
   */
  at(t: number): Flow {
    return new Flow(this.#core.at(t));
  }

  /** Architecture, parameters, columns and how it was fitted, as plain data. */
  get description(): FlowDescription {
    return this.#core.description;
  }

  /** What it is and how it was fitted, in words, by name. */
  get facts(): Readonly<Record<string, string>> {
    return { ...factsOf(this.description), ...this.#core.facts };
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
   * Log-density of each row, in nats and data units; minus infinity for a row with an infinite value, or one that a column cannot have
   * (see {@link impossibleRows}). With respect to the Lebesgue measure; of mixed columns to the product of the columns' measures, which
   * {@link description} names: levels, values on a grid, atoms and missing cells are counted.
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
    return await this.#core.logProb("logProb", rows, checkedOptions("logProb", options, logProbOptionTable));
  }

  /**
   * How well the flow says rows that it has not seen: the mean of {@link logProb}, with its standard error. Where rows are impossible
   * the mean is minus infinity; their number and the mean of the rest stand beside it.
   *
   * @param rows - As of {@link logProb}, one at least.
   * @throws As {@link logProb}; {@link DataError} if there are no rows.
   * @example const { mean, standardError } = await flow.score(test); // -9.02 +- 0.03 nats per row
   */
  async score(rows: RowsLike, options: LogProbOptions = {}): Promise<Score> {
    const { missing, ...how } = checkedOptions("score", options, logProbOptionTable);
    // A row without a score has no part in a mean.
    const drop = missing === "empty" ? "drop" : missing;
    const scores = await this.#core.logProb("score", rows, { ...how, missing: drop });
    if (scores.length === 0)
      throw new DataError({
        where: "score",
        subject: "rows",
        expected: "at least one row",
        received: "none",
      });
    const possible = scores.filter((score) => score !== Number.NEGATIVE_INFINITY);
    return {
      ...meanAndError(scores),
      rows: scores.length,
      impossible: scores.length - possible.length,
      possible: meanAndError(possible),
    };
  }

  /**
   * Log-densities column by column: of each column what it adds, the outcome (missing, an atom or a value) and the value apart; they
   * add up to {@link logProb}, bit by bit. Of flows of mixed columns (`flow: "columns"`), whose density is a product of one
   * conditional factor per column. Cost: that of {@link logProb}.
   *
   * @param rows - As of {@link logProb}.
   * @throws As {@link logProb}; {@link UsageError} for a flow of another kind.
   * @example const { columns, logProb } = await flow.contributions(rows); // columns[0].value[3]: of row 4
   */
  async contributions(rows: RowsLike, options: LogProbOptions = {}): Promise<Contributions> {
    return await this.#core.contributions(rows, checkedOptions("contributions", options, logProbOptionTable));
  }

  /**
   * The rows whose log-density is minus infinity, each with the reason: a level that no row of the fit had, a value beyond the bounds
   * of its column or off its grid, an infinite value. Cost: that of {@link logProb}.
   *
   * @param rows - As of {@link logProb}.
   * @throws As {@link logProb}.
   */
  async impossibleRows(rows: RowsLike, options: LogProbOptions = {}): Promise<readonly ImpossibleRow[]> {
    const checked = checkedOptions("impossibleRows", options, logProbOptionTable);
    return await this.#core.impossibleRows(rows, checked);
  }

  /**
   * Whether the table's rows are those that the flow was fitted to, the held-out ones among them, in whatever order, or those of a
   * training before, where it started at a model: then
   * log-densities of these rows are not out-of-sample scores, see `crossFit`. Told by a digest of the flow's columns, rows
   * that miss a value left out; a part of the rows is not recognized. False for models that have no digest.
   * @throws {@link DataError} for a missing column.
   */
  wasFittedTo(table: Table): boolean {
    const { digest, earlier = [] } = this.#core.fitted;
    const digests = [digest, ...earlier.map((training) => training.digest)];
    return digests.some((each) => each !== undefined) && digests.includes(this.#core.digestOf(table));
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
    return await this.#core.toBase(rows, checkedOptions("toBase", options, givenOptionTable));
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
    return await this.#core.toData(points, checkedOptions("toData", options, givenOptionTable));
  }

  /**
   * Draws rows. Row i depends on the seed, on i and on what it is given, alone. Columns that were spread over their recorded
   * step are on the column's grid and within its range, unless `continuous`; models of files without a grid give the
   * continuous draw.
   *
   * @param n - Number of rows, 0 or more.
   * @returns A table of the given columns and then the others, in data units.
   * @throws {@link UsageError} if `n` is not a count, or a given column has no value, or not one for each row.
   * @throws NumericalError if the map from base to data is found by iteration, and did not meet its tolerance.
   * @throws AbortedError if the signal fires.
   */
  async sample(n: number, options: SampleOptions = {}): Promise<Table> {
    this.#checkSample(n, options);
    return await this.#core.sample(n, options);
  }

  /** Checks what samples are asked for. */
  #checkSample(n: number, options: SampleOptions): void {
    checkArgument("sample", "n", n, wholeNumber("an integer, 0 or more", 0));
    checkedOptions("sample", options, sampleOptionTable);
    const width = this.columns.length + this.given.length;
    if (n * width > mostDrawn)
      throw new UsageError({
        where: "sample",
        problem: `${n} rows of ${width} columns do not fit in memory`,
        expected: `at most ${Math.floor(mostDrawn / width)} rows`,
        received: `${n}`,
        remedy: `draw at most ${Math.floor(mostDrawn / width)} at a time`,
      });
  }

  /**
   * Draws rows with their log-densities, in nats and data units, computed on the way: one pass in the direction of
   * sampling. Rows are those of {@link sample} with `continuous`: columns that were spread over a step are as they were drawn,
   * and the log-densities are those of these very rows.
   * @throws As {@link sample}; {@link UsageError} for a flow whose map is not one to one.
   */
  async sampleWithLogProb(n: number, options: SampleOptions = {}): Promise<SampleWithLogProb> {
    this.#checkSample(n, options);
    return await this.#core.sampleWithLogProb(n, options);
  }

  /**
   * Log-density of some columns, given others or not, whichever they are: log p(a, b | c, d) per row. What is asked is exact where the
   * columns are first in the model's order, or the others between them have few cells to sum over; else it is estimated by draws from the
   * model's own conditional distributions, with a standard error.
   *
   * @param rows - As of {@link logProb}, with the columns that are asked for, and those given by name.
   * @throws {@link UsageError} for a flow of another kind than `columns`, and a column that there is not.
   * @example const { logProb } = await flow.marginal(table, { columns: ["price"], given: ["rooms", "region"] });
   */
  async marginal(rows: RowsLike, options: MarginalOptions): Promise<Marginal> {
    return await (await this.#core.questions("marginal")).marginal(rows, options);
  }

  /**
   * Quantiles of a column given others or not: the least value up to which there is a probability, among values that are not missing.
   * @throws As {@link marginal}; {@link UsageError} for a column whose values are in no order.
   * @example (await flow.quantile({ column: "price", at: [0.05, 0.5, 0.95], given: { rooms: 3 } })).table
   */
  async quantile(options: DistributionOptions<number>): Promise<Quantiles> {
    return await (await this.#core.questions("quantile")).quantile(options);
  }

  /**
   * Probability that a column is at most some values, given others or not, among values that are not missing: the other way of
   * {@link quantile}.
   * @throws As {@link quantile}.
   */
  async cdf(options: DistributionOptions<number | string>): Promise<Probabilities> {
    return await (await this.#core.questions("cdf")).cdf(options);
  }

  /**
   * Fills in missing cells by draws from their distribution given the cells of the row that are there. It takes cells to be missing at
   * random: whether one is missing does not depend on its value, once the others are known.
   *
   * @param rows - As of {@link logProb}; a table keeps its other columns.
   * @throws As {@link marginal}; {@link DataError} for a row that has no density.
   */
  async impute(rows: RowsLike, options: ImputeOptions = {}): Promise<Imputation> {
    return await (await this.#core.questions("impute")).impute(rows, options);
  }

  /** The bytes of a model file; {@link load} reads them back. Equal flows give equal bytes. */
  toBytes(): Uint8Array {
    return this.#core.toBytes();
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
 * @throws FormatError if there is no such file, it is not a model, it is damaged, or it is of a newer version.
 */
export async function load(
  source: string | Uint8Array | ArrayBuffer | Blob,
  options: LoadOptions = {},
): Promise<Flow> {
  checkedOptions("load", options, { signal });
  if (typeof source !== "string") return new Flow(await readCore(await bytesFrom("load", source)));
  const { readFileBytes } = await import("../platform/files.ts");
  return new Flow(await readCore(await readFileBytes(source, options), source));
}

/** The core of a model file. */
async function readCore(bytes: Uint8Array, name = "the model"): Promise<FlowCore> {
  const container = openContainer(bytes, name);
  if ((container.json as { kind?: unknown } | null)?.kind === "columns")
    return (await import("./cores/columnsCore.ts")).readColumnsCore(container, name);
  return await coreOf(await readModel(container, name), name);
}

/** What evaluates a model. */
async function coreOf(model: Model, name = "the model"): Promise<FlowCore> {
  if (model.simplex) return (await import("./cores/simplexCore.ts")).simplexCore(model, name);
  // Files of the first flows of angles have no schema.
  if (model.schema || model.kind === "ncsf" || model.base.bound)
    return await (await import("./cores/coreOfFew.ts")).coreOfFew(model, name);
  return new BijectionCore(model);
}

/** The flow of a model of any kind. */
export async function flowOfModel(model: Model): Promise<Flow> {
  return new Flow(await coreOf(model));
}
