/**
 * What a thread does with a compiled program. `runJob` and `meet` are sent to workers as text, so that each must be
 * complete in itself: it uses nothing but its arguments and the globals that every runtime has, and names no function
 * inside (bundlers that keep names would add a call of their own helper).
 *
 * @module
 */

/** What a thread needs to know of a compiled program; numbers are addresses and sizes in bytes. */
export interface JobPlan {
  readonly rowLength: number;
  readonly shards: number;
  readonly shardBytes: number;
  readonly mostShards: number;
  readonly arenas: number;
  readonly arenaBytes: number;
  /** Whether anything is summed over rows; if not, tiles are dealt out without shards. */
  readonly hasSums: boolean;
  readonly levels: { readonly prologue: number; readonly epilogue: number; readonly updates: number };
}

/** Steps to run: one for an evaluation, many for training. */
export interface Job {
  readonly steps: number;
  /** Rows of each step: 32-bit counts, and row numbers one step after another. */
  readonly counts: number;
  readonly indices: number;
  /** Copied into place before each step, from where all steps' values are. */
  readonly stepInputs: readonly { readonly from: number; readonly to: number; readonly bytes: number }[];
  /** Copied away after each step. */
  readonly sums: readonly { readonly from: number; readonly to: number; readonly bytes: number }[];
  readonly applyUpdates: boolean;
  /** Key of the random draws, number of the first step, and of the first row. */
  readonly random: {
    readonly k0: number;
    readonly k1: number;
    readonly firstStep: number;
    readonly firstRow: number;
  };
}

/** The functions of a module. */
export type JobExports = Readonly<Record<string, (...args: number[]) => void>>;

/**
 * Waits until all threads have come to their `round`-th meeting; returns the number of the next. Throws if one of them
 * will never come, which the host says by the word `failed`, with a new generation to end the waiting.
 */
export function meet(words: Int32Array, threads: number, round: number): number {
  const arrived = 0;
  const generation = 1;
  const failed = 10;
  if (threads === 1) return round;
  const next = (round + 1) | 0;
  if (Atomics.add(words, arrived, 1) === threads - 1) {
    Atomics.store(words, arrived, 0);
    Atomics.store(words, generation, next);
    Atomics.notify(words, generation);
    return next;
  }
  // Spinning is faster while every thread has a core; waiting is kinder when one has not.
  let spins = 4000;
  while (Atomics.load(words, generation) === round)
    if (spins-- <= 0) Atomics.wait(words, generation, round, 1000);
  if (Atomics.load(words, failed) !== 0) throw new Error("another thread of the program failed");
  return next;
}

/**
 * Runs a job as one of `threads` threads; all of them must be started. Pauses between steps and tiles, for a caller
 * that has something else to do; returns the steps done. A stop in the middle of a step leaves the step out: nothing
 * of it is seen outside the memory that the next step overwrites.
 */
export function* runJob(
  exports: JobExports,
  memory: WebAssembly.Memory,
  plan: JobPlan,
  job: Job,
  { thread, threads }: { readonly thread: number; readonly threads: number },
  meeting: typeof meet,
): Generator<void, number> {
  const generation = 1;
  const stop = 2;
  const progress = 3;
  const decision = 4;
  const claimed = 5;
  const key = 6;
  const stepNumber = 8;
  const firstRow = 9;
  const cut = 11;
  const tilesDone = 12;
  const words = new Int32Array(memory.buffer);
  const bytes = new Uint8Array(memory.buffer);
  let round = Atomics.load(words, generation);
  const arena = plan.arenas + thread * plan.arenaBytes;
  let indices = job.indices;
  for (let step = 0; step < job.steps; step++) {
    if (step > 0) yield;
    if (thread === 0) {
      for (const copy of job.stepInputs)
        bytes.copyWithin(copy.to, copy.from + step * copy.bytes, copy.from + (step + 1) * copy.bytes);
      words[key] = job.random.k0;
      words[key + 1] = job.random.k1;
      words[stepNumber] = job.random.firstStep + step;
      words[firstRow] = job.random.firstRow;
      Atomics.store(words, decision, Atomics.load(words, stop));
      Atomics.store(words, claimed, 0);
      Atomics.store(words, cut, 0);
      Atomics.store(words, tilesDone, 0);
    }
    round = meeting(words, threads, round);
    if (Atomics.load(words, decision) !== 0) return step;
    for (let level = 0; level < plan.levels.prologue; level++) {
      exports[`p${level}`]!(thread, threads, 0);
      round = meeting(words, threads, round);
    }
    const rows = words[job.counts / 4 + step]!;
    const tiles = Math.ceil(rows / plan.rowLength);
    // A function of the batch alone, so that sums do not depend on the number of threads. Of no rows there is one
    // shard, whose sums are zero.
    const shards = Math.max(1, Math.min(tiles, tiles >= 32 ? plan.mostShards : Math.min(plan.mostShards, 4)));
    // Threads claim the next piece when they are done with one: who does it changes nothing, and no thread waits long
    // for another that has lost its core.
    if (plan.hasSums) {
      for (
        let shard = Atomics.add(words, claimed, 1);
        shard < shards;
        shard = Atomics.add(words, claimed, 1)
      ) {
        const base = plan.shards + shard * plan.shardBytes;
        exports.zero!(base, plan.shardBytes);
        const end = Math.floor(((shard + 1) * tiles) / shards);
        for (let tile = Math.floor((shard * tiles) / shards); tile < end; tile++) {
          if (Atomics.load(words, stop) !== 0) {
            Atomics.store(words, cut, 1);
            break;
          }
          const position = tile * plan.rowLength;
          const count = Math.min(plan.rowLength, rows - position);
          exports.tile!(arena, base, indices + 4 * position, count, position);
          Atomics.add(words, tilesDone, 1);
          yield;
        }
      }
    } else {
      for (let tile = Atomics.add(words, claimed, 1); tile < tiles; tile = Atomics.add(words, claimed, 1)) {
        if (Atomics.load(words, stop) !== 0) {
          Atomics.store(words, cut, 1);
          break;
        }
        const position = tile * plan.rowLength;
        const count = Math.min(plan.rowLength, rows - position);
        exports.tile!(arena, plan.shards, indices + 4 * position, count, position);
        Atomics.add(words, tilesDone, 1);
        yield;
      }
    }
    round = meeting(words, threads, round);
    // Written before the meeting: all threads read the same.
    if (Atomics.load(words, cut) !== 0) return step;
    for (let level = 0; level < plan.levels.epilogue; level++) {
      exports[`e${level}`]!(thread, threads, shards);
      round = meeting(words, threads, round);
    }
    for (let level = 0; job.applyUpdates && level < plan.levels.updates; level++) {
      exports[`u${level}`]!(thread, threads, shards);
      round = meeting(words, threads, round);
    }
    if (thread === 0) {
      for (const copy of job.sums)
        bytes.copyWithin(copy.to + step * copy.bytes, copy.from, copy.from + copy.bytes);
      Atomics.store(words, progress, step + 1);
    }
    indices += 4 * rows;
  }
  meeting(words, threads, round);
  return job.steps;
}
