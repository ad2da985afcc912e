/**
 * The tables of a plan while it is made: values, kernels, whole numbers, sums over rows, and where in memory they are.
 *
 * @module
 */

import { type Expr, type ParameterExpr, sizeOf } from "../../graph/expr.ts";
import type { ScalarBody } from "../../graph/ops/maps.ts";
import { viewOf } from "../analysis/storage.ts";
import { type Kernel, kernelName } from "../kernels.ts";
import type {
  Argument,
  Item,
  KernelId,
  Place,
  PlanTarget,
  PlanValue,
  ShardSum,
  SharedCall,
  Stride,
  Table,
  ValueId,
} from "../plan.ts";
import type { ScalarCode } from "../scalarCode.ts";
import type { CodeTable } from "./fusedCode.ts";

/** A value whose place is still to be found. */
interface Draft extends Omit<PlanValue, "place"> {
  place: Place | undefined;
}

/** Which of the slices of a value: the first, and how many further in each round of each loop. */
export interface Rounds {
  readonly first: number;
  readonly rounds: readonly { readonly loop: number; readonly by: number }[];
}

/** Gives out numbers for values and kernels, and memory, from the engine's own on; nothing is given back. */
export class PlanTables implements CodeTable {
  readonly target: PlanTarget;
  readonly kernels: Kernel[] = [];
  readonly tables: Table[] = [];
  readonly sums: ShardSum[] = [];
  readonly #drafts: Draft[] = [];
  readonly #idOf = new Map<Expr, ValueId>();
  readonly #parameterIds = new Map<string, ValueId>();
  readonly #kernelByName = new Map<string, KernelId>();
  readonly #codeByText = new Map<string, number>();
  readonly #codeByName = new Map<string, ScalarCode>();
  readonly #bodies = new Map<ScalarBody, number>();
  readonly #tableByContent = new Map<string, number>();
  readonly #tableByData = new Map<Int32Array, number>();
  /** What slots stand for: slices of a stacked value, or of states that are kept. */
  readonly #slices = new Map<Expr, Rounds & { readonly of: Expr | ValueId }>();
  #loops = 0;
  #top: number;

  /** @param parameters - Have the first places. */
  constructor(target: PlanTarget, parameters: readonly ParameterExpr[]) {
    this.target = target;
    this.#top = target.reservedBytes;
    for (const parameter of parameters) this.place(this.value(viewOf(parameter).owner));
  }

  /** End of what has been given out. */
  get end(): number {
    return this.#top;
  }

  /** Bytes of the sums of a shard. */
  get shardBytes(): number {
    return 64;
  }

  /** The address of so many bytes. */
  allocate(bytes: number): number {
    const address = Math.ceil(this.#top / 64) * 64;
    // A vector more, since vectors read past the end of lengths that are not a multiple of theirs.
    this.#top = address + Math.ceil(bytes / 16) * 16 + 16;
    return address;
  }

  // ---- values

  #add(draft: Draft): ValueId {
    return this.#drafts.push(draft) - 1;
  }

  /** The number of a value that owns memory, or of a scan's slice. Parameters of one name are one. */
  value(owner: Expr): ValueId {
    let id = this.#idOf.get(owner);
    if (id !== undefined) return id;
    const isParameter = owner.op === "parameter";
    id = isParameter ? this.#parameterIds.get(owner.name) : undefined;
    id ??= this.#slices.has(owner) ? this.#slice(owner) : this.#owning(owner);
    this.#idOf.set(owner, id);
    if (isParameter) this.#parameterIds.set(owner.name, id);
    return id;
  }

