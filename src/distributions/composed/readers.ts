/**
 * How saved descriptions become distributions of this folder again.
 *
 * @module
 */

import type { Readers } from "../../registry.ts";
import type { Distribution } from "../distribution.ts";
import { mixtureOfFromJson } from "./mixtureOf.ts";
import { pushforwardFromJson } from "./pushforward.ts";

/** One for each line of the index. */
export const readers: Readers<Distribution> = {
  mixtureOf: mixtureOfFromJson,
  pushforward: pushforwardFromJson,
};
