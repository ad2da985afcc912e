/**
 * A flow of angles: a flow of numbers that says which of them are the same, and draws them in one turn.
 *
 * @module
 */

import * as v from "valibot";
import { damaged } from "../../errors.ts";
import type { ColumnSchema, TableSchema } from "../../tables/schema/columnSchema.ts";
import type { Table } from "../../tables/table.ts";
import type { SampleOptions } from "../flowOptions.ts";
import type { Model } from "../model.ts";
import { BijectionCore } from "./bijectionCore.ts";
import type { FlowDescription, SampleWithLogProb } from "./flowCore.ts";

const finite = v.pipe(v.number(), v.finite());
const use = v.literal("fit");
const columnsOfFile = v.array(
  v.variant("kind", [
    v.object({
      name: v.string(),
      kind: v.literal("angle"),
      use,
      lower: v.optional(finite),
      period: v.pipe(finite, v.gtValue(0)),
    }),
    v.object({ name: v.string(), kind: v.literal("continuous"), use }),
  ]),
);

/**
 * What the columns are of a model whose file does not say it: angles, as its preparation makes radians of them; without one they are in
 * radians, from -pi to pi.
 */
function columnsOfPreparation({ columns, given, values }: Model): readonly ColumnSchema[] {
  const [means, scales] = [values["preparation.1.mean"], values["preparation.1.scale"]];
  // The scale was a period over 2 pi: fifteen digits are those of the period.
  const short = (value: number): number => Number(value.toPrecision(15));
  return [
    ...given.map((name) => ({ name, kind: "continuous", use: "fit" }) as const),
    ...columns.map((name, i) => {
      const half = Math.PI * (scales?.[i] ?? 1);
      const lower = short((means?.[i] ?? 0) - half);
      return { name, kind: "angle", use: "fit", lower, period: short(2 * half) } as const;
    }),
  ];
}

/**
 * What evaluates a model of angles.
 * @param name - What messages call its file.
 * @throws FormatError if its schema is not that of its columns.
 */
export function circularCore(model: Model, name: string): CircularCore {
  const columns = model.schema?.columns ?? columnsOfPreparation(model);
  const names = [...model.given, ...model.columns];
  if (
    !v.is(columnsOfFile, columns) ||
    columns.length !== names.length ||
    columns.some((column, i) => column.name !== names[i])
  )
    throw damaged(name, "its schema is not that of its columns", "angles and numbers", "other columns");
  return new CircularCore(model, { columns });
}

/** See the head of this file. */
export class CircularCore extends BijectionCore {
  readonly #schema: TableSchema;

  constructor(model: Model, schema: TableSchema) {
    super(model);
    this.#schema = schema;
  }

  override get description(): FlowDescription {
    return { ...super.description, schema: this.#schema };
  }

  override async sample(n: number, options: SampleOptions): Promise<Table> {
    return this.#inTurns(await super.sample(n, options));
  }

  override async sampleWithLogProb(n: number, options: SampleOptions): Promise<SampleWithLogProb> {
    const { table, logProb } = await super.sampleWithLogProb(n, options);
    return { table: this.#inTurns(table), logProb };
  }

  /** A table of its columns with each angle in its turn, from where that begins to below its end. */
  #inTurns(table: Table): Table {
    const { columns } = this.#schema;
    const values = table.values.map((value, i) => {
      const { lower = 0, period } = columns[i % columns.length]!;
      if (period === undefined) return value;
      const inTurn = value - period * Math.floor((value - lower) / period);
      // What is below the turn by less than the last digit is rounded to its end.
      return inTurn < lower + period ? inTurn : lower;
    });
    return { ...table, values };
  }
}
