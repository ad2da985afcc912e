/**
 * A flow of shares that sum to a total: a flow of all columns but the last share, which speaks tables that have it.
 *
 * @module
 */

import * as v from "valibot";
import type { Bijection } from "../../bijections/bijection.ts";
import type { Distribution } from "../../distributions/distribution.ts";
import { damaged } from "../../errors.ts";
import { checkMissingScore, completeRows } from "../../tables/completeRows.ts";
import { type Table, tableFromRows } from "../../tables/table.ts";
import { tableDigest } from "../../tables/tableDigest.ts";
import { columnNamesSchema } from "../files/modelContainer.ts";
import type { GivenOptions, LogProbOptions, SampleOptions } from "../flowOptions.ts";
import type { FittedDescription, Model } from "../model.ts";
import { checkedConditions, withConditions } from "../rows/conditions.ts";
import { type RowsLike, rowValues, splitRows } from "../rows/splitRows.ts";
import type { Contributions } from "../scores/contributions.ts";
import type { ImpossibleRow } from "../scores/impossibleCells.ts";
import { BijectionCore } from "./bijectionCore.ts";
import type { FlowCore, FlowDescription, SampleWithLogProb } from "./flowCore.ts";

/** Rows of a flow's own columns, and which of them are on the simplex. */
interface ClosedRows {
  /** Without the last share, row-major, the given columns first; for a row off the simplex a row that is on it. */
  readonly values: Float64Array;
  /** 1 for each row that is on the simplex. */
  readonly inside: Uint8Array;
}

const simplexSchema = v.object({
  shares: v.pipe(columnNamesSchema, v.minLength(2)),
  total: v.pipe(v.number(), v.finite(), v.gtValue(0)),
  tolerance: v.pipe(v.number(), v.finite(), v.minValue(0)),
  step: v.optional(v.pipe(v.number(), v.finite(), v.gtValue(0))),
  columns: columnNamesSchema,
});

/**
 * What evaluates a model of shares.
 * @param name - What messages call its file.
 * @throws FormatError if its shares are not those of its columns.
 */
export function simplexCore(model: Model, name: string): SimplexCore {
  const { columns, given } = model;
  const { success, output } = v.safeParse(simplexSchema, model.simplex);
  const { shares = [], columns: all = [] } = success ? output : {};
  const last = shares.at(-1);
  const others = all.filter((name) => name !== last);
  const isSound =
    success &&
    all.length === columns.length + 1 &&
    new Set(shares).size === shares.length &&
    shares.every((share) => all.includes(share)) &&
    columns.every((column, i) => column === others[i]) &&
    !given.includes(last!);
  if (!isSound)
    throw damaged(
      name,
      "its shares are not those of its columns",
      "shares that sum to a total, and the columns with the last share among them",
      `${all.length} columns, ${shares.length} shares`,
    );
  return new SimplexCore(model);
}

/** See the head of this file. */
export class SimplexCore implements FlowCore {
  readonly #inner: BijectionCore;
  readonly #simplex: NonNullable<Model["simplex"]>;
  /** Where the shares are among the columns, the last one at the end. */
  readonly #places: readonly number[];

  constructor(model: Model) {
    this.#inner = new BijectionCore(model);
    this.#simplex = model.simplex!;
    this.#places = this.#simplex.shares.map((name) => this.#simplex.columns.indexOf(name));
  }

  get columns(): readonly string[] {
    return this.#simplex.columns;
  }

  get given(): readonly string[] {
    return this.#inner.given;
  }

  get fitted(): FittedDescription {
    return this.#inner.fitted;
  }

  get base(): Distribution {
    return this.#inner.base;
  }

  get bijection(): Bijection {
    return this.#inner.bijection;
  }

  get model(): Model {
    return this.#inner.model;
  }

  get parameterCount(): number {
    return this.#inner.parameterCount;
  }

  get steps(): number {
    return this.#inner.steps;
  }

