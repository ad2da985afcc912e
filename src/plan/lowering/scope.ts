/**
 * What is known while the nodes of a program, or of a body, are lowered.
 *
 * @module
 */

import { type Expr, hasBody, resultsOf, type SumOfScanExpr, topologicalOrder } from "../../graph/expr.ts";
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

  /** Scans of which states are kept, as something goes back through them. */
  readonly keptScans: ReadonlySet<Expr>;
  readonly #sums = new Map<Expr, SumOfScanExpr[]>();

  constructor(
    tables: PlanTables,
    nodes: readonly Expr[],
    isRead: (node: Expr) => boolean,
    finished: ReadonlyMap<Expr, FinishedLayer> = new Map(),
  ) {
    this.#tables = tables;
    this.keptScans = scansGoneBack(nodes);
    for (const node of nodes)
      if (node.op === "sumOfScan")
        this.#sums.set(node.inputs[0]!, [...(this.#sums.get(node.inputs[0]!) ?? []), node]);
    this.isRead = isRead;
    this.finished = finished;
  }

  /** The sums of a way back through a scan that are read. */
  sumsOf(gradient: Expr): readonly SumOfScanExpr[] {
    return this.#sums.get(gradient) ?? [];
  }

  /** The code of a fused unit; all runs of its features have the same. */
  codeOf(unit: Unit): FusedCode {
    let code = this.#codes.get(unit);
    if (!code) this.#codes.set(unit, (code = fusedCode(unit, this.isRead, this.#tables)));
    return code;
  }
}

/** The scans that something goes back through, among these nodes or in bodies of them. */
function scansGoneBack(nodes: readonly Expr[]): Set<Expr> {
  const scans = new Set<Expr>();
  for (const node of nodes) {
    if (node.op === "scanGradient") scans.add(node.inputs[0]!);
    if (!hasBody(node)) continue;
    const outer = new Set(node.inputs);
    const inner = topologicalOrder(resultsOf(node), outer).filter((value) => !outer.has(value));
    for (const scan of scansGoneBack(inner)) if (outer.has(scan)) scans.add(scan);
  }
  return scans;
}
