/**
 * Log-densities of rows, and where the base has them. What float32 cannot tell is computed once more in float64.
 *
 * @module
 */

import { NumericalError } from "../../errors.ts";
import { checkMissingScore, completeRows } from "../../tables/completeRows.ts";
import type { Evaluation } from "../evaluation.ts";
import type { EvaluationOptions, LogProbOptions } from "../flowOptions.ts";
import type { Model } from "../model.ts";
import { areFinite, joinRows, splitRows } from "./splitRows.ts";

/** Largest log-density per feature, in nats, of which float32 keeps four decimals. */
const wellWithin = 10;
/** Prepared values beyond this many units are in the tails of every spline, where slopes multiply roundings. */
const farOut = 6;

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

/** Whether the numbers of the computation are float64 as it is. */
function isWide(model: Model, options: EvaluationOptions): boolean {
  return options.engine === "reference" || (options.precision ?? model.precision) === "float64";
}

/** Rows of a block; an engine has as many in memory at a time. */
const blockRows = 16384;

/**
 * Runs two asynchronous stages over blocks of rows: the first of a block is under way while the second of the block
 * before is, so that copies in and out cost no time of their own.
 *
 * @param count - Rows, 0 or more.
 * @param first - Gets the first row of a block and the one past its last.
 * @param second - Gets what the first has given.
 */
async function inTwoStages<Between>(
  count: number,
  first: (from: number, to: number) => Promise<Between>,
  second: (from: number, to: number, between: Between) => Promise<void>,
): Promise<void> {
  const begin = (from: number): Promise<Between> | undefined => {
    if (from >= count) return undefined;
    const begun = first(from, Math.min(from + blockRows, count));
    // Awaited later: a failure meanwhile is not one that nobody hears of.
    begun.catch(() => undefined);
    return begun;
  };
  let next = begin(0);
  let before: Promise<void> | undefined;
  for (let from = 0; next; from += blockRows) {
    const between = await next;
    next = begin(from + blockRows);
    await before;
    before = second(from, Math.min(from + blockRows, count), between);
    before.catch(() => undefined);
  }
  await before;
}

/** Log-densities of rows, the given columns first, as `Flow.logProb` documents them. The numbers must not change meanwhile. */
export async function logProbOfRows(
  model: Model,
  evaluation: Evaluation,
  values: Float64Array,
  options: LogProbOptions,
): Promise<Float64Array> {
  const { missing, ...how } = options;
  checkMissingScore(missing);
  if (missing === "empty" || missing === "drop") {
    const width = model.given.length + model.columns.length;
    const complete = completeRows(values, width);
    const scores = await logProbOfRows(model, evaluation, complete?.values ?? values, how);
    if (!complete || missing === "drop") return scores;
    const out = new Float64Array(values.length / width).fill(Number.NaN);
    complete.rows.forEach((row, i) => {
      out[row] = scores[i]!;
    });
    return out;
  }
  const parts = splitRows(model, values);
  const { data, context, count, finite } = parts;
  if (count === 0) return new Float64Array(0);
  const [prepare, core] = await Promise.all([
    evaluation.get("prepare", options),
    evaluation.get("logProb", options),
  ]);
  const features = model.columns.length;
  const conditions = model.given.length;
  const isExact = isWide(model, options);
  const largest = wellWithin * features;
  const out = new Float64Array(count);
  const lost: number[] = [];
  let unsolved = 0;
  await inTwoStages(
    count,
    async (from, to) => {
      const block = data.subarray(from * features, to * features);
      const prepared = (await prepare.run({ rows: to - from, inputs: { data: block } }, options)).rows;
      const given = context.subarray(from * conditions, to * conditions);
      return { prepared, ...(await evaluation.prepareContext(given, to - from, options)) };
    },
    async (from, to, { prepared, ...given }) => {
      const inputs = { data: prepared.value!, ...given };
      const logProb = (await core.run({ rows: to - from, inputs }, options)).rows.logProb!;
      for (let row = 0; row < to - from; row++) {
        const value = logProb[row]! + prepared.logAbsDet![row]!;
        // Beyond the range of the numbers the density is 0; where a solver has given up it is not known.
        const isNone = !finite[from + row] || (isExact && Number.isNaN(value));
        // A row that lies among the data has a density: where none comes out, that must not pass for 0.
        const isNear = isWithin(inputs.data, features, row) && isWithin(data, features, from + row);
        if (isNone && finite[from + row] && isNear) unsolved++;
        out[from + row] = isNone ? Number.NEGATIVE_INFINITY : value;
        // Points so far out that float32 overflows, or that its seven digits are no longer enough.
        const isLost =
          Number.isNaN(value) ||
          !(Math.abs(logProb[row]!) <= largest) ||
          isFar(inputs.data, features, row) ||
          isFar(inputs.context, conditions, row);
        if (!isExact && finite[from + row] && isLost) lost.push(from + row);
      }
    },
  );
  if (unsolved > 0) {
    const [reason, remedy] =
      model.bijection.type === "continuous"
        ? [
            "the equation was not solved within its tolerance and steps",
            "give it a larger tolerance or more steps",
          ]
        : ["the computation left the finite numbers", "the model is damaged or its parameters out of range"];
    throw new NumericalError({
      where: "logProb",
      problem: `${unsolved} of ${count} rows have no log-density: ${reason} there`,
      expected: "a log-density of each row",
      received: `none of ${unsolved}`,
      remedy,
    });
  }
  if (lost.length === 0) return out;
  const again = await logProbOfRows(model, evaluation, joinRows(lost, parts), {
    ...options,
    precision: "float64",
  });
  lost.forEach((row, i) => {
    out[row] = again[i]!;
  });
  return out;
}

