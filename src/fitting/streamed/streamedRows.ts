/**
 * The rows of a training on a table in batches: a sample that is in memory, and all others, which go to disk as the training sees them.
 *
 * @module
 */

import type { Model } from "../../models/model.ts";
import { checkSignal } from "../../platform/pieces.ts";
import { ScratchFile } from "../../platform/scratchFile.ts";
import { RandomStream, randomKey, split } from "../../random/philox.ts";
import type { SampledRows } from "../../tables/batches/describeBatches.ts";
import type { TableBatches } from "../../tables/batches/tableBatches.ts";
import { pickRows } from "../../tables/picks.ts";
import { column, selectColumns } from "../../tables/table.ts";
import { type FitData, type FitRows, partOf } from "../fitData.ts";
import type { FitOptions } from "../fitOptions.ts";
import type { RowStream, StreamedData } from "../gradient/fitByGradient.ts";
import type { Likelihood } from "../gradient/likelihood.ts";
import type { Rows } from "../gradient/minimize.ts";
import { type EarlyCounts, RowCounts } from "./rowCounts.ts";
import { StoredRows } from "./storedRows.ts";
import { usableBatches, usedColumns } from "./usableRows.ts";

/** Rows of the sample that are prepared at once; of others those of a batch. */
const chunkRows = 2 ** 16;

/** What was gone through. */
export interface StreamFacts {
  readonly rows: number;
  readonly of: number;
  readonly sample: number;
}

/** All rows of a table in batches, for a training by gradient. */
export class StreamedRows implements RowStream {
  readonly #batches: TableBatches;
  readonly #most: number;
  readonly #sample: SampledRows;
  readonly #early: EarlyCounts;
  readonly #options: FitOptions;
  readonly #folder: string | undefined;
  #file: ScratchFile | undefined;
  #data: StreamedData | undefined;
  /** Rows beside the sample that can be used. */
  #others = 0;
  /** Weights are multiplied by it, as those of the sample are. */
  #weightScale = 1;
  #taken = 0;
  /** Rows of the table that can be used. */
  #tableRows = 0;
  /** Whether errors are about rows of the table: those before are about rows of the sample. */
  hasBegun: boolean = false;

  /**
   * @param rows - Rows that are fitted to, at most: the sample and others at random.
   * @param early - What was counted as the sample was drawn.
   * @param folder - Where rows are kept; undefined for that of the system.
   */
  constructor(
    batches: TableBatches,
    rows: number,
    sample: SampledRows,
    early: EarlyCounts,
    options: FitOptions,
    folder: string | undefined,
  ) {
    this.#batches = batches;
    this.#most = rows;
    this.#sample = sample;
    this.#early = early;
    this.#options = options;
    this.#folder = folder;
  }

