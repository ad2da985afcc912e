/**
 * One call for every kind of model: networks trained by gradient, and statistics.
 *
 * @module
 */

import { isTrained, type ModelKind, modelKinds, type StatisticalKind } from "../architectures/kinds.ts";
import { UsageError } from "../errors.ts";
import { type OptionTable, oneOf } from "../options.ts";
import type { Table } from "../tables/table.ts";
import { fitDualAscent } from "./dualAscent/fitDualAscent.ts";
import {
  checkedFitOptions,
  type FitResult,
  type FitTableOptions,
  fitTableOptionTable,
} from "./fitOptions.ts";
import { fitGaussianization } from "./gaussianization/fitGaussianization.ts";
import { fitTable } from "./gradient/fit.ts";
import type { StatisticalFitOptions } from "./statisticalFit.ts";
import { fitGaussian } from "./statistics/fitGaussian.ts";
import { fitKernelDensity } from "./statistics/fitKernelDensity.ts";
import { fitMixture } from "./statistics/fitMixture.ts";

/** Options of {@link fitFlow}: those of a fit by gradient, with any kind as `flow`. */
export interface FitFlowOptions extends Omit<FitTableOptions, "flow"> {
  /** Default `nsf-ar`. */
  readonly flow?: ModelKind | undefined;
}

/** What each of them may be. */
export const fitFlowOptionTable: OptionTable<FitFlowOptions> = {
  ...fitTableOptionTable,
  flow: oneOf(modelKinds),
};

/** How each kind without gradients is fitted. */
const statisticalFits: Readonly<
  Record<StatisticalKind, (table: Table, options: StatisticalFitOptions) => Promise<FitResult>>
> = {
  gaussian: fitGaussian,
  mixture: fitMixture,
  kde: fitKernelDensity,
  gaussianization: fitGaussianization,
  sliced: (table, options) => fitGaussianization(table, { ...options, rotation: "sliced" }),
  "dual-ascent": fitDualAscent,
};

/** Options that only a training by gradient has. */
const trainingOptions: readonly Exclude<keyof FitTableOptions, "flow">[] = [
  "transforms",
  "hidden",
  "epochs",
  "budget",
  "batch",
  "learningRate",
  "patience",
  "averaging",
  "checkpoint",
  "resume",
  "keepOnAbort",
];

/**
 * Fits a model of any kind to a table: what `pushforward fit --flow KIND` does.
 * @throws {@link UsageError} for an unknown kind, or an option that means nothing for the kind; as the kind's own fit
 *   otherwise.
 * @example const { flow } = await fitFlow(table, { flow: "mixture", seed: 1 });
 */
export async function fitFlow(table: Table, options: FitFlowOptions = {}): Promise<FitResult> {
  const checked = checkedFitOptions("fitFlow", table, options, fitFlowOptionTable);
  const { flow: kind = "nsf-ar", ...rest } = checked;
  if (isTrained(kind)) return await fitTable(table, { ...rest, flow: kind });
  const idle = trainingOptions.find((name) => rest[name] !== undefined && rest[name] !== false);
  if (idle !== undefined)
    throw new UsageError(
      `${idle} means nothing for ${kind}, which is fitted without gradients; leave it out.`,
    );
  const used = Object.entries(rest).filter(([name]) => !trainingOptions.includes(name as keyof typeof rest));
  return await statisticalFits[kind](table, Object.fromEntries(used));
}
