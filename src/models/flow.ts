/**
 * A fitted flow: it scores rows, draws samples, and is saved and loaded.
 *
 * @module
 */

import type { Bijection } from "../bijections/bijection.ts";
import { flattenTree } from "../bijections/bijection.ts";
import type { Distribution } from "../distributions/distribution.ts";
import { DataError, NumericalError, UsageError } from "../errors.ts";
import { sizeOf } from "../graph/expr.ts";
import {
  anObject,
  anyNumber,
  anything,
  checkArgument,
  checkedOptions,
  either,
  engineOptions,
  flag,
  integer,
  numbers,
  type OptionTable,
  refuse,
  signal,
  text,
  wholeNumber,
} from "../options.ts";
import { bytesFrom } from "../platform/bytes.ts";
import { readFileBytes, writeFileAtomically } from "../platform/files.ts";
import { normalsAt, randomKey, split } from "../random/philox.ts";
import { checkMissingScore, completeRows, type MissingScore } from "../tables/completeRows.ts";
import { snap } from "../tables/grid.ts";
import { selectColumns, type Table, tableFromRows } from "../tables/table.ts";
import { tableDigest } from "../tables/tableDigest.ts";
import { type EngineOptions, Evaluation } from "./evaluation.ts";
import { type FittedDescription, type Model, wholeBijection } from "./model.ts";
import { modelFromBytes, modelToBytes } from "./modelFile.ts";
import { inTwoStages } from "./stages.ts";
import { stepCount, stoppedModel } from "./stoppedModel.ts";

/** Options of evaluations. */
export interface EvaluationOptions extends EngineOptions {
  /** Stops the computation with an AbortedError. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link Flow.logProb}. */
export interface LogProbOptions extends EvaluationOptions {
  /**
   * What to do with rows that miss a value: `"error"` (default), `"empty"`, by which their score is NaN, or `"drop"`, by
   * which they have none and the array is as much shorter.
   */
  readonly missing?: MissingScore | undefined;
}

/** Options of {@link Flow.sample}. */
export interface SampleOptions extends EvaluationOptions {
  /** Same seed, same rows (default 0). */
  readonly seed?: number | undefined;
  /**
   * Values of the columns that the flow is given, in data units; needed for a conditional flow. Of each column a number for
   * all rows, or as many numbers as rows are drawn: then row i is given the i-th.
   */
  readonly given?: Readonly<Record<string, number | ArrayLike<number>>> | undefined;
  /**
   * Whether columns that were spread over their recorded step (`dequantize`) are left as they are drawn, continuous. By
   * default (false) they return to the nearest recorded value: the column's grid, within its range.
   */
  readonly continuous?: boolean | undefined;
}

/** What {@link Flow.sampleWithLogProb} draws. */
export interface SampleWithLogProb {
  /** The rows, as {@link Flow.sample} gives them. */
  readonly table: Table;
  /** Log-density of each row, in nats and data units. */
  readonly logProb: Float64Array;
}

/** Options of {@link load}. */
export interface LoadOptions {
  /** Stops the waiting for a named pipe, with an AbortedError. */
  readonly signal?: AbortSignal | undefined;
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

// A score has no use for a seed, but one object of options may serve all methods.
const evaluationOptionTable: OptionTable<EvaluationOptions & { readonly seed?: number }> = {
  ...engineOptions,
  signal,
  seed: integer,
};
const logProbOptionTable: OptionTable<LogProbOptions & { readonly seed?: number }> = {
  ...evaluationOptionTable,
  missing: anything,
};
const sampleOptionTable: OptionTable<SampleOptions> = {
  ...evaluationOptionTable,
  seed: integer,
  given: anObject,
  continuous: flag,
};

/** Largest log-density a feature, in nats, of which float32 keeps four decimals. */
const wellWithin = 10;
/** Numbers that are drawn at a time: 1 GiB of them. */
const mostDrawn = 2 ** 27;
/** Rows of which noise is drawn at a time. */
const rowsDrawn = 8192;
/** Prepared values beyond this many units are in the tails of every spline, where slopes multiply roundings. */
const farOut = 6;

/** Whether no value is infinite or missing. */
function areFinite(values: Float64Array): boolean {
  // The difference is NaN for what is not finite; a loop without calls is several times as fast as `every`.
  for (let i = 0; i < values.length; i++) if (values[i]! - values[i]! !== 0) return false;
  return true;
}

/** Whether a prepared row has a value in the tails. */
function isFar(values: Float64Array | undefined, width: number, row: number): boolean {
  if (values)
    for (let i = row * width; i < (row + 1) * width; i++) if (Math.abs(values[i]!) > farOut) return true;
  return false;
}

/** Whether no value of a row is near the end of the range of numbers; one that is not a number is not near it. */
function isWithin(values: Float64Array, width: number, row: number): boolean {
  for (let i = row * width; i < (row + 1) * width; i++) if (Math.abs(values[i]!) >= 1e100) return false;
  return true;
}

/** Some rows of what is given and of data, side by side. */
function pickRows(
  rows: readonly number[],
  context: Float64Array,
  conditions: number,
  data: Float64Array,
  features: number,
): Float64Array {
  const width = conditions + features;
  const picked = new Float64Array(rows.length * width);
  rows.forEach((row, i) => {
    picked.set(context.subarray(row * conditions, (row + 1) * conditions), i * width);
    picked.set(data.subarray(row * features, (row + 1) * features), i * width + conditions);
  });
  return picked;
}

/** What rows are given, a column each: a number for all of them, or one for each. */
type Conditions = readonly (number | ArrayLike<number>)[];

/** The given values of some rows, row-major. */
function conditionRows(conditions: Conditions, start: number, rows: number): Float64Array {
  const width = conditions.length;
  const out = new Float64Array(rows * width);
  conditions.forEach((own, i) => {
    for (let row = 0; row < rows; row++)
      out[row * width + i] = typeof own === "number" ? own : own[start + row]!;
  });
  return out;
}

/** Rows with the given values before their own. */
function withConditions(data: Float64Array, conditions: Conditions, n: number): Float64Array {
  if (conditions.length === 0 || n === 0) return data;
  const width = data.length / n;
  const given = conditionRows(conditions, 0, n);
  const all = conditions.length + width;
  const out = new Float64Array(n * all);
  for (let row = 0; row < n; row++) {
    out.set(given.subarray(row * conditions.length, (row + 1) * conditions.length), row * all);
    out.set(data.subarray(row * width, (row + 1) * width), row * all + conditions.length);
  }
  return out;
}

/** A fitted flow over the columns of a table; see {@link load} and `fit`. */
export class Flow {
  readonly #model: Model;
  readonly #evaluation: Evaluation;

