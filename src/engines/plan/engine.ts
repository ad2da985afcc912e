/**
 * The plan engine: plans interpreted in float64, tiles of three rows. The second oracle: with the reference engine, which interprets
 * the graph as it was written, it tells a fault of the simplification or the planning from one of the code that an engine emits.
 *
 * @module
 */

import { preparation } from "../../graph/program.ts";
import { overRows } from "../../plan/lowering/overRows.ts";
import type { Plan } from "../../plan/plan.ts";
import { planning } from "../../plan/planning.ts";
import { inPieces } from "../../platform/pieces.ts";
import type { Engine } from "../engine.ts";
import {
  type Given,
  type Interpreted,
  InterpretedExecutable,
  type Part,
  stepInputOrZeros,
} from "../interpretedExecutable.ts";
import { type Crew, PlanMachine } from "./planMachine.ts";

/**
 * An engine that interprets plans.
 * @param crew - Threads, and the order in which they take turns; results do not depend on it (default: three, the last one first).
 */
export function planEngine(crew: Crew = { threads: 3, order: [2, 1, 0] }): Engine {
  return {
    name: "plan",
    compile: async (given, { signal } = {}) => {
      const program = typeof given === "function" ? await given() : given;
      const prepared = await inPieces(preparation(program), signal);
      // Few rows a tile, and neither they nor the numbers of a vector a power of two: what holds by chance for 64 and 4 is found out.
      const target = { rowLength: 3, numberBytes: 8, lanes: 3, gates: true, reservedBytes: 0 } as const;
      const plan = await inPieces(planning(prepared, target, overRows), signal);
      return new InterpretedExecutable(interpreted(plan, crew));
    },
  };
}

/** A plan as what can be run: each time in fresh memory, so that nothing is left of the time before. */
function interpreted(plan: Plan, crew: Crew): Interpreted {
  const changes = new Set(plan.changes.map(({ parameter }) => parameter));
  const changed = plan.parameters.filter(({ value }) => changes.has(value));
  const evaluate = ({ rows, inputs, stepInputs, parameters, draws }: Given, part: Part): Float64Array[] => {
    const machine = new PlanMachine(plan, crew);
    for (const port of plan.parameters) machine.numbersOf(port).set(parameters.get(port.name)!);
    for (const port of plan.stepInputs) machine.numbersOf(port).set(stepInputOrZeros(stepInputs, port));
    const outputs = machine.run({ rows, inputs: plan.inputs.map(({ name }) => inputs[name]!), draws });
    if (part === "rows") return outputs;
    const sums = plan.outputs.map((port) => machine.numbersOf(port).slice());
    if (part === "sums and rows") return [...sums, ...outputs];
    if (part === "sums") return sums;
    machine.update();
    return [...sums, ...changed.map((port) => machine.numbersOf(port).slice())];
  };
  return {
    inputs: plan.inputs,
    stepInputs: plan.stepInputs,
    parameters: plan.parameters,
    rows: plan.rows.map(({ name, size }) => ({ name, size, isShared: false })),
    sums: plan.outputs.map(({ name }) => name),
    updated: changed.map(({ name }) => name),
    hasRandoms: plan.hasRandoms,
    evaluate,
  };
}
