/**
 * How saved descriptions become distributions of this folder again.
 *
 * @module
 */

import { type Readers, readersByName } from "../../registry.ts";
import { manyToOneFromJson } from "../bounds/manyToOne.ts";
import type { Distribution } from "../distribution.ts";
import { conditionalGaussianMixtureFromJson } from "./conditionalGaussianMixture.ts";
import { conditionalNormalFromJson } from "./conditionalNormal.ts";
import * as makers from "./makers.ts";

/** What takes the options that it describes itself by is read by its own function; what is made of parts has a row here. */
export const readers: Readers<Distribution> = {
  .../* @__PURE__ */ readersByName<Distribution>(makers),
  conditionalGaussianMixture: conditionalGaussianMixtureFromJson,
  conditionalNormal: conditionalNormalFromJson,
  manyToOne: manyToOneFromJson,
  sorted: ({ of }, read) => makers.sorted({ of: read(of) }),
};
