/**
 * The tables of a plan that sums over rows.
 *
 * @module
 */

import { type Expr, type ScanExpr, type ScanGradientExpr, sizeOf } from "../../graph/expr.ts";
import type { Argument, SharedCall, ValueId } from "../plan.ts";
import { PlanTables, type Rounds } from "./planTables.ts";

/** The states of a scan that are kept for the way back through it: one after another, that before every so many steps. */
export interface KeptStates {
  readonly value: ValueId;
  readonly every: number;
}

/** Gives out numbers for sums over rows, too, and says where in the sums the steps of a way back through a scan are. */
export class SumTables extends PlanTables {
  /** By sum over rows in the body of a way back, the sums outside that it is added to. */
  readonly #sumsAround = new Map<Expr, (Rounds & { readonly sum: Expr })[]>();
  readonly #states = new Map<ScanExpr, KeptStates>();
  readonly #sumOf = new Map<Expr, number>();
  #shardTop = 0;

  override get shardBytes(): number {
    return Math.max(64, this.#shardTop);
  }

  /** Says which sums a sum over rows in a body is added to from now on. */
  bindSum(node: Expr, around: readonly (Rounds & { readonly sum: Expr })[]): void {
    this.#sumsAround.set(node, [...around]);
  }

  /** The sums outside of the body that a sum over rows in it is added to; none if it is in no body. */
  sumsAround(node: Expr): readonly (Rounds & { readonly sum: Expr })[] {
    return this.#sumsAround.get(node) ?? [];
  }

  /** Says, and asks, where the states of a scan are kept. */
  keepStates(scan: ScanExpr, states: KeptStates): void {
    this.#states.set(scan, states);
  }
  statesOf(scan: ScanExpr): KeptStates {
    return this.#states.get(scan)!;
  }

  /** The number of a sum over rows. */
  sum(node: Expr): number {
    let sum = this.#sumOf.get(node);
    if (sum === undefined) {
      const { lanes, numberBytes } = this.target;
      const isOuter = isOfProducts(node);
      const width = isOuter ? node.shape.at(-1)! : sizeOf(node.shape);
      const rows = sizeOf(node.shape) / width;
      const pitch = Math.ceil(width / lanes) * lanes;
      // Sums over rows are float64, so that their error does not grow with the rows.
      const isDouble = !isOuter;
      sum =
        this.sums.push({ value: this.value(node), offset: this.#shardTop, rows, width, pitch, isDouble }) - 1;
      this.#shardTop += Math.ceil((rows * pitch * (isOuter ? numberBytes : 8)) / 64) * 64;
      this.#sumOf.set(node, sum);
    }
    return sum;
  }

  override shardCalls(): (readonly [Expr, SharedCall])[] {
    return Array.from(this.#sumOf, ([node, sum]) => {
      const { rows, width, pitch, isDouble: hasDoubles } = this.sums[sum]!;
      const isDouble = hasDoubles && this.target.numberBytes === 4;
      const kernel = {
        kind: "addShards",
        width: isDouble ? 0 : width,
        pitch: isDouble ? 0 : pitch,
        isDouble,
      } as const;
      const args = [{ kind: "sum", sum, start: 0 } as const, this.argument(node)];
      this.placeAll(args);
      const split = { kind: "shards", count: isDouble ? width : rows } as const;
      return [node, { kernel: this.kernel(kernel), arguments: args, split }];
    });
  }

  /** Where a sum over rows is added up: in a body, to those around it, in other numbers of them in each round. */
  sumArguments(node: Expr): Extract<Argument, { kind: "sum" }>[] {
    const around = this.sumsAround(node);
    if (around.length === 0) return [{ kind: "sum", sum: this.sum(node), start: 0 }];
    return around.flatMap(({ sum, first, rounds }) =>
      this.sumArguments(sum).map((argument) => {
        const { pitch } = this.sums[argument.sum]!;
        const apart = isOfProducts(node)
          ? (sizeOf(node.shape) / node.shape.at(-1)!) * pitch
          : sizeOf(node.shape);
        const strides = [
          ...(argument.strides ?? []),
          ...rounds.map(({ loop, by }) => ({ loop, numbers: by * apart })),
        ];
        return {
          ...argument,
          start: argument.start + first * apart,
          ...(strides.length > 0 ? { strides } : {}),
        };
      }),
    );
  }
}

/** Whether a sum over rows is one of products, which is kept row by row. */
function isOfProducts(node: Expr): boolean {
  let leaf = node;
  while (leaf.op === "sumOfScan") leaf = (leaf.inputs[0] as ScanGradientExpr).sums[leaf.index]!;
  return leaf.op !== "sumRows";
}
