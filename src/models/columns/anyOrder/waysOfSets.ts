/**
 * How a model of any order answers.
 *
 * @module
 */

import type { Ways } from "../questions/ways.ts";
import { distributionsOfSets, logProbsOfSets } from "./setAnswers.ts";
import { fillOfSets, sampleOfSets } from "./setDraws.ts";

/** The functions in place of those of a model in one order. */
export const waysOfSets: Ways = {
  logProbs: logProbsOfSets,
  distributions: distributionsOfSets,
  sample: sampleOfSets,
  fill: fillOfSets,
};