/** Where the base has rows, the given columns first, as `Flow.toBase` documents it. */
export async function baseOfRows(
  model: Model,
  evaluation: Evaluation,
  values: Float64Array,
  options: EvaluationOptions,
): Promise<Float64Array> {
  const parts = splitRows(model, values);
  const { data, context, count, finite } = parts;
  if (count === 0) return new Float64Array(0);
  const [prepare, core] = await Promise.all([
    evaluation.get("prepare", options),
    evaluation.get("toBase", options),
  ]);
  const prepared = (await prepare.run({ rows: count, inputs: { data } }, options)).rows.value!;
  const inputs = { data: prepared, ...(await evaluation.prepareContext(context, count, options)) };
  const value = (await core.run({ rows: count, inputs }, options)).rows.value!;
  const width = model.columns.length;
  finite.forEach((flag, row) => {
    if (flag === 0) value.fill(Number.NaN, row * width, (row + 1) * width);
  });
  if (isWide(model, options)) return value;
  // Points where float32 overflows, or its seven digits are no longer enough.
  const lost = Array.from({ length: count }, (_, row) => row).filter(
    (row) =>
      finite[row] === 1 &&
      (!areFinite(value.subarray(row * width, (row + 1) * width)) ||
        isFar(inputs.data, width, row) ||
        isFar(inputs.context, model.given.length, row)),
  );
  if (lost.length === 0) return value;
  const again = await baseOfRows(model, evaluation, joinRows(lost, parts), {
    ...options,
    precision: "float64",
  });
  lost.forEach((row, i) => {
    value.set(again.subarray(i * width, (i + 1) * width), row * width);
  });
  return value;
}

/** Where the data have points of the base, as `Flow.toData` documents it. */
export async function dataOfPoints(
  model: Model,
  evaluation: Evaluation,
  points: Float64Array,
  context: Float64Array,
  options: EvaluationOptions,
): Promise<Float64Array> {
  const width = model.columns.length;
  const rows = points.length / width;
  if (rows === 0) return new Float64Array(0);
  const [core, restore] = await Promise.all([
    evaluation.get("toData", options),
    evaluation.get("restore", options),
  ]);
  const given = await evaluation.prepareContext(context, rows, options);
  const data = (await core.run({ rows, inputs: { data: points, ...given } }, options)).rows.value!;
  return (await restore.run({ rows, inputs: { data } }, options)).rows.value!;
}
