/**
 * Scores of a table that comes in batches.
 *
 * @module
 */

import { checkedOptions, flag, refuse } from "../../options.ts";
import { checkBatches } from "../../tables/batches/checkBatches.ts";
import { countingRows } from "../../tables/batches/rowNumbers.ts";
import type { TableBatches } from "../../tables/batches/tableBatches.ts";
import { pickRows } from "../../tables/picks.ts";
import { cellColumns, type Table } from "../../tables/table.ts";
import type { Flow } from "../flow.ts";
import { type LogProbOptions, logProbOptionTable } from "../flowOptions.ts";
import type { Contributions } from "../scores/contributions.ts";
import { mergedNotes, noteLine, type ScoreListener, type ScoreNote } from "../scores/scoreNotes.ts";
import { FittedRows } from "./fittedRows.ts";

/** Options of {@link scoreBatches}. */
export interface ScoreBatchesOptions extends LogProbOptions {
  /** Whether scores are taken apart by column, as `flow.contributions` does (default false). */
  readonly byColumn?: boolean | undefined;
}

/** A batch with its scores. */
export interface ScoredBatch {
  /** The batch. */
  readonly table: Table;
  /** What `flow.logProb` gives of its rows. */
  readonly logProb: Float64Array;
  /** What `flow.contributions` gives of them, if it is asked for. */
  readonly contributions?: Contributions | undefined;
}

/** The batches of a table with their scores, one after the other. */
export interface BatchScores extends AsyncIterable<ScoredBatch> {
  /** After the last batch, whether the rows of all are those that the flow was fitted to; see `Flow.wasFittedTo`. */
  readonly wereFitted: boolean;
}

/**
 * Log-densities of a table in batches: of each batch what `flow.logProb` gives. A score does not depend on where the table is cut. What
 * should be known of the scores is told once, after the last batch, and rows are counted through all batches. A batch is scored when it
 * is asked for, so that one alone is in memory.
 *
 * @param batches - As `readBatches` and `batchesOf` give them.
 * @throws As `flow.logProb` and `flow.contributions`, while the batches are asked for.
 * @example
 * for await (const { table, logProb } of scoreBatches(flow, await readBatches("events.parquet")))
 *   console.log(table.rows, logProb[0]);
 */
export function scoreBatches(
  flow: Flow,
  batches: TableBatches,
  options: ScoreBatchesOptions = {},
): BatchScores {
  if (typeof (flow as Partial<Flow> | null | undefined)?.logProb !== "function")
    refuse("scoreBatches", "flow", "a flow as `fit` and `load` give it", flow);
  checkBatches("scoreBatches", batches);
  const optionTable = { ...logProbOptionTable, byColumn: flag };
  const { byColumn = false, ...how } = checkedOptions("scoreBatches", options, optionTable);
  return new FlowScores(flow, batches, byColumn, how);
}

class FlowScores implements BatchScores {
  wereFitted = false;
  readonly #flow: Flow;
  readonly #batches: TableBatches;
  readonly #byColumn: boolean;
  readonly #how: LogProbOptions;

  constructor(flow: Flow, batches: TableBatches, byColumn: boolean, how: LogProbOptions) {
    this.#flow = flow;
    this.#batches = batches;
    this.#byColumn = byColumn;
    this.#how = how;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ScoredBatch, void> {
    const { onWarning, given, signal } = this.#how;
    const notes: ScoreNote[] = [];
    const digest = given === undefined ? new FittedRows(this.#flow) : undefined;
    for await (const table of this.#batches) {
      const scores = await countingRows(table, async () => {
        await digest?.add(table, signal);
        return await this.#score(table, notes);
      });
      yield { table, ...scores };
    }
    const columns = [...this.#flow.given, ...this.#flow.columns];
    for (const note of mergedNotes(notes, columns)) onWarning?.(noteLine(note));
    this.wereFitted = digest?.areThose ?? false;
  }

  async #score(table: Table, notes: ScoreNote[]): Promise<Omit<ScoredBatch, "table">> {
    const { rowsBefore = 0 } = table;
    const flow = this.#flow;
    const listen: ScoreListener = (_, note) =>
      notes.push(note.kind === "unseen" ? { ...note, row: note.row + rowsBefore } : note);
    const how = { ...this.#how, onWarning: listen as (line: string) => void };
    if (!this.#byColumn) return { logProb: await flow.logProb(table, how) };
    const { missing = "marginal", given } = how;
    const isSummedOut = missing === "marginal";
    const contributions = await flow.contributions(table, {
      ...how,
      missing: isSummedOut ? "empty" : missing,
    });
    const { logProb } = contributions;
    const rows = isSummedOut && given === undefined ? incompleteRows(flow, table, logProb) : [];
    if (rows.length === 0) return { logProb, contributions };
    // Levels have been told of already.
    const listenToSums: ScoreListener = (line, note) => note.kind === "unseen" || listen(line, note);
    const observed = await flow.logProb(pickRows(table, rows), {
      ...how,
      missing: "marginal",
      onWarning: listenToSums as (line: string) => void,
    });
    const all = logProb.slice();
    rows.forEach((row, i) => {
      all[row] = observed[i]!;
    });
    return { logProb: all, contributions };
  }
}

/** Rows without a score that miss a cell of the flow's columns, and none of those that it is given. */
function incompleteRows(flow: Flow, table: Table, logProb: Float64Array): readonly number[] {
  if (!logProb.some(Number.isNaN)) return [];
  const width = table.columns.length;
  const columns = new Map(cellColumns(table).map((column) => [column.name, column]));
  const misses = (row: number, names: readonly string[]): boolean =>
    names.some((name) => {
      const column = columns.get(name)!;
      return "text" in column
        ? column.text.codes[row]! < 0
        : Number.isNaN(table.values[row * width + column.place]!);
    });
  return Array.from(logProb.keys()).filter(
    (row) => Number.isNaN(logProb[row]) && misses(row, flow.columns) && !misses(row, flow.given),
  );
}
