/**
 * Marks on the places of a memory: what each holds. Neighbors that hold the same are one run, so that a value of a million numbers
 * costs what one of ten does.
 *
 * @module
 */

import type { Range } from "./touches.ts";

/** See the file's head. Everything holds 0 at first. */
export class Marks {
  /** Where runs begin, in order, the first at 0; each goes on to the next. */
  readonly #starts: number[] = [0];
  readonly #held: number[] = [0];

  /** The run that a place is in. */
  #runAt(place: number): number {
    let [low, high] = [0, this.#starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle]! <= place) low = middle;
      else high = middle;
    }
    return low;
  }

  /** Marks the places `from` to `to`. */
  set(from: number, to: number, mark: number): void {
    if (from >= to) return;
    const [first, last] = [this.#runAt(from), this.#runAt(to)];
    const rest = this.#held[last]!;
    const kept = this.#starts[first]! < from ? first + 1 : first;
    const isJoined = kept > 0 && this.#held[kept - 1] === mark;
    const starts = isJoined ? [] : [from];
    const held = isJoined ? [] : [mark];
    if (rest !== mark) {
      starts.push(to);
      held.push(rest);
    }
    this.#starts.splice(kept, last + 1 - kept, ...starts);
    this.#held.splice(kept, last + 1 - kept, ...held);
  }

  /** The runs within `from` to `to` that hold something else. */
  others(from: number, to: number, isMeant: (mark: number) => boolean): Range[] {
    const ranges: Range[] = [];
    if (from >= to) return ranges;
    for (let run = this.#runAt(from); run < this.#starts.length && this.#starts[run]! < to; run++)
      if (!isMeant(this.#held[run]!))
        ranges.push([
          Math.max(from, this.#starts[run]!),
          Math.min(to, this.#starts[run + 1] ?? Number.POSITIVE_INFINITY),
        ]);
    return ranges;
  }
}
