/**
 * How saved descriptions become distributions with a bound again.
 *
 * @module
 */

import type { Readers } from "../../registry.ts";
import type { Distribution } from "../distribution.ts";
import { manyToOneFromJson } from "./manyToOne.ts";

/** What is made of parts is read by a function of its own. */
export const readers: Readers<Distribution> = { manyToOne: manyToOneFromJson };
