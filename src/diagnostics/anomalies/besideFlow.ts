/**
 * The rows of a table, held against rows that a flow draws, and against its density.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { FittedRows } from "../../models/batches/fittedRows.ts";
import type { Flow } from "../../models/flow.ts";
import { RandomStream, split } from "../../random/philox.ts";
import { countingRows } from "../../tables/batches/rowNumbers.ts";
import type { TableBatches } from "../../tables/batches/tableBatches.ts";
import type { Anomalies, AnomaliesOptions, Anomaly } from "./anomalies.ts";
import { anomalyRows, rankingOf } from "./anomalyRows.ts";
import { discoveries, splitConformal } from "./conformal.ts";
import { preparedJudge } from "./flowJudge.ts";
import type { RowStrangeness } from "./neighbours.ts";

/** Options of a table alone. */
const ofTable = ["columns", "exclude", "kinds", "schema", "folds", "trim", "logProb"] as const;

/** Rows of a table, held against rows that a flow draws, and against its density. */
export async function besideFlow(
  flow: Flow,
  batches: TableBatches,
  options: AnomaliesOptions,
): Promise<Anomalies> {
  const { calibration, fdr, signal, onWarning } = options;
  const tableOption = ofTable.find((name) => options[name] !== undefined);
  if (tableOption !== undefined)
    throw new UsageError({
      where: "anomalies",
      problem: `${tableOption} means nothing beside a flow, which has its own columns and has seen its rows`,
      expected: `no ${tableOption}`,
      received: "both",
      remedy: `leave ${tableOption} out`,
    });
  const { schema, key, judge, calibrationScores } = await preparedJudge(flow, options);
  const scores = new Float64Array(batches.rows);
  const strangeness: { readonly byRow: readonly RowStrangeness[]; readonly logProb: Float64Array }[] = [];
  const fitted = new FittedRows(flow);
  let impossible = "";
  let impossibleRows = 0;
  for await (const batch of batches) {
    const { rowsBefore = 0 } = batch;
    const rows = await countingRows(batch, async () => {
      await fitted.add(batch, signal);
      return await judge.rows(batch);
    });
    scores.set(rows.scores, rowsBefore);
    strangeness.push(rows);
    const count = rows.logProb.filter((value) => value === Number.NEGATIVE_INFINITY).length;
    if (impossibleRows === 0 && count > 0) {
      const [first] = await flow.impossibleRows(batch, { missing: "empty", signal });
      impossible = `the first is row ${rowsBefore + first!.row}: ${first!.reason}`;
    }
    impossibleRows += count;
  }
  if (fitted.areThose)
    onWarning?.("the flow was fitted to these very rows: what is strange in them may be ordinary to it");
  if (impossibleRows > 0)
    onWarning?.(
      `${impossibleRows} of ${batches.rows} rows cannot be by the flow, with log-density minus infinity; ${impossible}`,
    );
  const pValues = splitConformal(scores, calibrationScores, new RandomStream(split(key, "ties")));
  const isDiscovery = fdr === undefined ? undefined : discoveries(pValues, fdr);
  let rowsBefore = 0;
  const rows = strangeness.flatMap(({ byRow, logProb }) => {
    const from = rowsBefore;
    rowsBefore += byRow.length;
    const places = [from, rowsBefore] as const;
    return anomalyRows(schema, byRow, scores.subarray(...places), pValues.subarray(...places), logProb).map(
      (anomaly, i): Anomaly => ({
        ...anomaly,
        row: from + anomaly.row,
        ...(isDiscovery ? { isDiscovery: isDiscovery[from + i]! } : {}),
      }),
    );
  });
  return {
    rows,
    ranking: rankingOf(rows),
    columns: flow.columns,
    measures: flow.description.measures,
    against: calibration ? "calibration" : "drawn",
    calibrationRows: calibrationScores.length,
    ...(isDiscovery ? { discoveries: isDiscovery.filter(Boolean).length } : {}),
  };
}
