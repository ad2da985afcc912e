/**
 * Lowering of the shared part of a program: what runs once per step, before the tiles (values that depend on parameters
 * alone) and after them (what follows from the sums over rows).
 *
 * Calls are put into levels; threads meet between levels. Element-wise calls are split between the threads by
 * ranges, the rest is dealt out whole, so that the result does not depend on the number of threads.
 *
 * @module
 */

import { type Expr, sizeOf, unreachable } from "../../graph/expr.ts";
import type { NodeOf } from "../../graph/rules.ts";
import type { Pieces } from "../../platform/pieces.ts";
import { fuse, type Unit } from "../analysis/fusion.ts";
import { ownersRead, readOutside, viewOf } from "../analysis/storage.ts";
import type { Kernel } from "../kernels.ts";
import type { Argument, SharedCall } from "../plan.ts";
import type { PlanTables } from "./planTables.ts";
import { Scope } from "./scope.ts";
import type { CopiedUpdate } from "./updates.ts";

const number = (value: number): Argument => ({ kind: "number", value });

/** Operations whose nodes are not lowered by themselves here. */
type Elsewhere =
  | "elementwise"
  | "map"
  | "project"
  | "reshape"
  | "input"
  | "slot"
  | "rowMark"
  | "random"
  | "sumRows"
  | "sumOuter"
  | "connected"
  | "sumConnected"
  | "fixedPoint"
  | "scan"
  | "scanGradient"
  | "sumOfScan"
  | "iterate"
  | "implicit"
  | "odeSolution";

/** Lowers the shared nodes of a program, phase by phase. */
export class SharedLowering {
  readonly #tables: PlanTables;

  constructor(tables: PlanTables) {
    this.#tables = tables;
  }

  /** Groups nodes into units; together with {@link SharedLowering.lower} so that places can be chosen between. */
  units(nodes: readonly Expr[]): Pieces<Unit[]> {
    return fuse(nodes, ownersRead, { totals: false });
  }

