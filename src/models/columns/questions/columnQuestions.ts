/**
 * Questions about any columns of a flow of mixed columns, in the columns' own types.
 *
 * @module
 */

import { listNames } from "../../../closestName.ts";
import { badCell, DataError, UsageError } from "../../../errors.ts";
import { checkedOptions, refuse } from "../../../options.ts";
import { countingRows } from "../../../tables/batches/rowNumbers.ts";
import { cellsOf, tableOfCells, writtenCells } from "../../../tables/schema/cells.ts";
import type { ColumnSchema } from "../../../tables/schema/columnSchema.ts";
import type { Table } from "../../../tables/table.ts";
import type { Questions } from "../../cores/flowCore.ts";
import type { EvaluationOptions, GivenValue } from "../../flowOptions.ts";
import type { RowsLike } from "../../rows/splitRows.ts";
import { tableOfRows } from "../../rows/tableOfRows.ts";
import type { SummedOutNote } from "../../scores/scoreNotes.ts";
import type { ColumnsEvaluation } from "../columnsModel.ts";
import type { ColumnCondition } from "./conditions.ts";
import { fillTable } from "./fillTable.ts";
import { columnNamed, type FlowColumns, givenConditions, rowsOfGiven } from "./givenConditions.ts";
import type { RowAnswers } from "./logProbsOf.ts";
import type {
  DistributionOptions,
  GivenReport,
  Imputation,
  ImputeOptions,
  Marginal,
  MarginalOptions,
  Probabilities,
  Quantiles,
} from "./questionOptions.ts";
import {
  cdfOptionTable,
  imputeOptionTable,
  marginalOptionTable,
  quantileOptionTable,
} from "./questionOptions.ts";
import type { MeanDistribution } from "./valueDistribution.ts";
import { type Ways, waysInOrder } from "./ways.ts";

/** See the head of this file. */
export class ColumnQuestions implements Questions {
  readonly #flow: FlowColumns;
  readonly #evaluation: ColumnsEvaluation;

  constructor(flow: FlowColumns, evaluation: ColumnsEvaluation) {
    this.#flow = flow;
    this.#evaluation = evaluation;
  }

