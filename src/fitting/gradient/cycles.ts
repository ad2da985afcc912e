/**
 * Cycles of the schedule: one after another, as long as they raise the held-out score.
 *
 * @module
 */

import type { EpochRecord } from "./objective.ts";

/** Nats per row by which a cycle must lower the validation loss for another to follow: less is noise. */
export const leastGain = 0.01;

/** The same for the second half of the first cycle. */
const leastHalfGain = 0.03;

/** Validations of a later cycle, about. */
const validationsACycle = 60;

/** One cycle of the schedule: epochs from `start` on, before `end`. */
export interface Cycle {
  readonly index: number;
  readonly start: number;
  readonly end: number;
}

/** The cycle after one. */
export function following({ index, end }: Cycle, cycles: readonly number[]): Cycle {
  return { index: index + 1, start: end, end: end + cycles[index]! };
}

/**
 * Whether the last cycle is worth another: its best is better than that of the cycles before. The first has nothing to
 * be compared with; there its second half must be better than its first, which it is by a little wherever the rate comes down.
 */
export function hasGained(history: readonly EpochRecord[], { index, start, end }: Cycle): boolean {
  const before = history.filter(({ epoch }) => epoch <= (index > 0 ? start : end / 2));
  const after = history.filter(({ epoch }) => epoch > (index > 0 ? start : end / 2));
  return best(after) < best(before) - (index > 0 ? leastGain : leastHalfGain);
}

/** The cycle that an epoch is in, or that it ends. */
export function cycleAt(epoch: number, first: number, cycles: readonly number[]): Cycle {
  let cycle: Cycle = { index: 0, start: 0, end: first };
  while (epoch > cycle.end && cycle.index < cycles.length) cycle = following(cycle, cycles);
  return cycle;
}

/** Epochs between the validations of a later cycle. */
export function cycleValidations({ start, end }: Cycle): number {
  return Math.max(1, Math.floor((end - start) / validationsACycle));
}

/** Whether the validation loss still fell when a cycle ended. */
export function wasRising(history: readonly EpochRecord[], cycle: Cycle): boolean {
  if (cycle.index > 0) return hasGained(history, cycle);
  const last = history[history.length - 1];
  if (!last || last.bestEpoch < 0.9 * cycle.end) return false;
  const before = history.filter(({ epoch }) => epoch <= 0.5 * cycle.end);
  return before.length > 0 && best(history) < best(before) - leastHalfGain;
}

function best(records: readonly EpochRecord[]): number {
  return Math.min(
    ...records.map(({ validationLoss }) =>
      Number.isNaN(validationLoss) ? Number.POSITIVE_INFINITY : validationLoss,
    ),
  );
}
