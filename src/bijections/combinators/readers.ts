/**
 * How saved descriptions become bijections of this family again.
 *
 * @module
 */

import { type Readers, readersByName } from "../../registry.ts";
import type { Bijection } from "../bijection.ts";
import { chain } from "./chain.ts";
import { invert } from "./invert.ts";
import * as makers from "./makers.ts";
import { repeatedFromJson } from "./repeated.ts";

/** What takes the options that it describes itself by is read by its own function; the others have a row here. */
export const readers: Readers<Bijection> = {
  .../* @__PURE__ */ readersByName<Bijection>(makers),
  chain: (json, read) => chain((json.parts as unknown[]).map(read)),
  invert: (json, read) => invert(read(json.inner)),
  repeated: repeatedFromJson,
};
