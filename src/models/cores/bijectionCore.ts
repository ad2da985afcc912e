/**
 * A flow of a base and a bijection.
 *
 * @module
 */

import type { Bijection } from "../../bijections/bijection.ts";
import type { Distribution } from "../../distributions/distribution.ts";
import { sizeOf } from "../../graph/expr.ts";
import { flattenTree } from "../../graph/parameters.ts";
import { snap } from "../../tables/recording/grid.ts";
import { type Table, tableFromRows } from "../../tables/table.ts";
import { tableDigest } from "../../tables/tableDigest.ts";
import { Evaluation } from "../evaluation.ts";
import { modelToBytes } from "../files/modelFile.ts";
import type { GivenOptions, LogProbOptions, SampleOptions } from "../flowOptions.ts";
import { type FittedDescription, type Model, wholeBijection } from "../model.ts";
import { checkedConditions, conditionRows, withConditions } from "../rows/conditions.ts";
import { drawRows } from "../rows/drawRows.ts";
import { baseOfRows, dataOfPoints, logProbOfRows } from "../rows/evaluateRows.ts";
import { type RowsLike, rowValues } from "../rows/splitRows.ts";
import type { Contributions } from "../scores/contributions.ts";
import type { ImpossibleRow } from "../scores/impossibleCells.ts";
import { stepCount, stoppedModel } from "../stoppedModel.ts";
import type { FlowCore, FlowDescription, SampleWithLogProb } from "./flowCore.ts";

/** See the head of this file. */
export class BijectionCore implements FlowCore {
  readonly model: Model;
  readonly #evaluation: Evaluation;

  constructor(model: Model, evaluation: Evaluation = new Evaluation(model)) {
    this.model = model;
    this.#evaluation = evaluation;
  }

  get columns(): readonly string[] {
    return this.model.columns;
  }

  get given(): readonly string[] {
    return this.model.given;
  }

  get fitted(): FittedDescription {
    return this.model.fitted;
  }

  get base(): Distribution {
    return this.model.base;
  }

  get bijection(): Bijection {
    return wholeBijection(this.model);
  }

  get parameterCount(): number {
    const { base, bijection } = this.model;
    let total = 0;
    for (const spec of flattenTree({ base: base.parameters, bijection: bijection.parameters }).values())
      if (spec.kind !== "state") total += spec.used ?? sizeOf(spec.shape);
    return total;
  }

  get steps(): number {
    return stepCount(this.model);
  }

  at(t: number): BijectionCore {
    return new BijectionCore(stoppedModel(this.model, t));
  }

  get description(): FlowDescription {
    const { kind, columns, given, precision, base, bijection, preparation, fitted } = this.model;
    return {
      kind,
      columns,
      given,
      measures: columns.map((column) => ({ column, measure: "Lebesgue" as const })),
      parameters: this.parameterCount,
      precision,
      base: base.toJSON(),
      bijection: bijection.toJSON(),
      preparation: preparation.toJSON(),
      fitted,
    };
  }

  async logProb(
    where: string,
    rows: RowsLike,
    // There are no levels, so that none is unseen.
    { given, unseen: _, onWarning: __, ...how }: LogProbOptions,
  ): Promise<Float64Array> {
    return await logProbOfRows(this.model, this.#evaluation, this.#rowValues(where, rows, given), how);
  }

  async contributions(): Promise<Contributions> {
    throw (await import("../scores/numberRows.ts")).noContributions(this.model.kind);
  }

  async impossibleRows(rows: RowsLike, options: LogProbOptions): Promise<readonly ImpossibleRow[]> {
    // Places are those of all rows.
    const missing = options.missing === "error" ? "error" : "empty";
    const scores = await this.logProb("impossibleRows", rows, { ...options, missing });
    const { impossibleNumberRows } = await import("../scores/numberRows.ts");
    const values = this.#rowValues("impossibleRows", rows, options.given);
    return impossibleNumberRows(
      [...this.given, ...this.columns],
      values,
      scores,
      "it is outside what the flow can reach",
    );
  }

  async toBase(rows: RowsLike, { given, ...how }: GivenOptions): Promise<Float64Array> {
    return await baseOfRows(this.model, this.#evaluation, this.#rowValues("toBase", rows, given), how);
  }

  async toData(points: Exclude<RowsLike, Table>, { given, ...how }: GivenOptions): Promise<Float64Array> {
    const values = rowValues("toData", this.columns, points);
    const count = values.length / this.columns.length;
    const context = conditionRows(checkedConditions("toData", this.given, count, given), 0, count);
    return await dataOfPoints(this.model, this.#evaluation, values, context, how);
  }

  async sample(n: number, options: SampleOptions): Promise<Table> {
    const conditions = checkedConditions("sample", this.given, n, options.given);
    const data = await drawRows(this.model, this.#evaluation, n, conditions, options);
    const { columns, given, fitted } = this.model;
    if (!options.continuous)
      for (const grid of fitted.grids ?? []) snap(grid, data, columns.indexOf(grid.column), columns.length);
    return tableFromRows([...given, ...columns], withConditions(data, conditions, n));
  }

  async sampleWithLogProb(n: number, options: SampleOptions): Promise<SampleWithLogProb> {
    const conditions = checkedConditions("sample", this.given, n, options.given);
    const { drawScoredRows } = await import("../rows/drawScoredRows.ts");
    return await drawScoredRows(this.model, this.#evaluation, n, conditions, options);
  }

  async questions(where: string): Promise<never> {
    // Loaded where there is something to refuse.
    throw (await import("../columns/questions/noQuestions.ts")).noQuestions(where, this.model.kind);
  }

  digestOf(table: Table): string {
    return tableDigest(table, [...this.given, ...this.columns]);
  }

  toBytes(): Uint8Array {
    return modelToBytes(this.model);
  }

  /** Rows as numbers, the given columns first. */
  #rowValues(where: string, rows: RowsLike, given: LogProbOptions["given"]): Float64Array {
    const names = this.columns;
    if (given === undefined) return rowValues(where, [...this.given, ...names], rows);
    const data = rowValues(where, names, rows);
    const count = data.length / names.length;
    return withConditions(data, checkedConditions(where, this.given, count, given), count);
  }
}
