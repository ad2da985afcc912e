/**
 * The programs of a fitted flow, compiled when first needed: preparation in float64, the trained part in the
 * precision that was asked for.
 *
 * @module
 */

import { pushforwardLogProb, pushforwardSample } from "../distributions/density.ts";
import type { Engine, Executable } from "../engines/engine.ts";
import { setKnownParameters } from "../engines/setKnownParameters.ts";
import { wasmEngine } from "../engines/wasm/engine.ts";
import * as g from "../graph/ops.ts";
import { type Bound, bindTree, subtreeOf } from "../graph/parameters.ts";
import type { Program } from "../graph/program.ts";
import { CompiledPrograms } from "./compiledPrograms.ts";
import { type Model, parameterTree, preparedContext, usesContext } from "./model.ts";

/** Which engine computes, and how. */
export interface EngineOptions {
  /** `wasm` (default), or `reference`: float64 in plain TypeScript, slow and the measure of the other. */
  readonly engine?: "wasm" | "reference" | undefined;
  /** Numbers of the wasm engine (default: those that the model was fitted with). */
  readonly precision?: "float32" | "float64" | undefined;
  /** Threads of the wasm engine (default: those of the machine, at most 8); results do not depend on it. */
  readonly threads?: number | undefined;
  /** Wide SIMD of the wasm engine, experimental in V8 (default false); results do not depend on it. */
  readonly wide?: boolean | undefined;
}

/** The reference engine, loaded when it first compiles: few ask for it. */
const loadedReference: Engine = {
  name: "reference",
  compile: async (program, options) =>
    (await import("../engines/reference/engine.ts")).referenceEngine.compile(program, options),
};

/** Few options are asked for in turn: who asks for more loses what the first have compiled, no more. */
const mostEngines = 8;

/** Engines by their options: what one has compiled, it need not compile again. */
const engines = new Map<string, Engine>();

/** The engine that options ask for, the same one for the same options. */
export function engineOf({
  engine = "wasm",
  precision = "float32",
  threads,
  wide = false,
}: EngineOptions): Engine {
  if (engine === "reference") return loadedReference;
  const name = `${precision} ${threads} ${wide}`;
  let made = engines.get(name);
  if (!made) {
    made = wasmEngine({ precision, wide, ...(threads === undefined ? {} : { threads }) });
    if (engines.size === mostEngines) engines.delete(engines.keys().next().value!);
    engines.set(name, made);
  }
  return made;
}

type ProgramName =
  | "prepare"
  | "prepareContext"
  | "restore"
  | "logProb"
  | "toBase"
  | "toData"
  | "sample"
  | "draw";

/** The programs of a model. */
export class Evaluation {
  readonly #model: Model;
  readonly #bound: Bound;
  readonly #compiled = new CompiledPrograms();

  constructor(model: Model) {
    this.#model = model;
    this.#bound = bindTree(parameterTree(model));
  }

  /**
   * The executable of one program, which all who ask for it share.
   * @throws AbortedError if the signal fires before it is there.
   */
  async get(
    name: ProgramName,
    options: EngineOptions & { readonly signal?: AbortSignal | undefined },
  ): Promise<Executable> {
    // Preparation is exact: a column of time stamps keeps its digits.
    const isExact = name === "prepare" || name === "prepareContext" || name === "restore";
    const precision = isExact ? "float64" : (options.precision ?? this.#model.precision);
    const key = `${name} ${options.engine} ${precision} ${options.threads} ${options.wide}`;
    return await this.#compiled.get(key, options.signal, () =>
      this.#compile(name, { ...options, precision }),
    );
  }

  /** What the flow is given, in the units of its trained part; nothing for a flow that is given nothing. */
  async prepareContext(
    context: Float64Array,
    rows: number,
    options: EngineOptions & { readonly signal?: AbortSignal | undefined },
  ): Promise<{ context?: Float64Array }> {
    if (this.#model.given.length === 0) return {};
    const prepare = await this.get("prepareContext", options);
    return { context: (await prepare.run({ rows, inputs: { data: context } }, options)).rows.value! };
  }

  async #compile(
    name: ProgramName,
    options: EngineOptions & { readonly signal?: AbortSignal | undefined },
  ): Promise<Executable> {
    const executable = await engineOf(options).compile(() => this.#program(name), {
      ...options,
      structure: this.#model.nameOf?.(this.#model, name),
    });
    await setKnownParameters(executable, this.#model.values);
    return executable;
  }

  #program(name: ProgramName): Partial<Program> {
    const { base, bijection, preparation, columns, given } = this.#model;
    const parameters = {
      base: subtreeOf(this.#bound, "base"),
      bijection: subtreeOf(this.#bound, "bijection"),
    };
    const bound = subtreeOf(this.#bound, "preparation");
    const features = columns.length;
    const context = usesContext(this.#model) ? g.input("context", [given.length]) : undefined;
    switch (name) {
      case "prepare": {
        const { value, logAbsDet } = preparation.inverse(g.input("data", [features]), bound);
        return { rows: { value, logAbsDet } };
      }
      case "restore":
        return { rows: { ...preparation.forward(g.input("data", [features]), bound) } };
      case "prepareContext":
        return {
          rows: { value: preparedContext(this.#model, g.input("data", [given.length]), this.#bound) },
        };
      case "logProb":
        return {
          rows: {
            logProb: pushforwardLogProb(base, bijection, g.input("data", [features]), parameters, context),
          },
        };
      case "toBase":
        return {
          rows: {
            value: bijection.inverse(g.input("data", [features]), parameters.bijection, context).value,
          },
        };
      case "toData":
        return {
          rows: {
            value: bijection.forward(g.input("data", [features]), parameters.bijection, context).value,
          },
        };
      case "draw": {
        const start = base.sample(g.input("noise", [base.noise]), parameters.base, context);
        const { value, logAbsDet } = bijection.forward(start, parameters.bijection, context);
        return {
          rows: { value, logProb: g.sub(base.logProb(start, parameters.base, context), logAbsDet) },
        };
      }
      case "sample":
        return {
          rows: {
            value: pushforwardSample(base, bijection, g.input("noise", [base.noise]), parameters, context),
          },
        };
    }
  }
}
