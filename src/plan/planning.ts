/**
 * From a program to its plan.
 *
 * Phases of a step: *prologue* (shared values that depend on parameters alone), *tiles* (everything of rows, forward
 * and backward in one pass, sums into the shard's own memory), *epilogue* (shards added up, sums, what follows from
 * them), *updates* (new values of parameters).
 *
 * @module
 */

import { type Expr, isSumOverRows, sizeOf } from "../graph/expr.ts";
import type { PreparedProgram } from "../graph/program.ts";
import type { Pieces } from "../platform/pieces.ts";
import { streamWord } from "../random/philox.ts";
import { type Phases, phasesOf } from "./analysis/phases.ts";
import { viewOf } from "./analysis/storage.ts";
import { planMemory } from "./lowering/memoryPlan.ts";
import type { OverRows } from "./lowering/overRows.ts";
import { PlanTables } from "./lowering/planTables.ts";
import { SharedLowering } from "./lowering/sharedLowering.ts";
import { TileLowering } from "./lowering/tileLowering.ts";
import type { Argument, Item, Plan, PlanTarget, Port } from "./plan.ts";
import { planned } from "./plans.ts";

/**
 * The plan of a prepared program, in pieces. Cost: that of a few visits of each node; see `docs/engine.md`.
 * @param overRows - What a program needs that sums over rows or has updates.
 */
export function* planning(
  program: PreparedProgram,
  target: PlanTarget,
  overRows: OverRows | undefined,
): Pieces<Plan> {
  const phases = yield* phasesOf(program, overRows);
  const tables = new (overRows?.Tables ?? PlanTables)(target, program.parameters);
  const tile = yield* tileItems(program, phases, tables, overRows);
  yield;
  const arena = yield* planMemory(tile, tables);
  yield;
  tables.placeInArena(arena.offsets);
  tables.placeShared(tile);
  const { shardBytes } = tables;
  const { mostShards = 8 } = target;
  const shards = { address: tables.allocate(shardBytes * mostShards), bytes: shardBytes, most: mostShards };
  yield;
  const shared = yield* sharedLevels(program, phases, tables, overRows);
  yield;
  const port = (name: string, value: Expr): Port => {
    const { owner, offset } = viewOf(value);
    const id = tables.value(owner);
    if (value.space !== "row") tables.place(id);
    return { name, value: id, start: offset, size: sizeOf(value.shape) };
  };
  const leaves = (list: readonly Extract<Expr, { name: string }>[]): Port[] =>
    list.map((leaf) => port(leaf.name, leaf));
  const [rowNames, sumNames] = [Object.keys(program.rows), Object.keys(program.sums)];
  return planned({
    target,
    kernels: tables.kernels,
    tables: tables.tables,
    sums: tables.sums,
    tile,
    ...shared,
    inputs: leaves(program.inputs),
    parameters: leaves(program.parameters),
    stepInputs: leaves(program.stepInputs),
    rows: phases.rowOutputs.map((output, i) => port(rowNames[i]!, output)),
    outputs: phases.sumOutputs.map((output, i) => port(sumNames[i]!, output)),
    changes: program.updates.map(({ parameter }, i) => {
      const { value, start } = port("", phases.updateOutputs[i]!);
      return { parameter: tables.value(parameter), value, start };
    }),
    hasRandoms: program.randoms.length > 0,
    isCut: !phases.tileNodes.some(isSumOverRows),
    memory: { end: tables.end, shards, arenaBytes: Math.ceil(arena.bytes / 64) * 64 + 64 },
    values: tables.finish(),
  });
}

/** What a tile computes: inputs are loaded, everything of rows follows, outputs are stored. */
function* tileItems(
  program: PreparedProgram,
  { tileNodes, rowOutputs, consumers }: Phases,
  tables: PlanTables,
  overRows: OverRows | undefined,
): Pieces<Item[]> {
  const tiles = new TileLowering(tables, consumers, overRows);
  const indices: Argument = { kind: "tile", name: "indices" };
  const position: Argument = { kind: "tile", name: "position" };
  const count: Argument = { kind: "tile", name: "count" };
  const items: Item[] = program.inputs.map((input, array) =>
    tiles.call(
      { kind: "load", size: sizeOf(input.shape) },
      { kind: "array", array },
      indices,
      count,
      tables.argument(input),
    ),
  );
  for (const node of tileNodes) {
    if (node.op === "random") {
      const stream: Argument = { kind: "number", value: streamWord(node.stream) | 0 };
      items.push(
        tiles.call(
          { kind: "random", size: sizeOf(node.shape) },
          tables.argument(node),
          position,
          stream,
          count,
        ),
      );
    }
    if (node.op === "rowMark") items.push(tiles.call({ kind: "mark" }, tables.argument(node), count));
  }
  const outputs = rowOutputs.filter((output) => output.space === "row");
  items.push(...(yield* tiles.lower(tileNodes, outputs)));
  for (const [i, output] of rowOutputs.entries()) {
    const source = tiles.asRows(output);
    const array: Argument = { kind: "array", array: program.inputs.length + i };
    items.push(
      ...source.items,
      tiles.call({ kind: "store", size: sizeOf(output.shape) }, source.rows(), array, position, count),
    );
  }
  return items;
}

/** The levels of the shared phases. */
function* sharedLevels(
  program: PreparedProgram,
  phases: Phases,
  tables: PlanTables,
  overRows: OverRows | undefined,
): Pieces<Pick<Plan, "prologue" | "epilogue" | "updates">> {
  const { prologueNodes, tileNodes, epilogueNodes, updateNodes, rowOutputs, sumOutputs, updateOutputs } =
    phases;
  const shared = new SharedLowering(tables);
  const units = {
    prologue: yield* shared.units(prologueNodes),
    epilogue: yield* shared.units(epilogueNodes),
    updates: yield* shared.units(updateNodes),
  };
  yield;
  const copies = overRows?.placeUpdates(program, updateOutputs, sumOutputs, units.updates, tables) ?? [];
  yield;
  const readLater = [...tileNodes, ...epilogueNodes, ...updateNodes].flatMap((node) => node.inputs);
  const prologue = yield* shared.lower(
    units.prologue,
    [...readLater, ...rowOutputs, ...sumOutputs, ...updateOutputs].filter((node) => node.space !== "row"),
  );
  const epilogue = yield* shared.lower(
    units.epilogue,
    [...updateNodes.flatMap((node) => node.inputs), ...sumOutputs, ...updateOutputs],
    { sums: tables.shardCalls() },
  );
  const updates = yield* shared.lower(units.updates, updateOutputs, { copies });
  return { prologue, epilogue, updates };
}
