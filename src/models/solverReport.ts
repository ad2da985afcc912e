/**
 * What solving the equation of a fitted continuous flow costs and how exact it is, and the paths that it follows.
 *
 * @module
 */

import { type Continuous, defaultSolver } from "../bijections/continuous/continuous.ts";
import type { Executable, RunInputs, RunOutputs } from "../engines/engine.ts";
import { setKnownParameters } from "../engines/setKnownParameters.ts";
import { UsageError } from "../errors.ts";
import type { Expr } from "../graph/expr.ts";
import { leastTolerance, solveOde } from "../graph/library/ode.ts";
import * as g from "../graph/ops.ts";
import { bindTree, subtreeOf } from "../graph/parameters.ts";
import {
  anObject,
  checkArgument,
  checkedOptions,
  numbers,
  type OptionTable,
  refuse,
  wholeNumber,
} from "../options.ts";
import { normalsAt, randomKey, split } from "../random/philox.ts";
import { checkTable, selectColumns, type Table } from "../tables/table.ts";
import { engineOf } from "./evaluation.ts";
import type { Flow } from "./flow.ts";
import { type EvaluationOptions, evaluationOptionTable } from "./flowOptions.ts";
import { type Model, parameterTree, preparedContext } from "./model.ts";

/** How the equation of a continuous flow was solved for some rows. */
export interface SolverReport {
  /** Largest error of a step, at least what the arithmetic allows; undefined where steps are fixed. */
  readonly tolerance: number | undefined;
  /** How often the velocity was evaluated on the way to the base, a number per row. */
  readonly evaluations: Float64Array;
  /** Largest difference, over the features, between a prepared row and its image in the base and back, a number per row. */
  readonly roundTrip: Float64Array;
}

/** Options of {@link trajectories}. */
export interface TrajectoryOptions extends EvaluationOptions {
  /** Same seed, same points of the base: those of `Flow.sample` (default 0). */
  readonly seed?: number | undefined;
  /** Values of the columns that the flow is given, in data units; needed for a conditional flow. */
  readonly given?: Readonly<Record<string, number>> | undefined;
}

const trajectoryOptionTable: OptionTable<TrajectoryOptions> = { ...evaluationOptionTable, given: anObject };

function continuousOf(flow: Flow, where: string): { model: Model; bijection: Continuous } {
  if (!(flow as Partial<Flow> | null | undefined)?.model)
    refuse(where, "flow", "a flow as fit or load gives it", flow);
  const { model } = flow;
  if (model.bijection.type !== "continuous")
    throw new UsageError({
      where,
      problem: `a model of kind ${model.kind} solves no equation`,
      expected: "a model of kind cnf or flow-matching",
      received: model.kind,
      remedy: "cnf and flow-matching do",
    });
  return { model, bijection: model.bijection as Continuous };
}

/**
 * Solves the equation for rows of a table, to the base and back, and reports evaluations and error.
 *
 * @param table - Has the flow's columns by name; without missing values.
 * @throws UsageError if the flow is not continuous, DataError for a missing column.
 * @example const { evaluations } = await solverReport(flow, table);
 */
export async function solverReport(
  flow: Flow,
  table: Table,
  options: EvaluationOptions = {},
): Promise<SolverReport> {
  const { model, bijection } = continuousOf(flow, "solverReport");
  checkTable("solverReport", table);
  const data = await prepared(model, "preparation", selectColumns(table, model.columns), options);
  const context =
    model.given.length > 0
      ? { context: await prepared(model, "contextPreparation", selectColumns(table, model.given), options) }
      : {};
  const bound = subtreeOf(bindTree(parameterTree(model)), "bijection");
  const [y, c] = [g.input("data", [bijection.features]), contextInput(model)];
  const { value, evaluations } = bijection.solve("inverse", y, bound, c);
  const back = bijection.forward(value, bound, c).value;
  const { rows } = await run(
    model,
    { evaluations, roundTrip: g.maximum(g.abs(g.sub(back, y))) },
    { rows: table.rows, inputs: { data, ...context } },
    options,
  );
  const { solver } = bijection;
  const isWide = options.engine === "reference" || (options.precision ?? model.precision) === "float64";
  const least = leastTolerance * (isWide ? 2 ** -53 : 2 ** -24);
  return {
    tolerance: solver.kind === "adaptive" ? Math.max(solver.tolerance, least) : undefined,
    evaluations: rows.evaluations!,
    roundTrip: rows.roundTrip!,
  };
}