  /** Log-densities of rows of which cells are missing that never were: of what is observed. */
  async observed(
    cells: readonly Float64Array[],
    options: EvaluationOptions,
  ): Promise<RowAnswers & { readonly note: SummedOutNote }> {
    const rows = cells[0]!.length;
    const all = [...this.#flow.given, ...this.#flow.columns];
    const conditions = all.map((schema, c) => cellCondition(schema, cells[c]!));
    const given = conditions.map((condition, c) => (c < this.#flow.given.length ? condition : {}));
    const { logProbs } = await this.#ways();
    const answers = await logProbs(
      this.#evaluation,
      { rows, columns: conditions },
      { rows, columns: given },
      options,
    );
    const names = all
      .filter((schema, c) => !schema.missing && cells[c]!.some(Number.isNaN))
      .map(({ name }) => name);
    const sizes = answers.effectiveSize.filter(Number.isFinite);
    const leastSize = Math.round(sizes.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY));
    return {
      ...answers,
      note: { kind: "summed out", columns: names, rows, drawnRows: sizes.length, leastSize },
    };
  }

  async marginal(rowsLike: RowsLike, options: MarginalOptions): Promise<Marginal> {
    const where = "marginal";
    const {
      columns: asked,
      given = {},
      ...otherOptions
    } = checkedOptions(where, options, marginalOptionTable);
    const all = [...this.#flow.given, ...this.#flow.columns];
    const always = this.#flow.given.map(({ name }) => name);
    const values = Array.isArray(given) ? {} : (given as Readonly<Record<string, GivenValue>>);
    const fromRows = [
      ...(Array.isArray(given) ? (given as readonly string[]) : []),
      ...always.filter((name) => !Object.hasOwn(values, name)),
    ];
    const names = [...new Set([...asked, ...fromRows])];
    if (asked.length === 0) refuse(where, "columns", "the names of one column at least", asked);
    for (const name of names) columnNamed(where, this.#flow, name);
    const twice = asked.find(
      (name, i) => asked.indexOf(name) !== i || fromRows.includes(name) || Object.hasOwn(values, name),
    );
    if (twice !== undefined)
      throw new UsageError({
        where,
        problem: `column "${twice}" is ${always.includes(twice) ? "always given" : "asked for twice, or asked for and given"}`,
        expected: "each column once",
        received: `${JSON.stringify(twice)} twice`,
        remedy: "name it once",
      });
    const schemas = names.map((name) => columnNamed(where, this.#flow, name));
    const table = await tableOfRows(where, names, rowsLike);
    const { cells } = await countingRows(table, async () => cellsOf(table, schemas));
    const { rows } = table;
    const alwaysFilled = Object.fromEntries(always.map((name) => [name, values[name] ?? 0]));
    const conditions = await givenConditions(where, this.#flow, { ...alwaysFilled, ...values }, rows);
    const summedOut = new Set<number>();
    names.forEach((name, i) => {
      const c = all.findIndex((schema) => schema.name === name);
      conditions[c] = cellCondition(all[c]!, cells[i]!);
      if (!all[c]!.missing) cells[i]!.forEach((cell, row) => Number.isNaN(cell) && summedOut.add(row));
    });
    this.#checkAlwaysGiven(
      where,
      this.#flow.given.map((_, c) => conditions[c]!.cells!),
    );
    const condition = conditions.map((cellsOfColumn, c) =>
      asked.includes(all[c]!.name) ? {} : cellsOfColumn,
    );
    const { logProbs } = await this.#ways();
    return {
      ...(await logProbs(
        this.#evaluation,
        { rows, columns: conditions },
        { rows, columns: condition },
        otherOptions,
      )),
      summedOut: summedOut.size,
    };
  }

  async quantile(options: DistributionOptions<number>): Promise<Quantiles> {
    const { at, ...otherOptions } = checkedOptions("quantile", options, quantileOptionTable);
    const { schema, distributions, effectiveSize } = await this.#distributions("quantile", otherOptions);
    const values = at.map((probability) =>
      Float64Array.from(distributions, (distribution) => distribution.quantile(probability)),
    );
    const table = tableOfCells(
      at.map((probability) => ({ ...schema, name: String(probability), missing: false })),
      values,
    );
    return { table, effectiveSize };
  }

  async cdf(options: DistributionOptions<number | string>): Promise<Probabilities> {
    const { at, ...otherOptions } = checkedOptions("cdf", options, cdfOptionTable);
    const { schema, distributions, effectiveSize } = await this.#distributions("cdf", otherOptions);
    const rows = at.map((value) => ({ [schema.name]: value }));
    const { cells, unknown } = cellsOf(await tableOfRows("cdf", [schema.name], rows), [schema]);
    if (unknown[0])
      refuse(
        "cdf",
        "at",
        `levels of "${schema.name}": ${listNames(schema.levels!.map(String))}`,
        unknown[0].level,
      );
    const size = distributions.length * at.length;
    const [probability, standardError] = [new Float64Array(size), new Float64Array(size)];
    distributions.forEach((distribution, row) => {
      cells[0]!.forEach((cell, i) => {
        const answer = distribution.upTo(cell);
        probability[row * at.length + i] = answer.probability;
        if (Number.isFinite(effectiveSize[row]!)) standardError[row * at.length + i] = answer.standardError;
      });
    });
    return { probability, standardError, effectiveSize };
  }

  async impute(rows: RowsLike, options: ImputeOptions): Promise<Imputation> {
    const checked = checkedOptions("impute", options, imputeOptionTable);
    const names = [...this.#flow.given, ...this.#flow.columns].map(({ name }) => name);
    const table = await tableOfRows("impute", names, rows);
    return await countingRows(table, async () => await this.#impute(table, checked));
  }

  async #impute(table: Table, options: ImputeOptions): Promise<Imputation> {
    const all = [...this.#flow.given, ...this.#flow.columns];
    const { cells, unknown } = cellsOf(table, all);
    const [unknownLevel] = unknown;
    if (unknownLevel)
      throw badCell(unknownLevel.column, unknownLevel.row, {
        problem: `${JSON.stringify(unknownLevel.level)} is none of the levels that the model knows`,
        expected: "a level that the model knows",
        received: JSON.stringify(unknownLevel.level),
        remedy: "mend the cell, or leave the row out",
      });
    this.#checkAlwaysGiven("impute", cells);
    const { fill } = await this.#ways();
    return await fillTable(this.#evaluation, this.#flow, { table, cells }, options, fill);
  }

  /**
   * Draws rows given any columns: cells of all columns, the given ones first.
   * @param complete - Whether they are also given that no cell is missing.
   */
  async sample(
    n: number,
    given: Readonly<Record<string, GivenValue>>,
    complete: boolean,
    options: EvaluationOptions & { readonly seed?: number | undefined },
  ): Promise<{ readonly cells: readonly Float64Array[]; readonly report: GivenReport }> {
    const lists = rowsOfGiven("sample", given);
    if (lists !== undefined && lists !== n)
      refuse("sample", "given", `one value for each of the ${n} rows`, `lists of ${lists}`);
    const rows = lists ?? 1;
    const all = [...this.#flow.given, ...this.#flow.columns];
    const conditions = (await givenConditions("sample", this.#flow, given, rows)).map((condition, i) =>
      // A range without ends is any cell but a missing one.
      complete && all[i]!.missing && !this.#flow.given.includes(all[i]!)
        ? { range: {}, ...condition }
        : condition,
    );
    const { sample } = await this.#ways();
    const { cells, report } = await sample(this.#evaluation, { rows, columns: conditions }, n, options);
    return { cells: writtenCells(all, cells), report };
  }

  /** How answers are made. */
  async #ways(): Promise<Ways> {
    if (!this.#evaluation.model.density.options.anyOrder) return waysInOrder;
    return (await import("../anyOrder/waysOfSets.ts")).waysOfSets;
  }

  /** The distribution of a column under each condition. */
  async #distributions(
    where: string,
    { column, given = {}, ...options }: Omit<DistributionOptions<number>, "at">,
  ): Promise<{
    readonly schema: ColumnSchema;
    readonly distributions: readonly MeanDistribution[];
    readonly effectiveSize: Float64Array;
  }> {
    const schema = columnNamed(where, this.#flow, column);
    if (this.#flow.given.includes(schema))
      throw new UsageError({
        where,
        problem: `the model has no say about "${column}", which it is always given`,
        expected: "a column that the model is not given",
        received: JSON.stringify(column),
        remedy: "ask for another column",
      });
    if (Object.hasOwn(given, column))
      throw new UsageError({
        where,
        problem: `column "${column}" is asked for and given`,
        expected: "each column once",
        received: `${JSON.stringify(column)} twice`,
        remedy: "name it once",
      });
    if (schema.kind === "categorical" || schema.kind === "angle")
      throw new UsageError({
        where,
        problem: `"${column}" is ${schema.kind === "angle" ? "an angle, which goes round" : "categorical, and its levels are in no order"}`,
        expected: "a column whose values are in an order",
        received: `one of kind ${schema.kind}`,
        remedy: "ask marginal for the probabilities of values, a row for each, or draw some with sample",
      });
    const rows = rowsOfGiven(where, given) ?? 1;
    const columns = await givenConditions(where, this.#flow, given, rows);
    const c = [...this.#flow.given, ...this.#flow.columns].indexOf(schema);
    const { distributions } = await this.#ways();
    return { schema, ...(await distributions(this.#evaluation, { rows, columns }, c, options)) };
  }

  /** @throws {@link DataError} where a cell is missing that the model must be given. */
  #checkAlwaysGiven(where: string, cells: readonly Float64Array[]): void {
    this.#flow.given.forEach((schema, c) => {
      const row = schema.missing ? -1 : cells[c]!.findIndex(Number.isNaN);
      if (row >= 0)
        throw new DataError(
          {
            where,
            problem: `column "${schema.name}" (row ${row + 1}): the cell is missing, and the model is always given it`,
            expected: "a value",
            received: "a missing cell",
            remedy: "fill it in, or leave the row out",
          },
          { column: schema.name, row: row + 1 },
        );
    });
  }
}

/** A missing cell is known where it is an outcome, and not where none was missing in the fit. */
function cellCondition(schema: ColumnSchema, cells: Float64Array): ColumnCondition {
  if (schema.missing || !cells.some(Number.isNaN)) return { cells };
  return { cells, isKnown: Uint8Array.from(cells, (cell) => Number(!Number.isNaN(cell))) };
}
