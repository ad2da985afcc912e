/**
 * What is known while the nodes of a program, or of a body, are lowered.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import type { FinishedLayer } from "../analysis/activations.ts";
import type { Unit } from "../analysis/fusion.ts";
import type { ValueId } from "../plan.ts";
import { type FusedCode, fusedCode } from "./fusedCode.ts";
import type { PlanTables } from "./planTables.ts";

/** What has to be in memory, and what is there. */
export class Scope {
  /** Whether a node's value has to be in memory. */
  readonly isRead: (node: Expr) => boolean;
  /** Dense layers that a node after them has absorbed, by that node. */
  readonly finished: ReadonlyMap<Expr, FinishedLayer>;
  /** Values that are kept row by row, by name of what they are a copy of. */
  readonly transposed: Map<string, ValueId> = new Map();
  readonly #tables: PlanTables;
  readonly #codes = new Map<Unit, FusedCode>();

  /** All nodes that are lowered together. */
  readonly nodes: readonly Expr[];

  constructor(
    tables: PlanTables,
    nodes: readonly Expr[],
    isRead: (node: Expr) => boolean,
    finished: ReadonlyMap<Expr, FinishedLayer> = new Map(),
  ) {
    this.#tables = tables;
    this.nodes = nodes;
    this.isRead = isRead;
    this.finished = finished;
  }

  /** The code of a fused unit; all runs of its features have the same. */
  codeOf(unit: Unit): FusedCode {
    let code = this.#codes.get(unit);
    if (!code) this.#codes.set(unit, (code = fusedCode(unit, this.isRead, this.#tables)));
    return code;
  }
}
