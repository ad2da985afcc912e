/**
 * How questions are answered: what a model in one order does, and what one of any order does in its place.
 *
 * @module
 */

import { fillRows } from "./fillTable.ts";
import { logProbsOf } from "./logProbsOf.ts";
import { meanDistributions } from "./meanDistributions.ts";
import { sampleGiven } from "./sampleGiven.ts";

/** Functions that answer. */
export interface Ways {
  readonly logProbs: typeof logProbsOf;
  readonly distributions: typeof meanDistributions;
  readonly sample: typeof sampleGiven;
  readonly fill: typeof fillRows;
}

/** Those of a model in one order. */
export const waysInOrder: Ways = {
  logProbs: logProbsOf,
  distributions: meanDistributions,
  sample: sampleGiven,
  fill: fillRows,
};
