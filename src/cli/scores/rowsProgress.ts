/**
 * How many rows are done, and when the others will be: on standard error, one line that is written over on a terminal, and a line now and
 * then elsewhere.
 *
 * @module
 */

import type { FirstPass, TableBatches } from "../../entries/tables.ts";
import type { Table } from "../../index.ts";
import { formatCount, formatSeconds } from "../output.ts";

/** Seconds before the first line: what is done sooner needs none. */
const patience = 5;
/** Seconds between two lines. */
const intervals = { terminal: 0.5, elsewhere: 30 };

/** How much of how much, in words. */
type Measure = (done: number, total: number) => string;

const inRows: Measure = (done, total) => `${formatCount(done)} of ${formatCount(total)} rows`;

/** Bytes are those of the pass that comes before all others. */
const inBytes: Measure = (done, total) =>
  `reading what the columns are: ${megabytes(done)} of ${megabytes(total)} MB`;

const megabytes = (bytes: number): string =>
  bytes < 1e7 ? (bytes / 1e6).toFixed(1) : formatCount(Math.round(bytes / 1e6));

/** Counts rows, or what else a measure says. */
export class RowsProgress {
  readonly #total: number;
  readonly #measure: Measure;
  readonly #write: (text: string) => void;
  readonly #isTerminal: boolean;
  #done = 0;
  /** What was done, and seconds, at the first count: what comes before may be of another pace, as rows that are skipped. */
  #start: { readonly done: number; readonly seconds: number } | undefined;
  #next = patience;
  #isShown = false;

  constructor(
    total: number,
    write: (text: string) => void = (text) => void process.stderr.write(text),
    isTerminal: boolean = process.stderr.isTTY === true,
    measure: Measure = inRows,
  ) {
    this.#total = total;
    this.#measure = measure;
    this.#write = write;
    this.#isTerminal = isTerminal;
  }

  /** Counts further ones. */
  add(count: number): void {
    this.#done += count;
    const now = performance.now() / 1000;
    this.#start ??= { done: this.#done, seconds: now };
    const seconds = now - this.#start.seconds;
    if (seconds < this.#next || this.#done >= this.#total) return;
    this.#next = seconds + (this.#isTerminal ? intervals.terminal : intervals.elsewhere);
    const left = (seconds * (this.#total - this.#done)) / (this.#done - this.#start.done);
    const share = Math.floor((100 * this.#done) / this.#total);
    const line = `${this.#measure(this.#done, this.#total)} (${share} %), ${formatSeconds(left)} left`;
    this.#write(this.#isTerminal ? `\r\u001b[K${line}` : `${line}\n`);
    this.#isShown = true;
  }

  /** Takes the line away. */
  end(): void {
    if (this.#isShown && this.#isTerminal) this.#write("\r\u001b[K");
  }
}

/** Counts the bytes of the pass that finds out what the columns of a table are: `onFirstPass` of `readBatches`. */
export function firstPassProgress(): (read: FirstPass) => void {
  let progress: RowsProgress | undefined;
  let before = 0;
  return ({ bytes, totalBytes }) => {
    progress ??= new RowsProgress(totalBytes, undefined, undefined, inBytes);
    progress.add(bytes - before);
    before = bytes;
    if (bytes === totalBytes) progress.end();
  };
}

/** A table whose rows are counted in each pass over it, whoever goes through it: a batch when the next one is asked for. */
export function countedBatches(batches: TableBatches): TableBatches {
  const { rows, from } = batches;
  async function* counted(pass: AsyncIterable<Table>): AsyncGenerator<Table> {
    const progress = new RowsProgress(rows);
    let done = 0;
    try {
      for await (const batch of pass) {
        yield batch;
        const { rowsBefore = 0 } = batch;
        progress.add(rowsBefore + batch.rows - done);
        done = rowsBefore + batch.rows;
      }
    } finally {
      progress.end();
    }
  }
  return {
    ...batches,
    [Symbol.asyncIterator]: () => counted(batches),
    ...(from ? { from: (row) => counted(from(row)) } : {}),
  };
}

/** Tables that make up so many rows, counted as they are asked for. */
export async function* countedTables(tables: AsyncIterable<Table>, rows: number): AsyncGenerator<Table> {
  const progress = new RowsProgress(rows);
  try {
    for await (const table of tables) {
      yield table;
      progress.add(table.rows);
    }
  } finally {
    progress.end();
  }
}
