/**
 * A compiled program in the memory of one worker, for pages that are not cross-origin isolated; other pages do not load this.
 *
 * @module
 */

import type { Region } from "../control.ts";
import { arrayOf, type Following, type Host, type HostedProgram, listenTo, nextProgram } from "./host.ts";
import type { Job } from "./job.ts";
import { pageBytes } from "./memories.ts";
import { startOwningThread, type Thread } from "./threads.ts";

/** A program in memory of a worker's own. */
export class PrivateHost implements Host {
  readonly #id = nextProgram();
  readonly #thread: Thread;
  readonly #Numbers: typeof Float32Array | typeof Float64Array;
  #bytes = 0;
  #jobs = 0;

  constructor({ module, plan, precision, maximumPages }: HostedProgram) {
    this.#thread = startOwningThread();
    this.#Numbers = arrayOf[precision];
    this.#thread.tell({ kind: "compile", program: this.#id, module, plan, memory: maximumPages });
  }

  async reserve(bytes: number): Promise<boolean> {
    const pages = Math.max(0, Math.ceil((bytes - this.#bytes) / pageBytes));
    if (pages > 0) {
      if (!(await this.#thread.ask({ kind: "grow", program: this.#id, pages }))) return false;
      this.#bytes += pageBytes * pages;
    }
    return true;
  }

  writeNumbers(address: number, data: Float64Array): void {
    this.#write(address, new this.#Numbers(data).buffer);
  }

  writeIntegers(address: number, data: ArrayLike<number>): void {
    this.#write(address, (data instanceof Uint32Array ? data.slice() : new Int32Array(data)).buffer);
  }

  async read(regions: readonly Region[]): Promise<Float64Array[]> {
    const width = this.#Numbers.BYTES_PER_ELEMENT;
    const ranges = regions.map(({ address, size }) => ({ address, bytes: size * width }));
    const parts = await this.#thread.ask({ kind: "read", program: this.#id, ranges });
    return parts.map((part) => new Float64Array(new this.#Numbers(part)));
  }

  async run(job: Job, { signals, onTiles }: Following): Promise<number> {
    const number = this.#jobs++;
    const deaf = listenTo(signals, () => this.#thread.tell({ kind: "stop", program: this.#id, job: number }));
    try {
      const share = { thread: 0, threads: 1 };
      return await this.#thread.ask({ kind: "run", program: this.#id, job, share, number }, onTiles);
    } finally {
      deaf();
    }
  }

  dispose(): void {
    this.#thread.tell({ kind: "forget", program: this.#id });
  }

  #write(address: number, data: ArrayBuffer): void {
    this.#thread.tell({ kind: "write", program: this.#id, address, data }, [data]);
  }
}
