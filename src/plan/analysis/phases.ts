/**
 * What of a program runs when: before the tiles, in them, after them, and with the updates.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import { type Expr, isSumOverRows, topologicalOrder } from "../../graph/expr.ts";
import type { PreparedProgram } from "../../graph/program.ts";
import type { Pieces } from "../../platform/pieces.ts";
import type { OverRows } from "../lowering/overRows.ts";
import { sparingOrder } from "./order.ts";
import { apartFromParameters } from "./storage.ts";

/** The nodes of a program by phase, each list in topological order, and its outputs. */
export interface Phases {
  /** Shared values that depend on parameters alone, and that tiles or sums read. */
  readonly prologueNodes: readonly Expr[];
  /** Everything of rows, and the sums over rows. */
  readonly tileNodes: readonly Expr[];
  /** What follows from sums over rows, for other sums. */
  readonly epilogueNodes: readonly Expr[];
  /** What new values of parameters alone need. */
  readonly updateNodes: readonly Expr[];
  /** Outputs in the order of the program's rows, sums and updates. */
  readonly rowOutputs: readonly Expr[];
  readonly sumOutputs: readonly Expr[];
  readonly updateOutputs: readonly Expr[];
  /** What reads each node; a shared output is read by itself. */
  readonly consumers: ReadonlyMap<Expr, readonly Expr[]>;
}

/**
 * The phases of a program.
 * @throws {@link ShapeError} if a sum over rows is used for each row.
 */
export function* phasesOf(program: PreparedProgram, overRows: OverRows | undefined): Pieces<Phases> {
  const written = [
    ...Object.values(program.rows),
    ...Object.values(program.sums),
    ...program.updates.map(({ value }) => value),
  ];
  const guarded = overRows ? yield* overRows.guardingPadding(written) : written;
  yield;
  const rowCount = Object.keys(program.rows).length;
  const sumCount = Object.keys(program.sums).length;
  const rowOutputs = guarded.slice(0, rowCount);
  const sumOutputs = guarded.slice(rowCount, rowCount + sumCount).map(apartFromParameters);
  const updateOutputs = guarded.slice(rowCount + sumCount).map(apartFromParameters);
  const order = sparingOrder([...rowOutputs, ...sumOutputs, ...updateOutputs]);
  yield;
  const sumDependents = new Set<Expr>();
  for (const node of order) {
    const isSum = isSumOverRows(node);
    if (!isSum && !node.inputs.some((input) => sumDependents.has(input))) continue;
    if (node.space === "row" || (isSum && node.inputs.some((input) => sumDependents.has(input))))
      throw new ShapeError({
        where: "wasm engine",
        problem: "a sum over rows cannot be used for each row in the same program",
        expected: "sums that are results",
        received: "one that rows read",
        remedy: "run a second program",
      });
    sumDependents.add(node);
  }
  yield;
  const tileNodes = order.filter((node) => node.space === "row" || isSumOverRows(node));
  const forSums = new Set(topologicalOrder(sumOutputs));
  yield;
  const forTiles = new Set(topologicalOrder([...tileNodes, ...rowOutputs]));
  // What only the updates read, such as a decayed moment, is best computed in the kernel that reads it.
  const isPrologue = (node: Expr): boolean =>
    node.space !== "row" && !sumDependents.has(node) && (forSums.has(node) || forTiles.has(node));
  yield;
  const prologueNodes = order.filter(isPrologue);
  yield;
  const epilogueNodes = order.filter(
    (node) => sumDependents.has(node) && !isSumOverRows(node) && forSums.has(node),
  );
  const updateNodes = order.filter(
    (node) => node.space !== "row" && !isSumOverRows(node) && !forSums.has(node) && !isPrologue(node),
  );
  yield;
  const consumers = new Map<Expr, Expr[]>();
  const addConsumer = (of: Expr, node: Expr): void => {
    const list = consumers.get(of);
    if (list) list.push(node);
    else consumers.set(of, [node]);
  };
  for (const node of order) for (const input of node.inputs) addConsumer(input, node);
  for (const output of [...sumOutputs, ...updateOutputs]) addConsumer(output, output);
  return {
    prologueNodes,
    tileNodes,
    epilogueNodes,
    updateNodes,
    rowOutputs,
    sumOutputs,
    updateOutputs,
    consumers,
  };
}
