/**
 * A fitted density of mixed columns, and its programs, compiled when first needed.
 *
 * @module
 */

import type { Executable } from "../../engines/engine.ts";
import { setKnownParameters } from "../../engines/setKnownParameters.ts";
import * as g from "../../graph/ops.ts";
import { bindTree } from "../../graph/parameters.ts";
import type { Program } from "../../graph/program.ts";
import { digestOf } from "../../random/digest.ts";
import { CompiledPrograms } from "../compiledPrograms.ts";
import { type EngineOptions, engineOf } from "../evaluation.ts";
import type { ParameterValues } from "../parameters.ts";
import type { ColumnsDensity } from "./columnsDensity.ts";

/** A density with the values of its parameters, which are named as in its tree. */
export interface ColumnsModel {
  readonly density: ColumnsDensity;
  readonly values: ParameterValues;
  readonly precision: "float32" | "float64";
}

/** Which engine computes, and what ends it. */
export interface ColumnsEngineOptions extends EngineOptions {
  readonly signal?: AbortSignal | undefined;
}

/** `contributions` of encoded rows; `numbers` of the head of the column that the step input `chosen` names. */
type ProgramName = "contributions" | "numbers";

/** The programs of a model. */
export class ColumnsEvaluation {
  /** What is evaluated. */
  readonly model: ColumnsModel;
  readonly #compiled = new CompiledPrograms();

  constructor(model: ColumnsModel) {
    this.model = model;
  }

  /** The executable of one program, which all who ask for it share. */
  async get(name: ProgramName, options: ColumnsEngineOptions): Promise<Executable> {
    const precision = options.precision ?? this.model.precision;
    const key = `${name} ${options.engine} ${precision} ${options.threads} ${options.wide}`;
    return await this.#compiled.get(key, options.signal, () =>
      this.#compile(name, { ...options, precision }),
    );
  }

  /** Gives memory and threads back. */
  dispose(): void {
    this.#compiled.dispose();
  }

  async #compile(name: ProgramName, options: ColumnsEngineOptions): Promise<Executable> {
    const description = new TextEncoder().encode(JSON.stringify(this.model.density.options));
    const executable = await engineOf(options).compile(() => this.#program(name), {
      signal: options.signal,
      // All of it follows from the description.
      structure: `${name} ${digestOf([description])}`,
    });
    await setKnownParameters(executable, this.model.values);
    return executable;
  }

  #program(name: ProgramName): Partial<Program> {
    const { density } = this.model;
    const bound = bindTree(density.parameters);
    if (name === "contributions")
      return { rows: { ...density.contributions(g.input("encoded", [density.width]), bound) } };
    const features = g.input("features", [density.features]);
    const columnMark = g.reshape(g.stepInput("chosen", [density.columns.length]), [
      1,
      density.columns.length,
    ]);
    return { rows: { numbers: density.numbers(features, bound, columnMark) } };
  }
}
