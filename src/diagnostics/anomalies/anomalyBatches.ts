/**
 * The rows of a table in batches, held against rows that a flow draws, and against its density.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { FittedRows } from "../../models/batches/fittedRows.ts";
import type { Flow } from "../../models/flow.ts";
import { checkedOptions, refuse } from "../../options.ts";
import { RandomStream, split } from "../../random/philox.ts";
import { checkBatches } from "../../tables/batches/checkBatches.ts";
import { countingRows } from "../../tables/batches/rowNumbers.ts";
import type { TableBatches } from "../../tables/batches/tableBatches.ts";
import type { Anomalies, AnomaliesOptions, Anomaly } from "./anomalies.ts";
import { anomaliesOptionTable } from "./anomaliesOptions.ts";
import { anomalyRows } from "./anomalyRows.ts";
import { RejectionBound, splitConformal } from "./conformal.ts";
import { type PreparedJudge, preparedJudge } from "./flowJudge.ts";

/** Options of a table alone. */
const ofTable = ["columns", "exclude", "kinds", "schema", "folds", "trim", "logProb"] as const;

/** What {@link anomalyBatches} gives. */
export interface AnomalyBatches
  extends AsyncIterable<readonly Anomaly[]>,
    Pick<Anomalies, "columns" | "measures" | "bound" | "against" | "calibrationRows"> {
  /**
   * After the last batch, where `fdr` asks for it: rows with a p-value of at most this are the discoveries; below 0 where there are none.
   */
  readonly discoveryBound: number | undefined;
}

/**
 * How strange the rows of a table are by a flow, batch by batch: what `anomalies(flow, table)` says of each, in their order, of which one
 * batch is in memory. What should be known of the result is told once, after the last batch of the first loop; each loop over the batches
 * scores them anew. Rows are discoveries by all p-values, so that it is known after a loop which are: of up to a million rows as `anomalies`
 * has them, of more with p-values rounded up to a millionth, for which the rate holds as well.
 *
 * @throws As `anomalies`, some of it while the batches are asked for.
 * @example
 * const found = await anomalyBatches(flow, await readBatches("events.parquet"));
 * for await (const rows of found) for (const { row, pValue } of rows) if (pValue < 1e-3) console.log(row);
 */
export async function anomalyBatches(
  flow: Flow,
  batches: TableBatches,
  options: AnomaliesOptions = {},
): Promise<AnomalyBatches> {
  if (typeof (flow as Partial<Flow> | null | undefined)?.logProb !== "function")
    refuse("anomalyBatches", "flow", "a flow as `fit` and `load` give it", flow);
  checkBatches("anomalyBatches", batches);
  const checked = checkedOptions("anomalyBatches", options, anomaliesOptionTable);
  const tableOption = ofTable.find((name) => checked[name] !== undefined);
  if (tableOption !== undefined)
    throw new UsageError({
      where: "anomalies",
      problem: `${tableOption} means nothing beside a flow, which has its own columns and has seen its rows`,
      expected: `no ${tableOption}`,
      received: "both",
      remedy: `leave ${tableOption} out`,
    });
  return new JudgedBatches(flow, batches, checked, await preparedJudge(flow, checked));
}

class JudgedBatches implements AnomalyBatches {
  readonly columns: Anomalies["columns"];
  readonly measures: Anomalies["measures"];
  readonly bound: Anomalies["bound"];
  readonly against: Anomalies["against"];
  readonly calibrationRows: number;
  discoveryBound: number | undefined;
  readonly #flow: Flow;
  readonly #batches: TableBatches;
  readonly #options: AnomaliesOptions;
  readonly #prepared: PreparedJudge;
  #wasTold = false;

  constructor(flow: Flow, batches: TableBatches, options: AnomaliesOptions, prepared: PreparedJudge) {
    this.#flow = flow;
    this.#batches = batches;
    this.#options = options;
    this.#prepared = prepared;
    this.columns = flow.columns;
    this.measures = flow.description.measures;
    this.bound = flow.description.bound;
    this.against = options.calibration ? "calibration" : "drawn";
    this.calibrationRows = prepared.calibrationScores.length;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Anomaly[], void> {
    const { fdr, signal } = this.#options;
    const { schema, key, judge, calibrationScores } = this.#prepared;
    const ties = new RandomStream(split(key, "ties"));
    const bound = fdr === undefined ? undefined : new RejectionBound(this.#batches.rows, fdr);
    const fitted = new FittedRows(this.#flow);
    let [impossible, impossibleRows] = ["", 0];
    for await (const batch of this.#batches) {
      const { rowsBefore = 0 } = batch;
      const { byRow, scores, logProb } = await countingRows(batch, async () => {
        await fitted.add(batch, signal);
        return await judge.rows(batch);
      });
      const count = logProb.filter((value) => value === Number.NEGATIVE_INFINITY).length;
      if (impossibleRows === 0 && count > 0) {
        const [first] = await this.#flow.impossibleRows(batch, { missing: "empty", signal });
        impossible = `the first is row ${rowsBefore + first!.row}: ${first!.reason}`;
      }
      impossibleRows += count;
      const pValues = splitConformal(scores, calibrationScores, ties);
      bound?.add(pValues);
      yield anomalyRows(schema, byRow, scores, pValues, logProb).map((anomaly) => ({
        ...anomaly,
        row: rowsBefore + anomaly.row,
      }));
    }
    this.discoveryBound = bound?.value();
    if (!this.#wasTold) this.#tell(fitted.areThose, impossibleRows, impossible);
    this.#wasTold = true;
  }

  #tell(wereFitted: boolean, impossibleRows: number, impossible: string): void {
    const { onWarning } = this.#options;
    if (wereFitted)
      onWarning?.("the flow was fitted to these very rows: what is strange in them may be ordinary to it");
    if (impossibleRows > 0)
      onWarning?.(
        `${impossibleRows} of ${this.#batches.rows} rows cannot be by the flow, with log-density minus infinity; ${impossible}`,
      );
  }
}

/** All of it at once. */
export async function besideFlow(
  flow: Flow,
  batches: TableBatches,
  options: AnomaliesOptions,
): Promise<Omit<Anomalies, "ranking">> {
  const found = await anomalyBatches(flow, batches, options);
  const parts: (readonly Anomaly[])[] = [];
  for await (const part of found) parts.push(part);
  const { columns, measures, bound, against, calibrationRows, discoveryBound } = found;
  const rows = parts.flat();
  const facts = { columns, measures, ...(bound ? { bound } : {}), against, calibrationRows };
  if (discoveryBound === undefined) return { rows, ...facts };
  const marked = rows.map((row) => ({ ...row, isDiscovery: row.pValue <= discoveryBound }));
  return { rows: marked, ...facts, discoveries: marked.filter(({ isDiscovery }) => isDiscovery).length };
}