/**
 * Points of the base on their way to the data: where each is at some times, in data units.
 *
 * @param times - Between 0, the base behind the preparation, and 1, samples of the flow.
 * @param n - Number of points.
 * @returns One array a time, row-major, `n` times the columns.
 * @throws UsageError if the flow is not continuous, a time is outside, or a given value is missing.
 */
export async function trajectories(
  flow: Flow,
  times: readonly number[],
  n: number,
  trajectoryOptions: TrajectoryOptions = {},
): Promise<Float64Array[]> {
  const { model, bijection } = continuousOf(flow, "trajectories");
  const checked = checkedOptions("trajectories", trajectoryOptions, trajectoryOptionTable);
  const { seed = 0, given = {}, ...options } = checked;
  checkArgument("trajectories", "times", times, numbers);
  checkArgument("trajectories", "n", n, wholeNumber("a whole number", 0));
  const outside = times.find((time) => !(time >= 0 && time <= bijection.until));
  if (outside !== undefined)
    throw new UsageError({
      where: "trajectories",
      subject: "times",
      expected: `between 0 and ${bijection.until}`,
      received: `${outside}`,
    });
  const missing = model.given.find((name) => !Number.isFinite(given[name]));
  if (missing !== undefined)
    throw new UsageError({
      where: "trajectories",
      problem: "the flow is conditional",
      expected: `a value for ${missing}`,
      received: "none",
      remedy: `give a value for ${missing}`,
    });
  const noise = new Float64Array(n * bijection.features);
  const key = split(randomKey(seed), "sample");
  for (let row = 0; row < n; row++) normalsAt(key, row, bijection.features, noise, row * bijection.features);
  const conditions = Float64Array.from(
    { length: n * model.given.length },
    (_, i) => given[model.given[i % model.given.length]!]!,
  );
  const context =
    model.given.length > 0
      ? {
          context: await prepared(
            model,
            "contextPreparation",
            { columns: model.given, rows: n, values: conditions },
            options,
          ),
        }
      : {};
  const bound = bindTree(parameterTree(model));
  const [z, own, c] = [
    g.input("data", [bijection.features]),
    subtreeOf(bound, "bijection"),
    contextInput(model),
  ];
  // The last time is given with each run, so that all are one program.
  const { state } = solveOde(z, (time, at) => bijection.velocity(time, at, own, c).value, {
    from: 0,
    to: g.stepInput("until"),
    method: bijection.solver.kind === "adaptive" ? bijection.solver : defaultSolver,
  });
  const { value } = model.preparation.forward(z, subtreeOf(bound, "preparation"));
  const exact = { ...options, precision: "float64" as const };
  const solve = await compiled(model, { state }, options);
  const restore = await compiled(model, { value }, exact);
  try {
    const results: Float64Array[] = [];
    for (const until of times) {
      const inputs = { rows: n, inputs: { data: noise, ...context } };
      const stepInputs = { until: Float64Array.of(until) };
      const at = (await solve.run(inputs, { signal: options.signal, stepInputs })).rows.state!;
      results.push(
        (await restore.run({ rows: n, inputs: { data: at } }, { signal: options.signal })).rows.value!,
      );
    }
    return results;
  } finally {
    solve.dispose();
    restore.dispose();
  }
}

function contextInput(model: Model): Expr | undefined {
  return model.given.length > 0 ? g.input("context", [model.given.length]) : undefined;
}

/** Rows on the base side of a preparation, in float64. */
async function prepared(
  model: Model,
  which: "preparation" | "contextPreparation",
  { columns, rows, values }: Pick<Table, "columns" | "rows" | "values">,
  options: EvaluationOptions,
): Promise<Float64Array> {
  const bound = bindTree(parameterTree(model));
  const data = g.input("data", [columns.length]);
  const value =
    which === "preparation"
      ? model.preparation.inverse(data, subtreeOf(bound, which)).value
      : preparedContext(model, data, bound);
  const exact = { ...options, precision: "float64" as const };
  return (await run(model, { value }, { rows, inputs: { data: values } }, exact)).rows.value!;
}

async function compiled(
  model: Model,
  rows: Readonly<Record<string, Expr>>,
  options: EvaluationOptions,
): Promise<Executable> {
  const engine = engineOf({ ...options, precision: options.precision ?? model.precision });
  const executable = await engine.compile({ rows }, { signal: options.signal });
  await setKnownParameters(executable, model.values);
  return executable;
}

async function run(
  model: Model,
  rows: Readonly<Record<string, Expr>>,
  inputs: RunInputs,
  options: EvaluationOptions,
): Promise<RunOutputs> {
  const executable = await compiled(model, rows, options);
  try {
    return await executable.run(inputs, { signal: options.signal });
  } finally {
    executable.dispose();
  }
}
