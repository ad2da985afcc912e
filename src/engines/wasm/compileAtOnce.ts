/**
 * From a program to its code at once, as tests and measurements want it.
 *
 * @module
 */

import type { PreparedProgram } from "../../graph/program.ts";
import { overRows } from "../../plan/lowering/overRows.ts";
import { inOnePiece } from "../../platform/pieces.ts";
import { type CompiledProgram, type CompileOptions, compiling, planningFor } from "./compileProgram.ts";

/** Compiles a prepared program. */
export function compileProgram(program: PreparedProgram, options: CompileOptions): CompiledProgram {
  return inOnePiece(compiling(inOnePiece(planningFor(program, { ...options, overRows })), options));
}
