/**
 * A flow of mixed columns: numbers, levels, dates and missing cells, column by column in an order. The base is standard normal, and the
 * conditional quantile functions of the columns push it forward; where a column is discrete they are step functions, so that there is
 * no bijection.
 *
 * @module
 */

import * as v from "valibot";
import type { Bijection } from "../../bijections/bijection.ts";
import type { Distribution } from "../../distributions/distribution.ts";
import { standardNormal } from "../../distributions/standardNormal.ts";
import { damaged, PushforwardError, UsageError } from "../../errors.ts";
import { sizeOf } from "../../graph/expr.ts";
import { flattenTree } from "../../graph/parameters.ts";
import { refuse } from "../../options.ts";
import { checkMissingScore } from "../../tables/completeRows.ts";
import { type Cells, cellsOf, tableOfCells, writtenCells } from "../../tables/schema/cells.ts";
import { checkSchema } from "../../tables/schema/checkSchema.ts";
import type { ColumnSchema, TableSchema } from "../../tables/schema/columnSchema.ts";
import { type Table, tableFromColumns } from "../../tables/table.ts";
import { tableDigest } from "../../tables/tableDigest.ts";
import { type ColumnsDensityOptions, columnsDensity } from "../columns/columnsDensity.ts";
import { ColumnsEvaluation, type ColumnsModel } from "../columns/columnsModel.ts";
import { contributionsOfRows } from "../columns/contributions.ts";
import { sampleCells } from "../columns/drawCells.ts";
import type { ColumnQuestions } from "../columns/questions/columnQuestions.ts";
import {
  type Container,
  checkedHeader,
  columnNamesSchema,
  containerBytes,
  fittedSchema,
  notSaved,
  openContainer,
  tensorsOf,
  valuesOf,
} from "../files/modelContainer.ts";
import type { GivenOptions, LogProbOptions, SampleOptions } from "../flowOptions.ts";
import type { FittedDescription, Model } from "../model.ts";
import type { RowsLike } from "../rows/splitRows.ts";
import { tableOfRows } from "../rows/tableOfRows.ts";
import type { Contributions } from "../scores/contributions.ts";
import type { ImpossibleRow } from "../scores/impossibleCells.ts";
import { measureOf } from "../scores/measure.ts";
import { noSteps } from "../stoppedModel.ts";
import type { FlowCore, FlowDescription, SampleWithLogProb } from "./flowCore.ts";

/** A fitted flow of mixed columns as plain data. */
export interface ColumnsFlow {
  /** The columns that have a density, in the table's order. */
  readonly columns: readonly ColumnSchema[];
  /** The columns that it is given. */
  readonly given: readonly ColumnSchema[];
  readonly model: ColumnsModel;
  readonly fitted: FittedDescription;
}

const namesOf = (columns: readonly ColumnSchema[]): readonly string[] => columns.map(({ name }) => name);

/** See the head of this file. */
export class ColumnsCore implements FlowCore {
  readonly #flow: ColumnsFlow;
  readonly #evaluation: ColumnsEvaluation;

  constructor(flow: ColumnsFlow) {
    this.#flow = flow;
    this.#evaluation = new ColumnsEvaluation(flow.model);
  }