  get facts(): StreamFacts {
    return { rows: this.#taken, of: this.#data?.streamed ?? 0, sample: this.#sample.table.rows };
  }

  /** Counts the rows of the table, and digests them, unless that is done. */
  async begin(data: FitData): Promise<StreamedData> {
    this.hasBegun = true;
    const { given, tableColumns } = data;
    const columns = { given, columns: tableColumns };
    const counts = this.#early.of(columns) ?? (await this.#counted(new RowCounts(columns, this.#options)));
    if (this.#options.weights !== undefined) this.#weightScale = counts.sampledRows / counts.sampledWeight;
    this.#tableRows = counts.rows;
    this.#others = counts.others;
    const others = Math.min(this.#others, this.#most - this.#sample.table.rows);
    const streamed = data.train.rows + others;
    const { dropped, digest } = counts;
    this.#data = { ...data, dropped, digest, streamed, rows: data.rows + others };
    return this.#data;
  }

  async #counted(counts: RowCounts): Promise<RowCounts> {
    const isSampled = this.#sampled();
    for await (const batch of this.#batches) {
      const { rowsBefore = 0, rows } = batch;
      await counts.add(batch, (row) => isSampled(rowsBefore + row));
      this.#options.onPhase?.({ phase: "rows", done: rowsBefore + rows, total: this.#batches.rows });
    }
    return counts;
  }

  /** Whether a row is in the sample, asked of all that can be, in their order. */
  #sampled(): (row: number) => boolean {
    const { places } = this.#sample;
    let next = 0;
    return (row) => {
      while (places[next]! < row) next++;
      return places[next] === row;
    };
  }

  /** What is fitted where the training goes through so many rows: the sample first, so that those that are scored as trained are. */
  take(data: FitData, trainRows: number): FitData {
    this.#taken = Math.min(this.#data!.streamed, trainRows);
    const rows = this.#taken + (data.validation?.rows ?? 0);
    const tableRows = this.#tableRows;
    return { ...data, rows, ...(rows < tableRows ? { tableRows } : {}) };
  }

  async windows(
    start: Model,
    likelihood: Likelihood,
    size: number,
  ): Promise<(window: number) => Promise<Rows>> {
    const data = this.#data!;
    const { seed = 0, precision } = this.#options;
    const key = split(randomKey(seed), "streamed");
    const layout = layoutOf(data);
    const isDouble = precision === "float64";
    const rows = this.#taken;
    this.#file = ScratchFile.open(this.#folder, rows * layout.width * (isDouble ? 8 : 4));
    const stored = new StoredRows(this.#file, layout.width, isDouble, key);
    const add = async (own: FitRows): Promise<void> => {
      const prepared = await likelihood.prepare(start, own, false);
      stored.add(interleaved(prepared.rows, layout));
      this.#options.onPhase?.({ phase: "rows", done: stored.rows, total: rows });
    };
    const { train } = data;
    for (let from = 0; from < Math.min(train.rows, rows); from += chunkRows)
      await add(partOf(train, data, from, Math.min(rows, train.rows, from + chunkRows)));
    if (stored.rows < rows) await this.#addOthers(data, rows - stored.rows, add);
    return async (window) => {
      const taken = separated(stored.window(window * size, size), layout);
      return likelihood.rowsOfEpoch(taken)?.(window) ?? taken;
    };
  }

  close(): void {
    this.#file?.close();
  }

  /** Adds so many of the rows beside the sample, drawn at random. */
  async #addOthers(data: FitData, rows: number, add: (rows: FitRows) => Promise<void>): Promise<void> {
    const { seed = 0, weights, signal } = this.#options;
    const stream = new RandomStream(split(split(randomKey(seed), "streamed"), "rows"));
    let [wanted, left] = [rows, this.#others];
    const isSampled = this.#sampled();
    for await (const batch of usableBatches(this.#batches, usedColumns(data, weights), this.#options)) {
      checkSignal(signal, "The fit");
      const { table, rowsBefore, isUsable } = batch;
      const others = Array.from({ length: table.rows }, (_, row) => row).filter(
        (row) => isUsable(row) && !isSampled(rowsBefore + row),
      );
      // Each choice of so many rows is as probable as any other (algorithm S, as for the sample).
      const drawn = others.filter(() => {
        if (stream.uniform() * left-- >= wanted) return false;
        wanted--;
        return true;
      });
      if (drawn.length === 0) continue;
      const picked = pickRows(table, drawn);
      const own = weights === undefined ? undefined : column(picked, weights);
      await add({
        rows: drawn.length,
        data: selectColumns(picked, data.columns).values,
        context: data.given.length > 0 ? selectColumns(picked, data.given).values : new Float64Array(0),
        weights: own?.map((weight) => weight * this.#weightScale),
        logAbsDet: 0,
      });
      if (wanted === 0) return;
    }
  }
}

/** Where the numbers of a row are among those that are kept of it. */
interface Layout {
  readonly width: number;
  readonly inputs: readonly { readonly name: string; readonly size: number; readonly at: number }[];
}

function layoutOf({ columns, given, train }: FitData): Layout {
  const sizes = [
    ["data", columns.length],
    ["context", given.length],
    ["weight", train.weights ? 1 : 0],
  ] as const;
  let width = 0;
  const inputs = sizes.flatMap(([name, size]) => {
    const at = width;
    width += size;
    return size > 0 ? [{ name, size, at }] : [];
  });
  return { width, inputs };
}

/** The inputs of rows, a row's numbers side by side. */
function interleaved({ rows, inputs }: Rows, layout: Layout): Float64Array {
  const values = new Float64Array(rows * layout.width);
  for (const { name, size, at } of layout.inputs) {
    const own = inputs[name]!;
    for (let row = 0; row < rows; row++)
      for (let i = 0; i < size; i++) values[row * layout.width + at + i] = own[row * size + i]!;
  }
  return values;
}

function separated(values: Float64Array, layout: Layout): Rows {
  const rows = values.length / layout.width;
  const inputs = layout.inputs.map(({ name, size, at }) => {
    const own = new Float64Array(rows * size);
    for (let row = 0; row < rows; row++)
      for (let i = 0; i < size; i++) own[row * size + i] = values[row * layout.width + at + i]!;
    return [name, own];
  });
  return { rows, inputs: Object.fromEntries(inputs) };
}
