/**
 * What each option of `klDivergence` and `densityRatio` may be.
 *
 * @module
 */

import { evaluationOptionTable, givenOptionTable } from "../../models/flowOptions.ts";
import { callback, type OptionTable, oneOf, wholeNumber } from "../../options.ts";
import type { DensityRatioOptions } from "./densityRatio.ts";
import type { KlDivergenceOptions } from "./klDivergence.ts";

/** What each option of `klDivergence` may be. */
export const klDivergenceOptionTable: OptionTable<KlDivergenceOptions> = {
  ...givenOptionTable,
  draws: wholeNumber("a whole number from 2", 2),
  onWarning: callback,
};

/** What each option of `densityRatio` may be. */
export const densityRatioOptionTable: OptionTable<DensityRatioOptions> = {
  ...evaluationOptionTable,
  given: givenOptionTable.given,
  missing: oneOf(["error", "empty", "drop"]),
  onWarning: callback,
};
