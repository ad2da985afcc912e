/**
 * The end of every fit: a model measured on the rows that it came from.
 *
 * @module
 */

import { loadParts } from "../models/files/modelFile.ts";
import { Flow } from "../models/flow.ts";
import type { FittedDescription, Model } from "../models/model.ts";
import { type FitData, type FitRows, joinedRows } from "./fitData.ts";
import type { FitOptions, FitProgress } from "./fitOptions.ts";
import type { FitReport, FitResult } from "./fitReport.ts";

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
  const measured = new Flow(model);
  const how = {
    engine: options.engine,
    threads: options.threads,
    wide: options.wide,
    signal: options.signal,
  };
  const measure = async (rows: FitRows): Promise<number> =>
    weightedMean(await measured.logProb(joinedRows(rows, data), how), rows.weights);
  const trainLogProb = await measure(data.train);
  const validationLogProb = data.validation ? await measure(data.validation) : trainLogProb;
  const { digest } = data;
  const flow = new Flow({
    ...model,
    fitted: {
      ...model.fitted,
      epochs,
      trainLogProb,
      validationLogProb,
      grids: [],
      digest,
      ...keptOf(options),
    },
  });
  return {
    flow,
    report: {
      columns: data.columns,
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

/** Mean with weights, or without. */
export function weightedMean(values: Float64Array, weights: Float64Array | undefined): number {
  let sum = 0;
  let total = 0;
  values.forEach((value, i) => {
    const weight = weights?.[i] ?? 1;
    if (weight === 0) return;
    sum += weight * value;
    total += weight;
  });
  return sum / total;
}

/** Values under names with a prefix. */
export function withPrefix(
  prefix: string,
  values: Readonly<Record<string, Float64Array>>,
): Record<string, Float64Array> {
  return Object.fromEntries(Object.entries(values).map(([name, data]) => [prefix + name, data]));
}
