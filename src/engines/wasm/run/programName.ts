/**
 * The structure of a program with the names of what it computes.
 *
 * @module
 */

import type { Program } from "../../../graph/program.ts";
import { structureInPieces } from "../../../graph/structure.ts";
import type { Pieces } from "../../../platform/pieces.ts";

/** As `structureOf`, equal for programs that compute the same under the same names. */
export function structureOfProgram({ rows = {}, sums = {}, updates = [] }: Partial<Program>): Pieces<string> {
  const values = [...Object.values(rows), ...Object.values(sums), ...updates.map(({ value }) => value)];
  const parameters = updates.map(({ parameter }) => [parameter.name, parameter.shape]);
  return structureInPieces(values, JSON.stringify([Object.keys(rows), Object.keys(sums), parameters]));
}
