/**
 * Random lives of several programs on the same threads: loaded, stepped, run, aborted, disposed of while they work. Nothing
 * hangs, no program is harmed by another, and what one computes is what it computes alone.
 */

import { expect, test } from "vitest";
import type { Engine, Executable } from "../../src/engines/engine.ts";
import { wasmEngineWith } from "../../src/engines/wasm/engine.ts";
import { AbortedError, UsageError } from "../../src/errors.ts";
import { vjp } from "../../src/graph/derivative/derivative.ts";
import * as g from "../../src/graph/ops.ts";
import type { Program } from "../../src/graph/program.ts";
import type { RandomStream } from "../../src/random/philox.ts";
import { attackCases, attackSeed, attackStream, isLongAttack } from "./attack.ts";

const x = g.input("x", [3]);
const weights = g.parameter("weights", [5, 3]);
const hidden = g.tanh(g.linear(x, weights));
const loss = g.sumRows(g.sum(g.square(hidden)));
const slope = vjp([loss], [g.constant(1)], [weights])[0]!;
const programs: readonly Partial<Program>[] = [
  { rows: { hidden }, sums: { loss } },
  { sums: { loss }, updates: [{ parameter: weights, value: g.sub(weights, g.mul(1e-3, slope)) }] },
];
const start = Float64Array.from({ length: 15 }, (_, i) => Math.sin(i));
const engines: readonly Engine[] = [1, 2, 3]
  .map((threads) => wasmEngineWith(true, { threads }))
  .concat(wasmEngineWith(false));

/** One program that is led through a life, and the same on its own. */
class Life {
  readonly #own: Executable;
  readonly #alone: Executable;
  #rows = 0;
  /** From then on what it was doing is rejected. */
  isDisposed = false;

  constructor(own: Executable, alone: Executable) {
    this.#own = own;
    this.#alone = alone;
  }

  async both(operation: (executable: Executable) => Promise<unknown>): Promise<void> {
    const [seen, expected] = await Promise.allSettled([operation(this.#own), operation(this.#alone)]);
    const isEnded = seen.status === "rejected" && this.isDisposed && seen.reason instanceof UsageError;
    if (!isEnded) expect(seen).toEqual(expected);
    expect(expected.status).toBe("fulfilled");
  }

  async act(stream: RandomStream): Promise<void> {
    switch (stream.integerBelow(6)) {
      case 0: {
        this.#rows = 1 + stream.integerBelow(stream.uniform() < 0.2 ? 30_000 : 300);
        const own = { rows: this.#rows, inputs: { x: numbers(3 * this.#rows) } };
        return this.both((executable) => executable.load(own));
      }
      case 1: {
        const rows = 1 + stream.integerBelow(2000);
        const own = { rows, inputs: { x: numbers(3 * rows) } };
        return this.both((executable) => executable.run(own));
      }
      case 2: {
        // Aborted at some time, or not at all: an error of one kind, or the whole result.
        const rows = 20_000;
        const own = { rows, inputs: { x: numbers(3 * rows) } };
        const abort = new AbortController();
        setTimeout(() => abort.abort(), stream.integerBelow(8));
        await this.#own.run(own, { signal: abort.signal }).catch((error: unknown) => {
          if (!(error instanceof AbortedError || (this.isDisposed && error instanceof UsageError)))
            throw error;
        });
        return;
      }
      case 3:
        return this.both((executable) => executable.setParameters({ weights: start }));
      case 4: {
        // Wrong on purpose: refused, and nothing changes.
        const stray = { indices: Uint32Array.of(this.#rows), counts: [1], stepInputs: {} };
        await expect(this.#own.step(stray)).rejects.toThrow();
        return;
      }
      default: {
        if (this.#rows === 0) return;
        const counts = Array.from({ length: 1 + stream.integerBelow(20) }, () => stream.integerBelow(100));
        const total = counts.reduce((sum, count) => sum + count, 0);
        const indices = Uint32Array.from({ length: total }, () => stream.integerBelow(this.#rows));
        return this.both((executable) => executable.step({ indices, counts, stepInputs: {} }));
      }
    }
  }

  dispose(): void {
    this.isDisposed = true;
    this.#own.dispose();
  }

  end(): void {
    this.dispose();
    this.#alone.dispose();
  }
}

const numbers = (length: number): Float64Array => Float64Array.from({ length }, (_, i) => Math.sin(i));

test(`lives of programs side by side, seed ${attackSeed}`, { timeout: 3_600_000 }, async () => {
  let resident = 0;
  const cases = attackCases(6);
  for (let index = 0; index < cases; index++) {
    const stream = attackStream("lifecycle", index);
    const engine = engines[stream.integerBelow(engines.length)]!;
    const lives = await Promise.all(
      Array.from({ length: 2 + stream.integerBelow(3) }, async () => {
        const program = programs[stream.integerBelow(programs.length)]!;
        const pair = await Promise.all([engine.compile(program), engines[0]!.compile(program)]);
        for (const own of pair) await own.setParameters({ weights: start });
        return new Life(...pair);
      }),
    );
    await Promise.all(
      lives.map(async (life, own) => {
        const moves = attackStream(`lifecycle ${index}`, own);
        const last = moves.uniform() < 0.4 ? moves.integerBelow(12) : -1;
        for (let move = 0; move < 12 && !life.isDisposed; move++) {
          // Some are disposed of while they work.
          if (move === last) setTimeout(() => life.dispose(), moves.integerBelow(3));
          try {
            await life.act(moves);
          } catch (error) {
            throw new Error(`seed ${attackSeed}, case ${index}, program ${own}, move ${move}`, {
              cause: error,
            });
          }
        }
      }),
    );
    for (const life of lives) life.end();
    if (index === Math.floor(cases / 3)) resident = process.memoryUsage.rss();
  }
  if (isLongAttack) expect(process.memoryUsage.rss() - resident).toBeLessThan(150 * 2 ** 20);
});
