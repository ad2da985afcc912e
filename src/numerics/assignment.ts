/**
 * The assignment problem: n workers to n jobs at least total cost, exactly, by shortest augmenting paths.
 *
 * R. Jonker, A. Volgenant, "A shortest augmenting path algorithm for dense and sparse linear assignment problems", Computing
 * 38 (1987), https://doi.org/10.1007/BF02278710, without its initialization.
 *
 * @module
 */

/**
 * The job of each worker in an assignment of least total cost.
 *
 * Dual prices u of workers and v of jobs keep u_i + v_j <= cost_ij, with equality on what is assigned. Each worker in turn
 * is added by a shortest path in the reduced costs (Dijkstra's), along which assignments are swapped. Cost O(n^3) at most.
 *
 * @param cost - Row-major, worker by job; finite.
 */
export function assign(cost: Float64Array, n: number): Int32Array {
  const workerPrice = new Float64Array(n);
  const jobPrice = new Float64Array(n);
  const workerOf = new Int32Array(n).fill(-1);
  const jobOf = new Int32Array(n).fill(-1);
  const distance = new Float64Array(n);
  /** Worker from which a job is reached. */
  const workerBefore = new Int32Array(n);
  const isReached = new Uint8Array(n);
  const reachedJobs = new Int32Array(n);
  for (let first = 0; first < n; first++) {
    distance.fill(Number.POSITIVE_INFINITY);
    isReached.fill(0);
    let count = 0;
    let worker = first;
    let length = 0;
    let end = -1;
    while (end < 0) {
      let next = -1;
      let shortest = Number.POSITIVE_INFINITY;
      const offset = worker * n;
      for (let job = 0; job < n; job++) {
        if (isReached[job]) continue;
        const pathLength = length + cost[offset + job]! - workerPrice[worker]! - jobPrice[job]!;
        if (pathLength < distance[job]!) {
          distance[job] = pathLength;
          workerBefore[job] = worker;
        }
        // Of equally near jobs a free one ends the search.
        if (distance[job]! < shortest || (distance[job] === shortest && workerOf[job] === -1)) {
          shortest = distance[job]!;
          next = job;
        }
      }
      length = shortest;
      isReached[next] = 1;
      reachedJobs[count++] = next;
      if (workerOf[next] === -1) end = next;
      else worker = workerOf[next]!;
    }
    workerPrice[first]! += length;
    for (let k = 0; k < count - 1; k++) {
      const job = reachedJobs[k]!;
      const gain = length - distance[job]!;
      jobPrice[job]! -= gain;
      workerPrice[workerOf[job]!]! += gain;
    }
    for (let job = end; ; ) {
      const worker = workerBefore[job]!;
      workerOf[job] = worker;
      const left = jobOf[worker]!;
      jobOf[worker] = job;
      if (worker === first) break;
      job = left;
    }
  }
  return jobOf;
}