  get columns(): readonly string[] {
    return namesOf(this.#flow.columns);
  }

  get given(): readonly string[] {
    return namesOf(this.#flow.given);
  }

  get fitted(): FittedDescription {
    return this.#flow.fitted;
  }

  get base(): Distribution {
    return standardNormal({ features: this.#flow.columns.length });
  }

  get bijection(): Bijection {
    throw noBijection("bijection");
  }

  get model(): Model {
    throw noBijection("this");
  }

  get parameterCount(): number {
    let total = 0;
    for (const { shape } of flattenTree(this.#flow.model.density.parameters).values()) total += sizeOf(shape);
    return total;
  }

  readonly steps = 0;

  at(): FlowCore {
    throw noSteps("columns");
  }

  get description(): FlowDescription {
    const { columns, given, model, fitted } = this.#flow;
    return {
      kind: "columns",
      columns: this.columns,
      given: this.given,
      schema: { columns: [...given, ...columns] },
      measures: model.density.options.columns.map(({ column }) => measureOf(column)),
      parameters: this.parameterCount,
      precision: model.precision,
      base: this.base.toJSON(),
      bijection: {
        type: "columns",
        hidden: model.density.options.hidden,
        order: model.density.options.order,
        ...(model.density.options.anyOrder ? { anyOrder: true } : {}),
        ...(model.density.options.members === undefined ? {} : { members: model.density.options.members }),
      },
      preparation: { type: "columns" },
      fitted,
    };
  }

  async logProb(where: string, rows: RowsLike, options: LogProbOptions): Promise<Float64Array> {
    const { given: _, missing = "marginal", unseen, onWarning, ...otherOptions } = options;
    const cells = await this.#scoredCells(where, rows, options);
    // Most calls have nothing to choose or to say, and a page need not load what does.
    const isComplete = [...this.#flow.given, ...this.#flow.columns].every(
      (column, i) => column.missing || !cells.cells[i]!.some(Number.isNaN),
    );
    const isPlain = isComplete && unseen !== "other" && (!onWarning || cells.unknown.length === 0);
    if (isPlain && this.given.length === 0)
      return (await contributionsOfRows(this.#evaluation, cells.cells, otherOptions)).logProb;
    const { logProbOfCells } = await import("../scores/scoresOfCells.ts");
    return await logProbOfCells(where, this.#evaluation, this.#flow, cells, options);
  }

  async contributions(rows: RowsLike, options: LogProbOptions): Promise<Contributions> {
    const cells = await this.#scoredCells("contributions", rows, options);
    const { contributionsOfCells } = await import("../scores/scoresOfCells.ts");
    return await contributionsOfCells(this.#evaluation, this.#flow, cells, options);
  }

  async impossibleRows(rows: RowsLike, options: LogProbOptions): Promise<readonly ImpossibleRow[]> {
    const cells = await this.#scoredCells("impossibleRows", rows, options);
    const { impossibleOfCells } = await import("../scores/scoresOfCells.ts");
    return await impossibleOfCells(this.#evaluation, this.#flow, cells, options);
  }

  async #scoredCells(
    where: string,
    rows: RowsLike,
    { given, missing, unseen }: LogProbOptions,
  ): Promise<Cells> {
    checkMissingScore(missing);
    return await this.#cells(where, rows, given, unseen === "other");
  }

  async questions(): Promise<ColumnQuestions> {
    const { ColumnQuestions } = await import("../columns/questions/columnQuestions.ts");
    return new ColumnQuestions(this.#flow, this.#evaluation);
  }

  async toBase(rows: RowsLike, { given, ...otherOptions }: GivenOptions): Promise<Float64Array> {
    const cells = await this.#cells("toBase", rows, given);
    const { baseOfCells } = await import("../scores/basePoints.ts");
    return await baseOfCells(this.#evaluation, this.#flow.given, cells, otherOptions);
  }

  async toData(
    points: Exclude<RowsLike, Table>,
    { given, ...otherOptions }: GivenOptions,
  ): Promise<Float64Array> {
    const { values, rows } = await tableOfRows("toData", this.columns, points);
    const conditions = await this.#conditions("toData", given, rows);
    const { dataOfPoints } = await import("../scores/basePoints.ts");
    return await dataOfPoints(this.#evaluation, values, conditions, otherOptions);
  }

  async sample(n: number, options: SampleOptions): Promise<Table> {
    const { columns, given } = this.#flow;
    return tableOfCells([...given, ...columns], await this.#draw(n, options));
  }

  async sampleWithLogProb(n: number, options: SampleOptions): Promise<SampleWithLogProb> {
    const { columns, given } = this.#flow;
    // The density is that of all columns: what they are given in the fit alone has a place here.
    if (options.complete) await this.#conditions("sampleWithLogProb", options.given, n);
    const cells = await (options.complete ? this.#draw(n, options) : this.#drawGiven(n, options));
    const { logProb } = await contributionsOfRows(this.#evaluation, cells, options);
    return { table: tableOfCells([...given, ...columns], cells), logProb };
  }

  digestOf(table: Table): string {
    const { columns, given } = this.#flow;
    return cellsDigest([...given, ...columns], cellsOf(table, [...given, ...columns]).cells);
  }

  toBytes(): Uint8Array {
    const { columns, given, model, fitted } = this.#flow;
    const { density, values, precision } = model;
    const json = {
      kind: "columns",
      columns: this.columns,
      given: this.given,
      precision,
      schema: { columns: [...given, ...columns] },
      density: density.options,
      fitted,
    };
    const bytes = containerBytes(json, tensorsOf(flattenTree(density.parameters), values, precision));
    try {
      readColumnsCore(openContainer(bytes, "the model"), "the model");
    } catch (error) {
      throw notSaved(error);
    }
    return bytes;
  }

  /** Cells of the given columns, then of the others. */
  async #draw(n: number, { given, seed, ...otherOptions }: SampleOptions): Promise<readonly Float64Array[]> {
    const { continuous: __, onGiven, complete = false, ...engine } = otherOptions;
    const fittedNames = Object.keys(given ?? {}).filter((name) => !this.given.includes(name));
    if (fittedNames.length > 0 || (complete && this.#flow.columns.some(({ missing }) => missing))) {
      const { rowsBefore, ...how } = engine;
      if (rowsBefore) refuse("sample", "rowsBefore", "0, as these rows are drawn together", rowsBefore);
      const questions = await this.questions();
      const { cells, report } = await questions.sample(n, given ?? {}, complete, { ...how, seed });
      onGiven?.(report);
      return cells;
    }
    return await this.#drawGiven(n, { given, seed, ...engine });
  }

  /** The same, of columns that are always given alone. */
  async #drawGiven(
    n: number,
    { given, seed, ...otherOptions }: SampleOptions,
  ): Promise<readonly Float64Array[]> {
    const { continuous: _, onGiven: __, complete: ___, ...engine } = otherOptions;
    const conditions = await this.#conditions("sample", given, n);
    const sampledCells = await sampleCells(this.#evaluation, n, conditions, { ...engine, seed });
    return [...conditions, ...writtenCells(this.#flow.columns, sampledCells)];
  }

  /** Cells of rows, the given columns first: those of the rows, or what `values` says of them. */
  async #cells(
    where: string,
    rows: RowsLike,
    values: GivenOptions["given"],
    allowUnseen: boolean = false,
  ): Promise<Cells> {
    const { given, columns } = this.#flow;
    const all = [...given, ...columns];
    if (values === undefined) return cellsOf(await tableOfRows(where, namesOf(all), rows), all);
    const { cellsOfGivenRows } = await import("../scores/cellsOfGivenRows.ts");
    return await cellsOfGivenRows(where, this.#flow, rows, values, allowUnseen);
  }

  /** What n rows are given. */
  async #conditions(
    where: string,
    values: SampleOptions["given"],
    n: number,
  ): Promise<readonly Float64Array[]> {
    if (this.given.length === 0 && values === undefined) return [];
    const { conditionCells } = await import("../scores/cellsOfGivenRows.ts");
    return await conditionCells(where, this.#flow, values, n);
  }
}

function noBijection(what: string): UsageError {
  return new UsageError({
    where: what,
    problem:
      "a flow of mixed columns is a chain of conditional quantile functions, which are step functions where a column is discrete",
    expected: "a flow of a base and a bijection",
    received: "columns",
    remedy: "use its methods, such as logProb, toBase and sample",
  });
}

/** Digest of rows of cells; see `tableDigest`. A missing cell counts as a value. */
export const cellsDigest = (columns: readonly ColumnSchema[], cells: readonly Float64Array[]): string =>
  tableDigest(filledTable(columns, cells), namesOf(columns));

/** Cells as a table of numbers in which none is missing: what a digest is of. */
export function filledTable(columns: readonly ColumnSchema[], cells: readonly Float64Array[]): Table {
  // The largest number stands for what is missing, which a digest passes over.
  const filledCells = cells.map((cells) =>
    cells.map((cell) => (Number.isNaN(cell) ? Number.MAX_VALUE : cell)),
  );
  return tableFromColumns(columns.map(({ name }, i) => [name, filledCells[i]!] as const));
}

const counted = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(8192));
const header = v.object({
  kind: v.literal("columns"),
  columns: v.pipe(columnNamesSchema, v.minLength(1)),
  given: columnNamesSchema,
  precision: v.picklist(["float32", "float64"]),
  schema: v.object({ columns: v.array(v.looseObject({ name: v.string() })) }),
  density: v.looseObject({
    columns: v.array(v.looseObject({})),
    given: v.array(v.looseObject({})),
    order: v.array(v.number()),
    hidden: v.pipe(v.array(counted), v.maxLength(64)),
    anyOrder: v.optional(v.boolean()),
  }),
  fitted: fittedSchema,
});

/**
 * Reads a flow of mixed columns.
 * @param name - What messages call the file.
 * @throws {@link FormatError} if it is damaged.
 */
export function readColumnsCore(container: Container, name: string): ColumnsCore {
  const fileHeader = checkedHeader(header, container, name);
  const { precision, fitted } = fileHeader;
  const all = [...fileHeader.given, ...fileHeader.columns];
  if (
    fileHeader.schema.columns.length !== all.length ||
    fileHeader.schema.columns.some((column, i) => column.name !== all[i]) ||
    fileHeader.density.columns.length !== fileHeader.columns.length ||
    fileHeader.density.given.length !== fileHeader.given.length
  )
    throw damaged(name, "its schema and its density do not have its columns");
  let density: ReturnType<typeof columnsDensity>;
  // As they are in the file: what has checked them gives copies, with the members in another order.
  const { schema, density: options } = container.json as {
    readonly schema: TableSchema;
    readonly density: ColumnsDensityOptions;
  };
  try {
    checkSchema(name, schema);
    density = columnsDensity(options);
  } catch (error) {
    if (error instanceof PushforwardError) throw damaged(name, error.message.replace(/\.$/, ""));
    throw damaged(name, `its density cannot be made (${(error as Error).message})`);
  }
  return new ColumnsCore({
    columns: schema.columns.slice(fileHeader.given.length),
    given: schema.columns.slice(0, fileHeader.given.length),
    model: {
      density,
      precision,
      values: valuesOf(flattenTree(density.parameters), container, precision, name),
    },
    fitted,
  });
}
