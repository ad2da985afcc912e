/**
 * A distribution from its description, at once: all are at hand here, and a page that takes this takes them all.
 *
 * @module
 */

import { provideBijections } from "../bijections/bijectionFromJson.ts";
import { readers as composed } from "./composed/readers.ts";
import type { Distribution } from "./distribution.ts";
import { readers as independent } from "./independent/readers.ts";
import { readers as joint } from "./joint/readers.ts";
import { readers } from "./readers.ts";
import { distributionRegistry } from "./registry.ts";
import { readers as uniform } from "./uniform/readers.ts";

/**
 * The distribution that a description stands for.
 * @throws FormatError for an unknown type.
 */
export function distributionFromJson(json: unknown): Distribution {
  // A flow is a distribution, too.
  provideBijections();
  distributionRegistry.provide({ ...readers, ...uniform, ...independent, ...joint, ...composed });
  return distributionRegistry.read(json);
}
