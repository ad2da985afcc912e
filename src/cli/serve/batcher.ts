/**
 * Rows of requests that come at the same time, scored in one pass: while one pass runs, what comes in waits, and goes together into the
 * next one. Nothing waits where nothing runs.
 *
 * @module
 */

import { problem, tooLate } from "./problem.ts";

/** Rows of a request that wait. */
interface Job<Row> {
  readonly rows: readonly Row[];
  readonly resolve: (scores: Float64Array) => void;
  readonly reject: (error: unknown) => void;
  /** When an answer is of no use any more, in milliseconds of `performance.now()`. */
  readonly deadline: number;
}

/** Rows of one pass at most; those of one request are not taken apart. */
const mostRows = 16384;

/** How rows are scored together. */
export interface BatcherOptions<Row> {
  /** A number for each row; it does not depend on the other rows. */
  readonly score: (rows: readonly Row[]) => Promise<Float64Array>;
  /** Rows that may wait; more are refused. */
  readonly mostWaiting: number;
  /** Told of each pass. */
  readonly onPass: (rows: number, requests: number) => void;
}

/** See the head of this file. */
export class Batcher<Row> {
  readonly #options: BatcherOptions<Row>;
  readonly #waiting: Job<Row>[] = [];
  #waitingRows = 0;
  #isRunning = false;

  constructor(options: BatcherOptions<Row>) {
    this.#options = options;
  }

  /**
   * Scores of rows.
   * @throws A problem of status 503 where too many rows wait, 504 where they have waited too long; what scoring throws of these very rows.
   */
  async score(rows: readonly Row[], deadline: number): Promise<Float64Array> {
    if (this.#waitingRows + rows.length > this.#options.mostWaiting && this.#waiting.length > 0)
      throw problem(503, "overloaded", "too many rows wait; ask again later");
    return await new Promise<Float64Array>((resolve, reject) => {
      this.#waiting.push({ rows, resolve, reject, deadline });
      this.#waitingRows += rows.length;
      if (this.#isRunning) return;
      this.#isRunning = true;
      // After all requests that the event loop has ready.
      setImmediate(() => void this.#run());
    });
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) await this.#pass(this.#next());
    this.#isRunning = false;
  }

  /** The jobs of the next pass. */
  #next(): readonly Job<Row>[] {
    let rows = 0;
    let count = 0;
    for (const job of this.#waiting) {
      if (count > 0 && rows + job.rows.length > mostRows) break;
      rows += job.rows.length;
      count++;
    }
    this.#waitingRows -= rows;
    const jobs = this.#waiting.splice(0, count);
    const now = performance.now();
    for (const { deadline, reject } of jobs) if (deadline < now) reject(tooLate());
    return jobs.filter(({ deadline }) => deadline >= now);
  }

  async #pass(jobs: readonly Job<Row>[]): Promise<void> {
    if (jobs.length === 0) return;
    const rows = jobs.flatMap((job) => job.rows);
    this.#options.onPass(rows.length, jobs.length);
    try {
      const scores = await this.#options.score(rows);
      let from = 0;
      for (const job of jobs) {
        const to = from + job.rows.length;
        job.resolve(scores.subarray(from, to));
        from = to;
      }
    } catch (error) {
      if (jobs.length === 1) return jobs[0]!.reject(error);
      // A row that cannot be scored is the affair of its own request.
      for (const job of jobs) await this.#pass([job]);
    }
  }
}
