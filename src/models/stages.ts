/**
 * Two stages over many rows, block by block.
 *
 * @module
 */

/** Rows of a block; an engine has as many in memory at a time. */
const blockRows = 16384;

/**
 * Runs two asynchronous stages over blocks of rows: the first of a block is under way while the second of the block
 * before is, so that copies in and out cost no time of their own.
 *
 * @param count - Rows, 0 or more.
 * @param first - Gets the first row of a block and the one past its last.
 * @param second - Gets what the first has given.
 */
export async function inTwoStages<Between>(
  count: number,
  first: (from: number, to: number) => Promise<Between>,
  second: (from: number, to: number, between: Between) => Promise<void>,
): Promise<void> {
  const begin = (from: number): Promise<Between> | undefined => {
    if (from >= count) return undefined;
    const begun = first(from, Math.min(from + blockRows, count));
    // Awaited later: a failure meanwhile is not one that nobody hears of.
    begun.catch(() => undefined);
    return begun;
  };
  let next = begin(0);
  let before: Promise<void> | undefined;
  for (let from = 0; next; from += blockRows) {
    const between = await next;
    next = begin(from + blockRows);
    await before;
    before = second(from, Math.min(from + blockRows, count), between);
    before.catch(() => undefined);
  }
  await before;
}
