/**
 * Where the new values of parameters are computed.
 *
 * @module
 */

import { type Expr, type ParameterExpr, sizeOf } from "../../graph/expr.ts";
import type { PreparedProgram } from "../../graph/program.ts";
import type { Unit } from "../analysis/fusion.ts";
import { viewOf } from "../analysis/storage.ts";
import type { PlanTables } from "./planTables.ts";

/** A new value that is copied over its parameter when all others have been computed. */
export interface CopiedUpdate {
  readonly value: Expr;
  readonly parameter: ParameterExpr;
}

/**
 * Chooses for each update whether its value is computed in the place of its parameter, which is safe when the kernel
 * that computes it is the only one still to read the old value; returns the rest.
 */
export function placeUpdates(
  program: PreparedProgram,
  values: readonly Expr[],
  sums: readonly Expr[],
  units: readonly Unit[],
  tables: PlanTables,
): CopiedUpdate[] {
  const copied: CopiedUpdate[] = [];
  const fixedValues = new Set<Expr>(sums.map((output) => viewOf(output).owner));
  const homes = new Map<Expr, Unit>();
  const readersOf = new Map<string, Set<Unit>>();
  for (const unit of units)
    for (const node of unit.nodes) {
      homes.set(node, unit);
      for (const input of node.inputs) {
        const { owner } = viewOf(input);
        if (owner.op !== "parameter") continue;
        const list = readersOf.get(owner.name) ?? new Set();
        readersOf.set(owner.name, list.add(unit));
      }
    }
  program.updates.forEach(({ parameter }, i) => {
    const value = values[i]!;
    const home = homes.get(value);
    const readers = [...(readersOf.get(parameter.name) ?? [])];
    const isFused = value.op === "elementwise" && !tables.hasPlace(tables.value(value));
    // Each element of the old value must be read where, and when, the new one is written.
    const isAligned = readers.every(({ nodes }) =>
      nodes.every((node) =>
        node.inputs.every((input) => {
          const { owner, offset } = viewOf(input);
          return (
            owner.op !== "parameter" ||
            owner.name !== parameter.name ||
            (offset === 0 && sizeOf(input.shape) === sizeOf(parameter.shape))
          );
        }),
      ),
    );
    if (home && isFused && isAligned && !fixedValues.has(value) && readers.every((unit) => unit === home)) {
      tables.placeIn(tables.value(value), tables.value(parameter));
      fixedValues.add(value);
    } else {
      tables.place(tables.value(viewOf(value).owner));
      copied.push({ value, parameter });
    }
  });
  return copied;
}
