/**
 * The Gaussian with the mean and the full covariance of the rows: the least that a density should beat.
 *
 * @module
 */

import { triangularAffine } from "../../bijections/linear/triangularAffine.ts";
import type { Table } from "../../tables/table.ts";
import type { FinishedFit } from "../finishFit.ts";
import type { FitOptions } from "../fitOptions.ts";
import { fitWhitening } from "../preparation/preparation.ts";
import { statisticalFit } from "../statisticalFit.ts";

/**
 * Fits a Gaussian by maximum likelihood: a standard normal base, pushed forward by the Cholesky factor of the
 * covariance. O(rows features^2).
 *
 * A billionth of each column's variance is added to the covariance, so that columns that determine each other have a
 * density all the same.
 * @throws DataError for data that cannot be used, AbortedError if the signal fires.
 */
export function fitGaussian(table: Table, options: FitOptions): Promise<FinishedFit> {
  return statisticalFit("gaussian", table, options, ({ features, train }) => ({
    bijection: triangularAffine({ features }),
    values: fitWhitening(train.data, features, train.weights).values,
    steps: 1,
  }));
}
