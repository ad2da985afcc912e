/**
 * The control words at the start of a program's memory.
 *
 * @module
 */

/** Words of 32 bits that host and threads talk through. */
export const control = {
  arrived: 0,
  generation: 1,
  stop: 2,
  progress: 3,
  /** Words of the random draws: the key, the step, and the number of the first row. */
  key: 6,
  step: 8,
  firstRow: 9,
  /** Set when a thread will not come to the next meeting. */
  failed: 10,
  /** Tiles of the step at hand that are done. */
  tiles: 12,
  /** Addresses of the rows of inputs and outputs, one after another. */
  pointers: 16,
} as const;

/** Where an array lies: address in bytes, and number of elements. */
export interface Region {
  readonly address: number;
  readonly size: number;
}