  get description(): FlowDescription {
    const { shares, total, tolerance, step } = this.#simplex;
    const words = `${shares.join(" + ")} = ${total}, density with respect to all columns but ${shares.at(-1)}`;
    const simplex = { shares, total, tolerance, ...(step === undefined ? {} : { step }), words };
    return { ...this.#inner.description, columns: this.columns, simplex };
  }

  at(t: number): SimplexCore {
    return new SimplexCore(this.#inner.at(t).model);
  }

  async logProb(
    where: string,
    rows: RowsLike,
    { given, missing, ...how }: LogProbOptions,
  ): Promise<Float64Array> {
    checkMissingScore(missing);
    const all = this.#rowValues(where, rows, given);
    const width = this.given.length + this.columns.length;
    const complete = missing === "empty" || missing === "drop" ? completeRows(all, width) : undefined;
    const { values, inside } = this.#closed(complete?.values ?? all);
    const scores = await this.#inner.logProb(where, values, how);
    inside.forEach((isInside, row) => {
      if (!isInside) scores[row] = Number.NEGATIVE_INFINITY;
    });
    if (!complete || missing === "drop") return scores;
    const out = new Float64Array(all.length / width).fill(Number.NaN);
    complete.rows.forEach((row, i) => {
      out[row] = scores[i]!;
    });
    return out;
  }

  async contributions(): Promise<Contributions> {
    return await this.#inner.contributions();
  }

  async impossibleRows(rows: RowsLike, options: LogProbOptions): Promise<readonly ImpossibleRow[]> {
    // Places are those of all rows.
    const missing = options.missing === "error" ? "error" : "empty";
    const scores = await this.logProb("impossibleRows", rows, { ...options, missing });
    const { impossibleNumberRows } = await import("../scores/numberRows.ts");
    const values = this.#rowValues("impossibleRows", rows, options.given);
    const { shares, total } = this.#simplex;
    const otherwise = `${shares.join(", ")} are not all above 0 with the sum ${total}`;
    return impossibleNumberRows([...this.given, ...this.columns], values, scores, otherwise);
  }

  async toBase(rows: RowsLike, { given, ...how }: GivenOptions): Promise<Float64Array> {
    const { values, inside } = this.#closed(this.#rowValues("toBase", rows, given));
    const out = await this.#inner.toBase(values, how);
    const width = this.columns.length - 1;
    inside.forEach((isInside, row) => {
      if (!isInside) out.fill(Number.NaN, row * width, (row + 1) * width);
    });
    return out;
  }

  async toData(points: Exclude<RowsLike, Table>, options: GivenOptions): Promise<Float64Array> {
    return this.#withLast(await this.#inner.toData(points, options), 0);
  }

  async sample(n: number, options: SampleOptions): Promise<Table> {
    const table = this.#tableOf(await this.#inner.sample(n, options));
    const { step } = this.#simplex;
    if (step !== undefined && !options.continuous) this.#roundShares(table.values, step);
    return table;
  }

  async sampleWithLogProb(n: number, options: SampleOptions): Promise<SampleWithLogProb> {
    const { table, logProb } = await this.#inner.sampleWithLogProb(n, options);
    return { table: this.#tableOf(table), logProb };
  }

  async questions(where: string): Promise<never> {
    return await this.#inner.questions(where);
  }

  digestOf(table: Table): string {
    return tableDigest(table, [...this.given, ...this.columns]);
  }

  toBytes(): Uint8Array {
    return this.#inner.toBytes();
  }

  /** Rows as numbers, the given columns first. */
  #rowValues(where: string, rows: RowsLike, given: LogProbOptions["given"]): Float64Array {
    if (given === undefined) return rowValues(where, [...this.given, ...this.columns], rows);
    const data = rowValues(where, this.columns, rows);
    const count = data.length / this.columns.length;
    return withConditions(data, checkedConditions(where, this.given, count, given), count);
  }

  /** Rows without the last share; each is closed, as those of the fit were. */
  #closed(values: Float64Array): ClosedRows {
    // Refuses what is missing, or is given and not finite.
    splitRows({ columns: this.columns, given: this.given }, values);
    const { total, tolerance } = this.#simplex;
    const start = this.given.length;
    const width = start + this.columns.length;
    const count = values.length / width;
    const last = start + this.#places.at(-1)!;
    const inside = new Uint8Array(count);
    const out = new Float64Array(count * (width - 1));
    const shares = this.#places.map((place) => start + place);
    for (let row = 0; row < count; row++) {
      const rowShares = values.subarray(row * width, (row + 1) * width);
      const sum = shares.reduce((all, place) => all + rowShares[place]!, 0);
      const isInside = Math.abs(sum - total) <= tolerance && shares.every((place) => rowShares[place]! > 0);
      inside[row] = isInside ? 1 : 0;
      let to = row * (width - 1);
      for (let i = 0; i < width; i++) {
        if (i === last) continue;
        if (!shares.includes(i)) out[to++] = rowShares[i]!;
        else out[to++] = isInside ? (rowShares[i]! * total) / sum : total / shares.length;
      }
    }
    return { values: out, inside };
  }

  /**
   * Rows with the last share in its place. Shares are whole numbers of the last digit that the total has in binary, one at least, so
   * that they sum to the total in whatever order they are added.
   * @param start - Given columns before.
   */
  #withLast(values: Float64Array, start: number): Float64Array {
    const { total } = this.#simplex;
    const digit = 2 ** (Math.floor(Math.log2(total)) - 52);
    const width = start + this.columns.length;
    const count = values.length / (width - 1);
    const last = start + this.#places.at(-1)!;
    const free = this.#places.slice(0, -1).map((place) => start + place);
    const out = new Float64Array(count * width);
    for (let row = 0; row < count; row++) {
      const rowShares = out.subarray(row * width, (row + 1) * width);
      let from = row * (width - 1);
      for (let i = 0; i < width; i++) if (i !== last) rowShares[i] = values[from++]!;
      for (const place of free) rowShares[place] = digit * Math.max(1, Math.round(rowShares[place]! / digit));
      rowShares[last] = free.reduce((rest, place) => rest - rowShares[place]!, total);
      if (rowShares[last]! >= digit) continue;
      const largest = free.reduce((best, place) => (rowShares[place]! > rowShares[best]! ? place : best));
      rowShares[largest]! -= digit - rowShares[last]!;
      rowShares[last] = digit;
    }
    return out;
  }

