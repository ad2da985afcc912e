/**
 * Threads that compute: where memory may be shared one core is left to the page, elsewhere there is one thread.
 *
 * @module
 */

/** As many as are worth it at most: two columns of points keep few busy. */
const most = { points: 4, table: 8 } as const;

/** Threads for points or for a table; the same on the page and in its workers. */
export const threadsFor = (what: keyof typeof most): number =>
  crossOriginIsolated ? Math.max(1, Math.min(most[what], navigator.hardwareConcurrency - 1)) : 1;
