/**
 * Which rows each step of a training takes: batches of nearly equal size, and parts of them where a cycle begins.
 *
 * Far from the end many rough steps go farther than a few exact ones, and cost the same. So a cycle may begin with
 * parts of its batches, and end with whole ones.
 *
 * @module
 */

import { type Cycle, cycleAt } from "./cycles.ts";
import type { MinimizeOptions } from "./objective.ts";

/** How far into a cycle each batch is cut into so many parts, each a step of its own. */
export interface BatchParts {
  /** Share of the epochs of a cycle, from 0 to 1, before which this holds. */
  readonly until: number;
  readonly parts: number;
}

/** Steps in which rows are gone through once: batches of nearly equal size. */
export function stepsAnEpoch(rows: number, batch: number): number {
  return Math.max(1, Math.round(rows / batch));
}

/** The rows of a round, as places in the order of its epoch. */
export interface RoundBatches {
  readonly from: number;
  readonly to: number;
  /** Rows of each step; their sum is `to - from`. */
  readonly counts: readonly number[];
}

/** The steps of all rounds of a training. */
export class Batches {
  readonly #rows: number;
  readonly #steps: number;
  readonly #options: Pick<MinimizeOptions, "epochs" | "roundsAnEpoch" | "cycles" | "parts">;
  /** Steps before each round that was asked for, from the first one on. */
  readonly #before: number[] = [0];

  /** @param rows - Rows that an epoch goes through. */
  constructor(
    rows: number,
    options: Pick<MinimizeOptions, "batch" | "epochs" | "roundsAnEpoch" | "cycles" | "parts">,
  ) {
    this.#rows = rows;
    this.#steps = stepsAnEpoch(rows, options.batch);
    this.#options = options;
  }

  /** Steps before a round, counted from 0. */
  stepsBefore(round: number): number {
    for (let at = this.#before.length - 1; at < round; at++) {
      const [from, to] = this.#batchesOf(at);
      this.#before.push(this.#before[at]! + this.#partsOf(at) * (to - from));
    }
    return this.#before[round]!;
  }

  ofRound(round: number): RoundBatches {
    const parts = this.#partsOf(round);
    const steps = parts * this.#steps;
    const [from, to] = this.#batchesOf(round);
    const rowsBefore = (step: number): number => Math.floor((step * this.#rows) / steps);
    const first = parts * from;
    return {
      from: rowsBefore(first),
      to: rowsBefore(parts * to),
      counts: Array.from(
        { length: parts * (to - from) },
        (_, s) => rowsBefore(first + s + 1) - rowsBefore(first + s),
      ),
    };
  }

  /** First and last of the whole batches of a round, within its epoch. */
  #batchesOf(round: number): readonly [from: number, to: number] {
    const { roundsAnEpoch = 1 } = this.#options;
    const part = round % roundsAnEpoch;
    const before = (parts: number): number => Math.floor((parts * this.#steps) / roundsAnEpoch);
    return [before(part), before(part + 1)];
  }

  /** Steps of each batch of a round, but no more than a batch has rows. */
  #partsOf(round: number): number {
    const { epochs, cycles = [], parts = [] } = this.#options;
    const { start, end }: Cycle = cycleAt(round + 1, epochs, cycles);
    const done = (round - start) / (end - start);
    const wanted = parts.find(({ until }) => done < until)?.parts ?? 1;
    return Math.max(1, Math.min(wanted, Math.floor(this.#rows / this.#steps)));
  }
}
