/**
 * How saved descriptions become distributions of this folder again: each is made by its own function of the options that it describes
 * itself by.
 *
 * @module
 */

import { type Readers, readersByName } from "../../registry.ts";
import type { Distribution } from "../distribution.ts";
import { conditionalGaussianMixtureFromJson } from "./conditionalGaussianMixture.ts";
import * as makers from "./makers.ts";

/** One for each line of the index; what is made of a conditioner has a row here. */
export const readers: Readers<Distribution> = {
  .../* @__PURE__ */ readersByName<Distribution>(makers),
  conditionalGaussianMixture: conditionalGaussianMixtureFromJson,
};
