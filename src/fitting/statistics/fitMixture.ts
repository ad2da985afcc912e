/**
 * A mixture of Gaussians as a flow: the density that needs no network, and hard to beat on small tables.
 *
 * @module
 */

import { permutation } from "../../bijections/linear/permutation.ts";
import { gaussianMixture } from "../../distributions/gaussianMixture.ts";
import { DataError } from "../../errors.ts";
import type { ParameterValues } from "../../models/parameters.ts";
import { split } from "../../random/philox.ts";
import { type Table, tableFromRows } from "../../tables/table.ts";
import type { FinishedFit } from "../finishFit.ts";
import type { FitOptions, FitProgress } from "../fitOptions.ts";
import { weightedMean } from "../rowWeights.ts";
import { drawnRows, statisticalFit } from "../statisticalFit.ts";
import { chooseGaussianMixture, defaultComponents, finalists } from "./gaussianMixture.ts";
import type { GaussianMixture } from "./mixtureDensity.ts";

/** Numbers of components in a row without a better BIC after which no more are tried. */
const patience = 3;

/**
 * Rows that EM sees at most; fewer with many columns, where a step costs their square. More would cost minutes and move
 * no component.
 */
const mostRows = (features: number): number =>
  Math.min(20_000, Math.max(2_000, Math.floor(1e6 / features ** 2)));

/**
 * Rows a component must have, for each column and two more: of fewer, a covariance may be singular, and BIC is fooled by
 * the likelihood of a component that has collapsed.
 */
const rowsAColumn = 3;

/**
 * Fits mixtures of Gaussians with full covariances by expectation-maximization and keeps the one of the smallest BIC: of
 * 1 to 24 components, but no more than one for each 3 (columns + 2) rows, and none after three in a row that are worse.
 * EM sees 20,000 rows at most, drawn by the seed, and with more than 7 columns 1,000,000 / columns^2 (but 2,000); a step
 * costs O(rows components columns^2). The base of the flow is the mixture, its bijection the identity; in the
 * history, an `epoch` is a number of components that was tried, and then one that was gone on with. With `components`
 * there is exactly that number.
 * @throws DataError for data that cannot be used, or too few rows for `components`; AbortedError if the signal fires.
 */
export function fitMixture(table: Table, options: FitOptions): Promise<FinishedFit> {
  return statisticalFit("mixture", table, options, async ({ columns, train, validation, key, logAbsDet }) => {
    const features = columns.length;
    const drawn = drawnRows(train, mostRows(features), features, split(key, "rows"));
    const rows = tableFromRows(columns, drawn.data);
    const heldOut = validation && tableFromRows(columns, validation.data);
    const most = Math.max(1, Math.floor(drawn.rows / (rowsAColumn * (features + 2))));
    const { components } = options;
    if (components !== undefined && components > most)
      throw new DataError({
        where: "fit",
        problem: `${components} Gaussians of ${features} columns need ${components * rowsAColumn * (features + 2)} rows, there are ${drawn.rows}`,
        expected: `at most ${most} components`,
        received: `${components}`,
        remedy: `give at most ${most}`,
      });
    const tried =
      components === undefined ? defaultComponents.filter((count) => count <= most) : [components];
    const epochs = tried.length + Math.min(tried.length, finalists) + 1;
    const history: FitProgress[] = [];
    let best: { readonly bic: number; readonly epoch: number } | undefined;
    const mixture = await chooseGaussianMixture(rows, {
      components: tried,
      patience,
      weights: drawn.weights,
      seed: key.k0,
      signal: options.signal,
      onProgress({ bic, mixture }) {
        const epoch = history.length + 1;
        if (!best || bic < best.bic) best = { bic, epoch };
        const progress = {
          epoch,
          epochs,
          step: epoch,
          steps: epochs,
          trainLogProb: mixture.trainLogProb + logAbsDet,
          validationLogProb:
            (heldOut ? weightedMean(mixture.logProb(heldOut), validation.weights) : mixture.trainLogProb) +
            logAbsDet,
          bestEpoch: best.epoch,
        };
        history.push(progress);
        options.onProgress?.(progress);
      },
    });
    return {
      bijection: permutation(columns.map((_, i) => i)),
      values: {},
      base: {
        distribution: gaussianMixture({ features, components: mixture.components }),
        values: mixtureValues(mixture),
      },
      steps: history.length,
      history,
    };
  });
}

/** The values of the distribution `gaussianMixture` that is this mixture. */
export function mixtureValues(mixture: GaussianMixture): ParameterValues {
  const width = mixture.columns.length;
  return {
    logWeight: Float64Array.from(mixture.weights, Math.log),
    mean: Float64Array.from(mixture.means.flat()),
    factor: Float64Array.from(
      mixture.factors.flatMap((factor) => {
        const triangle: number[] = [];
        for (let i = 0; i < width; i++)
          for (let j = 0; j <= i; j++)
            triangle.push(i === j ? Math.log(factor[i * width + i]!) : factor[i * width + j]!);
        return triangle;
      }),
    ),
  };
}
