/**
 * How far the pass over a source is that finds out what its columns are.
 *
 * @module
 */

/** Bytes of the pass. */
export interface FirstPass {
  readonly bytes: number;
  readonly totalBytes: number;
}

/** Counts the bytes of a pass for who wants to know. */
export interface FirstPassCount {
  /** Counts further bytes, while the pass goes on. */
  readonly add: (bytes: number) => void;
  /** What is done in the pass. */
  during<Result>(pass: () => Promise<Result>): Promise<Result>;
}

/**
 * The count of a pass over so many bytes. Some are read twice, such as the description of a file: of those there are never more than all, and
 * all of them are read when the pass is over.
 */
export function firstPass(
  totalBytes: number,
  onFirstPass: ((read: FirstPass) => void) | undefined,
): FirstPassCount {
  let [bytes, isGoing] = [0, false];
  return {
    add(count) {
      if (!isGoing) return;
      bytes = Math.min(totalBytes, bytes + count);
      onFirstPass?.({ bytes, totalBytes });
    },
    async during(pass) {
      isGoing = true;
      try {
        const result = await pass();
        onFirstPass?.({ bytes: totalBytes, totalBytes });
        return result;
      } finally {
        isGoing = false;
      }
    },
  };
}
