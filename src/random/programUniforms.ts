/**
 * The random numbers that programs draw, as every engine has to give them.
 *
 * @module
 */

import { philox4x32, type RandomKey, streamWord } from "./philox.ts";

/** What the draws of a program start from. */
interface ProgramDraws {
  readonly key: RandomKey;
  readonly step: number;
  readonly firstRow: number;
}

/**
 * The uniform numbers that a program draws for rows `firstRow` on: element i of a row is word i % 4 of the block with the
 * counter (i / 4, row, step, stream), of which the top 23 bits are used.
 *
 * @returns `rows * size` numbers, row-major.
 */
export function programUniforms(
  draws: ProgramDraws,
  stream: string,
  rows: number,
  size: number,
): Float64Array {
  return uniformsOfWord(draws, streamWord(stream), rows, size);
}

/** {@link programUniforms} of a stream by its number; see {@link streamWord}. */
export function uniformsOfWord(
  { key, step, firstRow }: ProgramDraws,
  word: number,
  rows: number,
  size: number,
): Float64Array {
  const block = new Uint32Array(4);
  const out = new Float64Array(rows * size);
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < size; i++) {
      if (i % 4 === 0) philox4x32(i / 4, (firstRow + row) >>> 0, step >>> 0, word, key.k0, key.k1, block);
      out[row * size + i] = (2 * (block[i % 4]! >>> 9) + 1) * 2 ** -24;
    }
  return out;
}
