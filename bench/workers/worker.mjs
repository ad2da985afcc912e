/**
 * What the workers in JavaScript share: the protocol of README.md, the data, and timing.
 *
 * A worker imports this first and its library afterwards, dynamically, so that start-up is timed from the import on.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { createInterface } from "node:readline";

const started = performance.now();

// The protocol has standard output for itself.
console.log = console.info = console.error;

/** Threads that this worker was told to use. */
export const threads = Number(process.env.BENCH_THREADS ?? 1);

/**
 * One workload, ready to be timed.
 * @typedef {object} Prepared
 * @property {number} parameters of the flow, trained ones.
 * @property {(repeats: number) => Promise<number[]>} time gives milliseconds a call: one reading, or several.
 * @property {() => void} [release] gives memory back.
 */

/**
 * The task's table, from its first row on, row-major.
 * @param {{ data: string, features: number }} task
 * @param {number} rows
 */
export function readRows({ data, features }, rows) {
  const values = new Float32Array(rows * features);
  const file = openSync(data, "r");
  readSync(file, values);
  closeSync(file);
  return values;
}

/**
 * Reads the time of each call.
 * @param {() => unknown} call
 * @param {(result: unknown) => void} check of the last result, not timed.
 */
export function eachCall(call, check) {
  return async (/** @type {number} */ repeats) => {
    const times = [];
    let result;
    for (let i = 0; i < repeats; i++) {
      const from = performance.now();
      result = await call();
      times.push(performance.now() - from);
    }
    check(result);
    return times;
  };
}

/**
 * Refuses numbers whose mean is not finite.
 * @param {ArrayLike<number>} values
 */
export function checkFinite(values) {
  if (!Number.isFinite(Array.prototype.reduce.call(values, (sum, value) => sum + value, 0)))
    throw new Error("the result is not finite");
}

/**
 * Answers the driver's requests, one JSON a line, until its input ends.
 * @param {{ version: string, wide?: boolean, threads?: number }} about
 * @param {(task: any) => Promise<Prepared | undefined>} prepare of a workload; undefined for one that is not offered.
 */
export async function serve(about, prepare) {
  const reply = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
  reply({ wide: false, node: process.versions.node, ...about });
  /** @type {Prepared | undefined} */
  let prepared;
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    try {
      if (request.time !== undefined) {
        const ms = await prepared.time(request.time);
        reply({ ms, sinceImport: performance.now() - started });
        continue;
      }
      prepared?.release?.();
      prepared = request.prepare && (await prepare(request.prepare));
      reply({ parameters: prepared?.parameters ?? null });
    } catch (error) {
      console.error(error);
      reply({ error: String(error) });
    }
  }
  process.exit(0);
}
