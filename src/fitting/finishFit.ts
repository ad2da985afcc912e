/**
 * The end of every fit: a model measured on the rows that it came from.
 *
 * @module
 */

import { loadParts } from "../models/files/modelFile.ts";
import { flowOfModel } from "../models/flow.ts";
import type { FittedDescription, Model } from "../models/model.ts";
import { type FitData, type FitRows, joinedRows, partOf } from "./fitData.ts";
import type { FitOptions, FitProgress } from "./fitOptions.ts";
import type { FitReport, FitResult } from "./fitReport.ts";
import { onSimplex } from "./logRatios.ts";
import { weightedMean } from "./rowWeights.ts";

/** Rows that are measured at once. */
const measuredRows = 2 ** 16;

/** What a method of fitting gives; warnings are collected by who calls it. */
export interface FinishedFit extends Pick<FitResult, "flow"> {
  readonly report: Omit<FitReport, "warnings">;
}

/** Measures a fitted model on its rows and wraps it up. */
export async function finishFit(
  model: Model,
  data: FitData,
  options: FitOptions,
  {
    history,
    epochs,
    interrupted = false,
  }: { readonly history: readonly FitProgress[]; readonly epochs: number; readonly interrupted?: boolean },
): Promise<FinishedFit> {
  // A flow is saved without waiting, and read back to see that it can be.
  await loadParts(model);
  const measured = await flowOfModel(model);
  const how = {
    engine: options.engine,
    threads: options.threads,
    wide: options.wide,
    signal: options.signal,
  };
  const measure = async (rows: FitRows): Promise<number> => {
    const scores = new Float64Array(rows.rows);
    // Some at a time: they are copied on their way.
    for (let from = 0; from < rows.rows; from += measuredRows) {
      const part = partOf(rows, data, from, Math.min(rows.rows, from + measuredRows));
      scores.set(await measured.logProb(joinedRows(part, data), how), from);
    }
    return weightedMean(scores, rows.weights) + rows.logAbsDet;
  };
  const trainLogProb = await measure(data.train);
  const validationLogProb = data.validation ? await measure(data.validation) : trainLogProb;
  const { digest, simplex, tableColumns, tableRows } = data;
  const finished: Model = {
    ...model,
    fitted: {
      ...model.fitted,
      epochs,
      trainLogProb,
      validationLogProb,
      grids: [],
      ...(tableRows === undefined ? {} : { tableRows }),
      digest,
      ...keptOf(options),
    },
  };
  const whole = simplex ? onSimplex(finished, simplex, tableColumns) : finished;
  if (simplex) await loadParts(whole);
  const flow = await flowOfModel(whole);
  return {
    flow,
    report: {
      columns: tableColumns,
      given: data.given,
      rows: data.rows,
      heldOut: data.validation?.rows ?? 0,
      dropped: data.dropped,
      leftOut: data.leftOut,
      history,
      trainLogProb,
      validationLogProb,
      epochs,
      stillImproving: false,
      parameters: flow.parameterCount,
      interrupted,
    },
  };
}

/** The columns that are carried along, for the model; nothing where there are none. */
export function keptOf({ keep }: FitOptions): Pick<FittedDescription, "keep"> {
  return keep !== undefined && keep.length > 0 ? { keep } : {};
}

/** Values under names with a prefix. */
export function withPrefix(
  prefix: string,
  values: Readonly<Record<string, Float64Array>>,
): Record<string, Float64Array> {
  return Object.fromEntries(Object.entries(values).map(([name, data]) => [prefix + name, data]));
}