  /** Shares as whole numbers of a step, one at least, with the same sum: those that lose most by rounding down are rounded up. */
  #roundShares(values: Float64Array, step: number): void {
    const width = this.given.length + this.columns.length;
    const places = this.#places.map((place) => this.given.length + place);
    const whole = Math.round(this.#simplex.total / step);
    for (let at = 0; at < values.length; at += width) {
      const units = places.map((place) => values[at + place]! / step);
      const rounded = units.map((unit) => Math.max(1, Math.floor(unit)));
      for (let left = whole - rounded.reduce((a, b) => a + b, 0); left !== 0; left -= Math.sign(left)) {
        const gap = (i: number): number => Math.sign(left) * (units[i]! - rounded[i]!);
        const fits = places.map((_, i) => i).filter((i) => left > 0 || rounded[i]! > 1);
        rounded[fits.reduce((best, i) => (gap(i) > gap(best) ? i : best))]! += Math.sign(left);
      }
      places.forEach((place, i) => {
        values[at + place] = Number((rounded[i]! * step).toPrecision(12));
      });
    }
  }

  #tableOf({ values, rows }: Table): Table {
    const names = [...this.given, ...this.columns];
    if (rows === 0) return tableFromRows(names, []);
    return tableFromRows(names, this.#withLast(values, this.given.length));
  }
}