  #owning(owner: Expr): ValueId {
    return this.#add({
      space: owner.space === "row" ? "row" : "shared",
      name: "name" in owner ? owner.name : owner.op,
      size: sizeOf(owner.shape),
      ...(owner.op === "constant" ? { constant: owner.data } : {}),
      place: undefined,
    });
  }

  #slice(slot: Expr): ValueId {
    const strides: Stride[] = [];
    let owner = slot;
    let offset = 0;
    const size = sizeOf(slot.shape);
    for (let slice = this.#slices.get(owner); slice; slice = this.#slices.get(owner)) {
      const apart = sizeOf(owner.shape);
      strides.push(...slice.rounds.map(({ loop, by }) => ({ loop, numbers: by * apart })));
      offset += slice.first * apart;
      if (typeof slice.of === "number") {
        const place: Place = { kind: "slice", of: slice.of, offset, strides };
        return this.#add({ space: "row", name: "state", size, place });
      }
      const stacked = viewOf(slice.of);
      owner = stacked.owner;
      offset += stacked.offset;
    }
    return this.#add({
      space: "step",
      name: "slice",
      size,
      place: { kind: "slice", of: this.value(owner), offset, strides },
    });
  }

  /** A value of rows that no node stands for; with a `pitch` it is kept row by row. */
  temporary(name: string, size: number, pitch?: number): ValueId {
    return this.#add({ space: "row", name, size, ...(pitch ? { pitch } : {}), place: undefined });
  }

  /** A number by which slices name a loop. */
  loop(): number {
    return this.#loops++;
  }

  /** Says which slice of what a slot stands for from now on; without, for a value of its own. One body may be in many loops. */
  bindSlot(slot: Expr, of?: Expr | ValueId, { first, rounds }: Rounds = { first: 0, rounds: [] }): void {
    if (of === undefined) this.#slices.delete(slot);
    else this.#slices.set(slot, { of, first, rounds });
    this.#idOf.delete(slot);
  }

  /** A value, some numbers in. */
  argument(value: Expr, start = 0): Argument {
    const { owner, offset } = viewOf(value);
    return { kind: "value", value: this.value(owner), start: offset + start };
  }

  // ---- places

  /** Where a shared value is; it gets a place at the first request. */
  place(id: ValueId): number {
    const draft = this.#drafts[id]!;
    if (draft.place?.kind === "slice") return this.place(draft.place.of);
    draft.place ??= {
      kind: "memory",
      address: this.allocate(draft.size * this.target.numberBytes),
    };
    return (draft.place as Extract<Place, { kind: "memory" }>).address;
  }

  /** Whether a value has a place. */
  hasPlace(id: ValueId): boolean {
    return this.#drafts[id]!.place !== undefined;
  }

  /** Lets a value be computed in the place of another. */
  placeIn(id: ValueId, other: ValueId): void {
    this.#drafts[id]!.place = { kind: "memory", address: this.place(other) };
  }

  /** Gives a place to every shared value among arguments, in their order. */
  placeAll(args: readonly Argument[]): void {
    for (const argument of args)
      if (argument.kind === "value" && !this.isOfRows(argument.value)) this.place(argument.value);
  }

  /** Gives a place to every shared value that the items read, in their order. */
  placeShared(items: readonly Item[]): void {
    for (const item of items) {
      if ("items" in item) this.placeShared(item.until ? [...item.items, item.until] : item.items);
      else this.placeAll(item.arguments);
    }
  }

  /** Says where in the arena values are. */
  placeInArena(offsets: ReadonlyMap<ValueId, number>): void {
    for (const [id, offset] of offsets) this.#drafts[id]!.place = { kind: "arena", offset };
  }

  /** The value that a state is a slice of, and the loops whose rounds have each another; any other value is its own. */
  holderOf(id: ValueId): { readonly value: ValueId; readonly strides: readonly Stride[] } {
    const { place } = this.#drafts[id]!;
    return place?.kind === "slice" ? { value: place.of, strides: place.strides } : { value: id, strides: [] };
  }

  /** Bytes of a value of rows. */
  arenaBytesOf(id: ValueId): number {
    const { size, pitch = size } = this.#drafts[id]!;
    return this.target.rowLength * pitch * this.target.numberBytes;
  }

  /** Whether a value is one of rows. */
  isOfRows(id: ValueId): boolean {
    return this.#drafts[id]!.space === "row";
  }

  /** The values. */
  finish(): PlanValue[] {
    for (const draft of this.#drafts) draft.place ??= { kind: "none" };
    return this.#drafts as PlanValue[];
  }

  // ---- kernels, tables, sums

  /** The number of a kernel; kernels of one name are one. */
  kernel(kernel: Kernel): KernelId {
    return this.#numberOf(this.#kernelByName, kernelName(kernel), () => this.kernels.push(kernel) - 1);
  }

  /** A scalar program by what it depends on; see {@link CodeTable}. */
  written(name: string, write: () => ScalarCode): ScalarCode {
    let code = this.#codeByName.get(name);
    if (!code) this.#codeByName.set(name, (code = write()));
    return code;
  }

  /** The number of the body of a map. Those that were written alike are one since they were simplified. */
  body(body: ScalarBody): number {
    let number = this.#bodies.get(body);
    if (number === undefined) this.#bodies.set(body, (number = this.#bodies.size));
    return number;
  }

  /** The number of a scalar program, by its text. */
  code(text: string): number {
    return this.#numberOf(this.#codeByText, text, () => this.#codeByText.size);
  }

  #numberOf(numbers: Map<string, number>, name: string, add: () => number): number {
    let number = numbers.get(name);
    if (number === undefined) numbers.set(name, (number = add()));
    return number;
  }

  /** A table of whole numbers. */
  table(data: Int32Array): Argument {
    let table = this.#tableByData.get(data);
    if (table === undefined) {
      const add = (): number => this.tables.push({ address: this.allocate(data.byteLength), data }) - 1;
      table = this.#numberOf(this.#tableByContent, data.join(), add);
      this.#tableByData.set(data, table);
    }
    return { kind: "table", table };
  }

  /** The sums over rows, with the calls that add up their shards. */
  shardCalls(): (readonly [Expr, SharedCall])[] {
    return [];
  }
}