  /** @internal Made by `fit` and {@link load}. */
  constructor(model: Model) {
    this.#model = model;
    this.#evaluation = new Evaluation(model);
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

  /**
   * Log-density of each row, in nats and data units; minus infinity for a row with an infinite value.
   *
   * @param rows - A table that has the flow's columns by name (others are ignored), or numbers, row-major, the given
   *   columns first and then the others. They are not changed.
   * @throws {@link DataError} for a missing column, or a missing value unless `missing` says otherwise, naming column and
   *   row.
   * @throws NumericalError if the map from data to base solves an equation, and did not get there within its tolerance.
   * @throws AbortedError if the signal fires.
   */
  async logProb(rows: Table | Float64Array, options: LogProbOptions = {}): Promise<Float64Array> {
    checkedOptions("logProb", options, logProbOptionTable);
    const { missing, ...how } = options;
    checkMissingScore(missing);
    if (missing === "empty" || missing === "drop") {
      const all = [...this.given, ...this.columns];
      const values = rows instanceof Float64Array ? rows : selectColumns(rows, all).values;
      const complete = completeRows(values, all.length);
      const scores = await this.logProb(complete?.values ?? values, how);
      if (!complete || missing === "drop") return scores;
      const out = new Float64Array(values.length / all.length).fill(Number.NaN);
      complete.rows.forEach((row, i) => {
        out[row] = scores[i]!;
      });
      return out;
    }
    const { data, context, count, finite } = this.#split(rows);
    if (count === 0) return new Float64Array(0);
    const [prepare, core] = await Promise.all([
      this.#evaluation.get("prepare", options),
      this.#evaluation.get("logProb", options),
    ]);
    const features = this.columns.length;
    const conditions = this.given.length;
    const isWide =
      options.engine === "reference" || (options.precision ?? this.#model.precision) === "float64";
    const enough = wellWithin * features;
    const out = new Float64Array(count);
    const lost: number[] = [];
    const isSolved = this.#model.bijection.type === "continuous";
    let unsolved = 0;
    await inTwoStages(
      count,
      async (from, to) => {
        const own = data.subarray(from * features, to * features);
        const prepared = (await prepare.run({ rows: to - from, inputs: { data: own } }, options)).rows;
        const given = context.subarray(from * conditions, to * conditions);
        return { prepared, ...(await this.#prepareContext(given, to - from, options)) };
      },
      async (from, to, { prepared, ...given }) => {
        const inputs = { data: prepared.value!, ...given };
        const logProb = (await core.run({ rows: to - from, inputs }, options)).rows.logProb!;
        for (let row = 0; row < to - from; row++) {
          const value = logProb[row]! + prepared.logAbsDet![row]!;
          // Beyond the range of the numbers the density is 0; where a solver has given up it is not known.
          const isNone = !finite[from + row] || (isWide && Number.isNaN(value));
          // A row that lies among the data has a density: where none comes out, that must not pass for 0.
          const isNear = isWithin(inputs.data, features, row) && isWithin(data, features, from + row);
          if (isNone && finite[from + row] && isNear) unsolved++;
          out[from + row] = isNone ? Number.NEGATIVE_INFINITY : value;
          // Points so far out that float32 overflows, or that its seven digits are no longer enough.
          const isLost =
            Number.isNaN(value) ||
            !(Math.abs(logProb[row]!) <= enough) ||
            isFar(inputs.data, features, row) ||
            isFar(inputs.context, conditions, row);
          if (!isWide && finite[from + row] && isLost) lost.push(from + row);
        }
      },
    );
    if (unsolved > 0)
      throw new NumericalError(
        isSolved
          ? `logProb: ${unsolved} of ${count} rows have no log-density: the equation from data to base was not solved within its tolerance and steps there; give the flow a larger tolerance or more steps.`
          : `logProb: ${unsolved} of ${count} rows have no log-density: the computation left the finite numbers there; the model is damaged, or its parameters are out of range.`,
      );
    if (lost.length === 0) return out;
    // Those once more, in float64.
    const picked = pickRows(lost, context, conditions, data, features);
    const again = await this.logProb(picked, { ...options, precision: "float64" });
    lost.forEach((row, i) => {
      out[row] = again[i]!;
    });
    return out;
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
  async toBase(rows: Table | Float64Array, options: EvaluationOptions = {}): Promise<Float64Array> {
    checkedOptions("toBase", options, evaluationOptionTable);
    const { data, context, count, finite } = this.#split(rows);
    if (count === 0) return new Float64Array(0);
    const [prepare, core] = await Promise.all([
      this.#evaluation.get("prepare", options),
      this.#evaluation.get("toBase", options),
    ]);
    const prepared = (await prepare.run({ rows: count, inputs: { data } }, options)).rows.value!;
    const inputs = { data: prepared, ...(await this.#prepareContext(context, count, options)) };
    const value = (await core.run({ rows: count, inputs }, options)).rows.value!;
    const width = this.columns.length;
    finite.forEach((own, row) => {
      if (own === 0) value.fill(Number.NaN, row * width, (row + 1) * width);
    });
    if (options.engine === "reference" || (options.precision ?? this.#model.precision) === "float64")
      return value;
    // Points where float32 overflows, or its seven digits are no longer enough, once more in float64.
    const conditions = this.given.length;
    const lost = Array.from({ length: count }, (_, row) => row).filter(
      (row) =>
        finite[row] === 1 &&
        (!areFinite(value.subarray(row * width, (row + 1) * width)) ||
          isFar(inputs.data, width, row) ||
          isFar(inputs.context, conditions, row)),
    );
    if (lost.length === 0) return value;
    const again = await this.toBase(pickRows(lost, context, conditions, data, width), {
      ...options,
      precision: "float64",
    });
    lost.forEach((row, i) => {
      value.set(again.subarray(i * width, (i + 1) * width), row * width);
    });
    return value;
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
    const { conditions, all } = this.#conditions(n, options);
    const data = n === 0 ? new Float64Array(0) : await this.#draw(n, conditions, options);
    const { columns, fitted } = this.#model;
    if (!options.continuous)
      for (const grid of fitted.grids ?? []) snap(grid, data, columns.indexOf(grid.column), columns.length);
    return tableFromRows(all, withConditions(data, conditions, n));
  }

  /** The values that samples are given, and the names of all columns. */
  #conditions(
    n: number,
    options: SampleOptions,
  ): { readonly conditions: Conditions; readonly all: readonly string[] } {
    checkArgument("sample", "n", n, wholeNumber("an integer, 0 or more", 0));
    checkedOptions("sample", options, sampleOptionTable);
    const { columns, given } = this.#model;
    if (n * (columns.length + given.length) > mostDrawn)
      throw new UsageError(
        `sample: ${n} rows of ${columns.length + given.length} columns do not fit in memory; draw at most ${Math.floor(mostDrawn / (columns.length + given.length))} at a time.`,
      );
    const conditions = given.map((name) => {
      // Not what an object inherits: a column may be called "constructor".
      const value = Object.hasOwn(options.given ?? {}, name) ? options.given?.[name] : undefined;
      if (value === undefined)
        throw new UsageError(
          `The model is given ${given.join(", ")}: name a value for "${name}", as in --given "${name}=1".`,
        );
      checkArgument("sample", `given["${name}"]`, value, either(anyNumber, numbers));
      if (typeof value !== "number" && value.length !== n)
        throw new UsageError(
          `The values given for "${name}" must be one for each of the ${n} rows, got ${value.length}.`,
        );
      const wrong =
        typeof value === "number"
          ? [value].find((own) => !Number.isFinite(own))
          : Array.prototype.find.call(value, (own) => !Number.isFinite(own));
      if (wrong !== undefined)
        throw new UsageError(`The value given for "${name}" must be a number, got ${wrong}.`);
      // The caller may change the numbers while rows are drawn.
      return typeof value === "number" ? value : Float64Array.from(value);
    });
    for (const name of Object.keys(options.given ?? {}))
      if (!given.includes(name)) throw new UsageError(`"${name}" is no column that the model is given.`);
    return { conditions, all: [...given, ...columns] };
  }

  /**
   * Draws rows with their log-densities, in nats and data units, computed on the way: one pass in the direction of
   * sampling. Rows are those of {@link sample} with `continuous`: columns that were spread over a step are as they were drawn,
   * and the log-densities are those of these very rows.
   * @throws As {@link sample}; {@link UsageError} for a flow whose map is not one to one.
   */
  async sampleWithLogProb(n: number, options: SampleOptions = {}): Promise<SampleWithLogProb> {
    if (this.#model.bijection.branches)
      throw new UsageError("sampleWithLogProb: the flow's map is not one to one; use sample and logProb.");
    const { conditions, all } = this.#conditions(n, options);
    const logProb = new Float64Array(n);
    const data = n === 0 ? new Float64Array(0) : await this.#draw(n, conditions, options, logProb);
    const rows = withConditions(data, conditions, n);
    // Where float32 overflows on the way, the density of the row itself is what is meant.
    const lost = Array.from(logProb.keys()).filter((row) => !Number.isFinite(logProb[row]!));
    if (lost.length > 0) {
      const own = await this.logProb(pickRows(lost, rows, all.length, data, 0), options);
      lost.forEach((row, i) => {
        logProb[row] = own[i]!;
      });
    }
    return { table: tableFromRows(all, rows), logProb };
  }

  /** Samples of the columns, row-major; noise is drawn while the engine is at the block before. */
  async #draw(
    n: number,
    conditions: Conditions,
    options: SampleOptions,
    logProb?: Float64Array,
  ): Promise<Float64Array> {
    const width = this.columns.length;
    const drawn = this.#model.base.noise;
    const key = split(randomKey(options.seed ?? 0), "sample");
    const core = await this.#evaluation.get(logProb ? "draw" : "sample", options);
    const restore = await this.#evaluation.get("restore", options);
    const data = new Float64Array(n * width);
    const block = async (start: number, rows: number, noise: Float64Array): Promise<void> => {
      const context = conditionRows(conditions, start, rows);
      const inputs = { noise, ...(await this.#prepareContext(context, rows, options)) };
      const drawnRows = (await core.run({ rows, inputs }, options)).rows;
      checkArrived(drawnRows.value!, rows, width);
      const restored = (await restore.run({ rows, inputs: { data: drawnRows.value! } }, options)).rows;
      checkArrived(restored.value!, rows, width);
      data.set(restored.value!, start * width);
      if (logProb)
        for (let row = 0; row < rows; row++)
          logProb[start + row] = drawnRows.logProb![row]! - restored.logAbsDet![row]!;
    };
    let before: Promise<void> | undefined;
    for (let start = 0; start < n; start += rowsDrawn) {
      const rows = Math.min(rowsDrawn, n - start);
      const noise = new Float64Array(rows * drawn);
      for (let row = 0; row < rows; row++) normalsAt(key, start + row, drawn, noise, row * drawn);
      await before;
      before = block(start, rows, noise);
      // Awaited in the next round: a failure meanwhile is not one that nobody hears of.
      before.catch(() => undefined);
    }
    await before;
    return data;
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
    await writeFileAtomically(path, this.toBytes());
  }

  async #prepareContext(
    context: Float64Array,
    rows: number,
    options: EvaluationOptions,
  ): Promise<{ context?: Float64Array }> {
    if (this.given.length === 0) return {};
    const prepare = await this.#evaluation.get("prepareContext", options);
    return { context: (await prepare.run({ rows, inputs: { data: context } }, options)).rows.value! };
  }

  /** The flow's columns out of a table or out of numbers; rows with an infinite value are marked and made harmless. */
  #split(rows: Table | Float64Array): {
    data: Float64Array;
    context: Float64Array;
    count: number;
    finite: Uint8Array;
  } {
    const { columns, given } = this.#model;
    const all = [...given, ...columns];
    let values: Float64Array;
    if (rows instanceof Float64Array) {
      if (rows.length % all.length !== 0)
        throw new DataError(
          `${rows.length} numbers are no whole rows of the ${all.length} columns ${all.join(", ")}.`,
        );
      // The caller may change or move the numbers while the engine is at work.
      values = rows.slice();
    } else if (Array.isArray(rows) || ArrayBuffer.isView(rows))
      refuse(
        "rows",
        "they",
        "a table or a Float64Array",
        rows,
        `tableFromRows([${all.map((name) => JSON.stringify(name)).join(", ")}], rows) makes a table of arrays`,
      );
    else values = selectColumns(rows, all).values;
    const count = values.length / all.length;
    const finite = new Uint8Array(count).fill(1);
    // The usual case, and large: nothing to copy or to mark.
    if (given.length === 0 && areFinite(values))
      return { data: values, context: new Float64Array(0), count, finite };
    const data = new Float64Array(count * columns.length);
    const context = new Float64Array(count * given.length);
    for (let row = 0; row < count; row++)
      for (let i = 0; i < all.length; i++) {
        let value = values[row * all.length + i]!;
        if (Number.isNaN(value))
          throw new DataError(
            `column "${all[i]}" (row ${row + 1}): the value is missing; fill it in, or give such rows an empty score (missing: "empty") or none ("drop").`,
            {
              column: all[i]!,
              row: row + 1,
            },
          );
        if (!Number.isFinite(value)) {
          if (i < given.length)
            throw new DataError(
              `column "${all[i]}" (row ${row + 1}): the model is given ${value}, not a finite number.`,
              {
                column: all[i]!,
                row: row + 1,
              },
            );
          finite[row] = 0;
          value = 0;
        }
        if (i < given.length) context[row * given.length + i] = value;
        else data[row * columns.length + i - given.length] = value;
      }
    return { data, context, count, finite };
  }
}

/** Refuses samples that are no numbers: those whose iteration has not met its tolerance. */
function checkArrived(values: Float64Array, rows: number, width: number): void {
  let missing = 0;
  for (let row = 0; row < rows; row++)
    if (values.subarray(row * width, (row + 1) * width).some(Number.isNaN)) missing++;
  if (missing > 0)
    throw new NumericalError(
      `sample: ${missing} of ${rows} rows are no numbers: the map from base to data left the finite numbers there, or its iteration did not meet its tolerance; allow it more iterations or a larger tolerance, or ask for precision "float64".`,
    );
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
  if (typeof source === "string")
    return new Flow(modelFromBytes(await readFileBytes(source, options), source));
  return new Flow(modelFromBytes(await bytesFrom("load", source)));
}