  /**
   * The levels that compute the units.
   * @param outputs - What is read afterwards.
   * @param sums - Sums over rows, with the calls that add them up over the shards first.
   * @param copies - New values that are copied over parameters, when every reader of the old ones is done.
   */
  *lower(
    units: readonly Unit[],
    outputs: readonly Expr[],
    {
      sums = [],
      copies = [],
    }: {
      readonly sums?: readonly (readonly [Expr, SharedCall])[];
      readonly copies?: readonly CopiedUpdate[];
    } = {},
  ): Pieces<SharedCall[][]> {
    const scope = new Scope(this.#tables, [], readOutside(units, outputs));
    const levels: SharedCall[][] = [];
    const placements = new Map<Expr, { level: number; range: number }>();
    /** The last level that reads a parameter. */
    const readAt = new Map<string, number>();
    const put = (level: number, call: SharedCall): void => {
      while (levels.length <= level) levels.push([]);
      levels[level]!.push(call);
    };
    for (const [node, call] of sums) {
      put(0, call);
      placements.set(node, { level: 0, range: -1 });
    }
    for (const unit of units) {
      yield;
      const calls = this.#lowerUnit(unit, scope);
      // What is there from the start needs no level.
      if (calls.length === 0) continue;
      const split = calls[0]?.split;
      const range = calls.length === 1 && split?.kind === "range" ? split.count : -1;
      const inputs = unit.nodes.flatMap((node) => node.inputs);
      let level = 0;
      for (const input of inputs) {
        const { owner, offset } = viewOf(input);
        const placement = placements.get(owner);
        if (!placement || unit.nodes.includes(owner)) continue;
        // A thread's share of the one is its share of the other, unless it reads other elements than its own; of one vector, all is
        // one thread's. Shares are whole vectors, so that the last one may have more elements than are read.
        const isSameShare =
          range >= 0 &&
          placement.range === range &&
          (range === 1 || (offset === 0 && sizeOf(input.shape) === unit.features));
        level = Math.max(level, placement.level + (isSameShare ? 0 : 1));
      }
      // The two calls of a scatter depend on each other; others compute parts of their value.
      const isSerial = unit.nodes[0]!.op === "scatter";
      calls.forEach((call, i) => put(isSerial ? level + i : level, call));
      if (isSerial) level += calls.length - 1;
      for (const node of unit.nodes) placements.set(node, { level, range });
      for (const input of inputs) {
        const { owner } = viewOf(input);
        if (owner.op === "parameter") readAt.set(owner.name, Math.max(readAt.get(owner.name) ?? 0, level));
      }
    }
    for (const { value, parameter } of copies) {
      const made = placements.get(viewOf(value).owner)?.level ?? -1;
      const read = readAt.get(parameter.name) ?? -1;
      put(Math.max(made, read) + 1, this.#copyOver(value, parameter));
    }
    return levels;
  }

  /** A call on values, each of which gets a place, in this order. */
  #call(
    kernel: Kernel,
    args: readonly Argument[],
    split: SharedCall["split"] = { kind: "single" },
  ): SharedCall {
    this.#tables.placeAll(args);
    return { kernel: this.#tables.kernel(kernel), arguments: args, split };
  }

  #copyOver(value: Expr, parameter: Expr): SharedCall {
    const args = [
      this.#tables.argument(value),
      this.#tables.argument(parameter),
      number(sizeOf(value.shape)),
    ];
    return this.#call({ kind: "copyNumbers" }, args);
  }

  #lowerUnit(unit: Unit, scope: Scope): SharedCall[] {
    const tables = this.#tables;
    const { lanes } = tables.target;
    const at = (value: Expr, start = 0): Argument => tables.argument(value, start);
    if (unit.features !== undefined) {
      const { features } = unit;
      const { code, sources, results } = scope.codeOf(unit);
      if (results.length === 0) return [];
      const args = [
        ...sources.map(({ owner, offset }) => at(owner, offset)),
        ...results.map((owner) => at(owner)),
      ];
      if (unit.nodes.some((node) => node.op === "map"))
        return [this.#call({ kind: "fused", space: "shared", features, code }, args)];
      // The loop count is an argument here, so that chains of any length share a kernel.
      return [
        this.#call({ kind: "fused", space: "range", features: 0, code }, args, {
          kind: "range",
          count: Math.ceil(features / lanes),
        }),
      ];
    }
    const node = unit.nodes[0]!;
    const [size, result] = [sizeOf(node.shape), (start = 0): Argument => at(node, start)];
    switch (node.op) {
      case "parameter":
      case "constant":
      case "stepInput":
        return [];
      case "gather":
      case "scatter": {
        const table = tables.table(node.indices);
        const source = at(node.inputs[0]!);
        tables.placeAll([source, result()]);
        const gather = { kind: "gather", space: "shared" } as const;
        const count = number(node.indices.length);
        if (node.op === "gather") return [this.#call(gather, [source, result(), table, count])];
        const none = tables.table(new Int32Array(size).fill(-1));
        return [
          this.#call(gather, [source, result(), none, number(size)]),
          this.#call({ kind: "scatter", space: "shared" }, [source, result(), table, count]),
        ];
      }
      case "concatenate": {
        let start = 0;
        tables.placeAll([result()]);
        return node.inputs.map((part) => {
          const count = sizeOf(part.shape);
          start += count;
          return this.#call({ kind: "copyNumbers" }, [at(part), result(start - count), number(count)]);
        });
      }
      case "sum": {
        const { outer, count, inner } = node;
        return [
          this.#call({ kind: "sum", space: "shared", outer, count, inner }, [at(node.inputs[0]!), result()]),
        ];
      }
      case "linear": {
        const [x, weights, bias] = node.inputs as [Expr, Expr, Expr | undefined];
        const inner = sizeOf(x.shape);
        const [rowStride, columnStride] = node.transposed ? [1, size] : [inner, 1];
        return [
          this.#call(
            {
              kind: "sharedProduct",
              rows: size,
              inner,
              columns: 1,
              pitch: 1,
              rowStride,
              columnStride,
              hasBias: bias !== undefined,
            },
            [at(weights), at(x), at(bias ?? weights), result()],
          ),
        ];
      }
      case "matrixProduct": {
        const [a, b] = node.inputs as [Expr, Expr];
        return this.#matrixProduct(node, a, b);
      }
      case "solveTriangular": {
        const { lower, transposed } = node;
        return [
          this.#call({ kind: "solve", space: "shared", size, lower, transposed }, [
            ...node.inputs.map((input) => at(input)),
            result(),
          ]),
        ];
      }
      default: {
        // In a kernel of its features, a view, or of rows.
        const elsewhere: NodeOf<Elsewhere> = node;
        return unreachable(elsewhere as never);
      }
    }
  }

  /** Columns in whole vectors by the kernel of dense layers, the rest one by one; both add up in the same order. */
  #matrixProduct(node: Expr, a: Expr, b: Expr): SharedCall[] {
    const tables = this.#tables;
    const [rows, inner] = a.shape as [number, number];
    const columns = b.shape[1]!;
    const whole = columns - (columns % tables.target.lanes);
    const [left, result] = [tables.argument(a), tables.argument(node)];
    const calls: SharedCall[] = [];
    if (whole > 0)
      calls.push(
        this.#call({ kind: "matrixProduct", rows, inner, columns: whole, pitch: columns }, [
          left,
          tables.argument(b),
          result,
          number(0),
          number(inner),
        ]),
      );
    if (whole < columns)
      calls.push(
        this.#call(
          {
            kind: "sharedProduct",
            rows,
            inner,
            columns: columns - whole,
            pitch: columns,
            rowStride: inner,
            columnStride: 1,
            hasBias: false,
          },
          [left, tables.argument(b, whole), left, tables.argument(node, whole)],
        ),
      );
    return calls;
  }
}
