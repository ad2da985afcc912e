/**
 * A flow of mixed columns: numbers, levels, dates and missing cells, column by column in an order. The base is standard normal, and the
 * conditional quantile functions of the columns push it forward; where a column is discrete they are step functions, so that there is
 * no bijection.
 *
 * @module
 */

import * as v from "valibot";
import type { Bijection } from "../bijections/bijection.ts";
import type { Distribution } from "../distributions/distribution.ts";
import { standardNormal } from "../distributions/standardNormal.ts";
import { FormatError, NumericalError, PushforwardError, UsageError } from "../errors.ts";
import { sizeOf } from "../graph/expr.ts";
import { flattenTree } from "../graph/parameters.ts";
import { checkMissingScore, type MissingScore } from "../tables/completeRows.ts";
import { cellsOf, tableOfCells, writtenCells } from "../tables/schema/cells.ts";
import { checkSchema } from "../tables/schema/checkSchema.ts";
import type { ColumnSchema, TableSchema } from "../tables/schema/columnSchema.ts";
import { type Table, tableFromColumns } from "../tables/table.ts";
import { tableDigest } from "../tables/tableDigest.ts";
import { type ColumnsDensityOptions, columnsDensity } from "./columns/columnsDensity.ts";
import { ColumnsEvaluation, type ColumnsModel } from "./columns/columnsModel.ts";
import { contributionsOfRows } from "./columns/contributions.ts";
import { cellsOfPoints, sampleCells } from "./columns/drawCells.ts";
import {
  type Container,
  checkedHeader,
  columnNamesSchema,
  containerBytes,
  fittedSchema,
  openContainer,
  tensorsOf,
  valuesOf,
} from "./files/modelContainer.ts";
import type { FlowCore, FlowDescription, SampleWithLogProb } from "./flowCore.ts";
import type { GivenOptions, LogProbOptions, SampleOptions } from "./flowOptions.ts";
import type { FittedDescription, Model } from "./model.ts";
import type { RowsLike } from "./rows/splitRows.ts";
import { tableOfRows } from "./rows/tableOfRows.ts";

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
    throw new UsageError({
      where: "at",
      problem: "a flow of mixed columns has no steps to stop between",
      expected: "a flow of a kind with steps, such as dual-ascent or gaussianization",
      received: "columns",
    });
  }

  get description(): FlowDescription {
    const { columns, given, model, fitted } = this.#flow;
    return {
      kind: "columns",
      columns: this.columns,
      given: this.given,
      schema: { columns: [...given, ...columns] },
      parameters: this.parameterCount,
      precision: model.precision,
      base: this.base.toJSON(),
      bijection: {
        type: "columns",
        hidden: model.density.options.hidden,
        order: model.density.options.order,
      },
      preparation: { type: "columns" },
      fitted,
    };
  }

  async logProb(
    where: string,
    rows: RowsLike,
    { given, missing, ...how }: LogProbOptions,
  ): Promise<Float64Array> {
    checkMissingScore(missing);
    const cells = await this.#cells(where, rows, given);
    const scored = this.#scoredRows(cells, missing);
    const chosen = scored ? cells.map((own) => Float64Array.from(scored, (row) => own[row]!)) : cells;
    const { logProb } = await contributionsOfRows(this.#evaluation, chosen, how);
    if (!scored || missing === "drop") return logProb;
    const all = new Float64Array(cells[0]!.length).fill(Number.NaN);
    scored.forEach((row, i) => {
      all[row] = logProb[i]!;
    });
    return all;
  }

  async toBase(rows: RowsLike, { given, ...how }: GivenOptions): Promise<Float64Array> {
    const cells = await this.#cells("toBase", rows, given);
    const { impossibleRows, pointsOfCells } = await import("./rows/pointsOfCells.ts");
    const impossible = impossibleRows(this.#flow.model.density, cells);
    const possible = cells.map((own) => own.filter((_, row) => !impossible.has(row)));
    const { points } = await pointsOfCells(this.#evaluation, possible, how);
    if (impossible.size === 0) return points;
    const width = this.#flow.columns.length;
    const all = new Float64Array(cells[0]!.length * width).fill(Number.NaN);
    let next = 0;
    for (let row = 0; row < cells[0]!.length; row++)
      if (!impossible.has(row)) all.set(points.subarray(next * width, ++next * width), row * width);
    return all;
  }

  async toData(points: Exclude<RowsLike, Table>, { given, ...how }: GivenOptions): Promise<Float64Array> {
    const width = this.#flow.columns.length;
    const values = (await tableOfRows("toData", this.columns, points)).values;
    const count = values.length / width;
    const cells = await cellsOfPoints(
      this.#evaluation,
      values,
      await this.#givenCells("toData", given, count),
      how,
    );
    return Float64Array.from(values, (_, i) => cells[i % width]![Math.floor(i / width)]!);
  }

  async sample(n: number, options: SampleOptions): Promise<Table> {
    const { columns, given } = this.#flow;
    return tableOfCells([...given, ...columns], await this.#draw(n, options));
  }

  async sampleWithLogProb(n: number, options: SampleOptions): Promise<SampleWithLogProb> {
    const { columns, given } = this.#flow;
    const cells = await this.#draw(n, options);
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
      throw new NumericalError(
        `The model cannot be saved, as it could not be read back: ${(error as Error).message}`,
      );
    }
    return bytes;
  }

  /** Cells of the given columns, then of the others. */
  async #draw(n: number, { given, seed, ...how }: SampleOptions): Promise<readonly Float64Array[]> {
    const conditions = await this.#givenCells("sample", given, n);
    const { continuous: _, ...engine } = how;
    const drawn = await sampleCells(this.#evaluation, n, conditions, { ...engine, seed });
    return [...conditions, ...writtenCells(this.#flow.columns, drawn)];
  }

  /** Cells of rows, the given columns first. */
  async #cells(
    where: string,
    rows: RowsLike,
    given: LogProbOptions["given"],
  ): Promise<readonly Float64Array[]> {
    const { columns, given: conditions } = this.#flow;
    if (given === undefined) {
      const all = [...conditions, ...columns];
      return cellsOf(await tableOfRows(where, namesOf(all), rows), all).cells;
    }
    const { cells } = cellsOf(await tableOfRows(where, namesOf(columns), rows), columns);
    return [...(await this.#givenCells(where, given, cells[0]!.length)), ...cells];
  }

  /** What n rows are given, as cells. */
  async #givenCells(
    where: string,
    values: SampleOptions["given"],
    n: number,
  ): Promise<readonly Float64Array[]> {
    const { given } = this.#flow;
    if (given.length === 0 && Object.keys(values ?? {}).length === 0) return [];
    const { givenCells } = await import("./rows/givenCells.ts");
    return await givenCells(where, given, values, n);
  }

  /** The rows that have a score, where those that miss a value in a column that never did are passed over; undefined for all. */
  #scoredRows(
    cells: readonly Float64Array[],
    missing: MissingScore | undefined,
  ): readonly number[] | undefined {
    if (missing === undefined || missing === "error") return undefined;
    const { columns, given } = this.#flow;
    const never = [...given, ...columns].flatMap((own, i) => (own.missing ? [] : [cells[i]!]));
    const rows = Array.from(cells[0]!.keys());
    const scored = rows.filter((row) => never.every((own) => !Number.isNaN(own[row]!)));
    return scored.length === rows.length ? undefined : scored;
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
export function cellsDigest(columns: readonly ColumnSchema[], cells: readonly Float64Array[]): string {
  const names = namesOf(columns);
  // The largest number stands for what is missing, which a digest passes over.
  const whole = cells.map((own) => own.map((cell) => (Number.isNaN(cell) ? Number.MAX_VALUE : cell)));
  return tableDigest(tableFromColumns(names.map((name, i) => [name, whole[i]!] as const)), names);
}

const counted = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(8192));
const header = v.object({
  kind: v.literal("columns"),
  columns: v.pipe(columnNamesSchema, v.nonEmpty()),
  given: columnNamesSchema,
  precision: v.picklist(["float32", "float64"]),
  schema: v.object({ columns: v.array(v.looseObject({ name: v.string() })) }),
  density: v.looseObject({
    columns: v.array(v.looseObject({})),
    given: v.array(v.looseObject({})),
    order: v.array(v.number()),
    hidden: v.pipe(v.array(counted), v.maxLength(64)),
  }),
  fitted: fittedSchema,
});

/**
 * Reads a flow of mixed columns.
 * @param name - What messages call the file.
 * @throws {@link FormatError} if it is damaged.
 */
export function readColumnsCore(container: Container, name: string): ColumnsCore {
  const found = checkedHeader(header, container, name);
  const { precision, fitted } = found;
  const all = [...found.given, ...found.columns];
  const damaged = (why: string): FormatError => new FormatError(`${name} is damaged: ${why}.`);
  if (
    found.schema.columns.length !== all.length ||
    found.schema.columns.some((own, i) => own.name !== all[i]) ||
    found.density.columns.length !== found.columns.length ||
    found.density.given.length !== found.given.length
  )
    throw damaged("its schema and its density do not have its columns");
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
    if (error instanceof PushforwardError) throw damaged(error.message.replace(/\.$/, ""));
    throw damaged(`its density cannot be made (${(error as Error).message})`);
  }
  return new ColumnsCore({
    columns: schema.columns.slice(found.given.length),
    given: schema.columns.slice(0, found.given.length),
    model: {
      density,
      precision,
      values: valuesOf(flattenTree(density.parameters), container, precision, name),
    },
    fitted,
  });
}
