/**
 * What each option of `approximate` may be.
 *
 * @module
 */

import { variationalKinds } from "../../architectures/kinds.ts";
import {
  anObject,
  callback,
  count,
  engineOptions,
  integer,
  notNegative,
  numberOf,
  type OptionTable,
  oneOf,
  positive,
  required,
  signal,
  sizes,
} from "../../options.ts";
import { flowOptionKind } from "../flowOption.ts";
import type { ApproximateOptions } from "./approximateOptions.ts";

/** What each option of `approximate` may be. */
export const approximateOptionTable: OptionTable<ApproximateOptions> = {
  parameters: required(anObject),
  logDensity: required(callback),
  flow: flowOptionKind(variationalKinds),
  transforms: count,
  hidden: sizes(),
  derived: callback,
  seed: integer,
  steps: count,
  draws: count,
  learningRate: positive,
  importanceSamples: count,
  gradient: oneOf(["path", "total"]),
  divergence: oneOf(["symmetric", "reverse", "forward"]),
  alpha: numberOf("from 0 to 2", (value) => value >= 0 && value <= 2),
  annealing: notNegative,
  diagnosticSamples: count,
  ...engineOptions,
  signal,
  onProgress: callback,
  onWarning: callback,
};
