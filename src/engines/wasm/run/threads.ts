/**
 * The threads that run compiled programs: `worker_threads` in Node, web workers in a browser. They are started when
 * first needed, shared by all programs, and do not keep a process alive while they are idle.
 *
 * @module
 */

import { UsageError } from "../../../errors.ts";
import { type Background, startThread } from "../../../platform/platform.ts";
import { meet, runJob } from "./job.ts";
import { type Answers, answer, type Notice, type Question, type Reply } from "./worker.ts";

/** The text that a worker runs. */
const script = (): string => `
const tools = {
  runJob: ${runJob.toString()},
  meet: ${meet.toString()},
  turn,
  send: (reply, transfer) => port.postMessage(reply, transfer),
};
const programs = new Map();
const answer = ${answer.toString()};
listen((request) => answer(request, programs, tools));
`;

const failed = (reason: string): Error => new Error(`A thread of the engine failed: ${reason}`);

/** Who waits for an answer. */
interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
  readonly onTiles: ((tiles: number) => void) | undefined;
}

/** One thread, and the questions that it has yet to answer. */
export class Thread {
  readonly #worker: Background;
  readonly #waiting = new Map<number, Waiting>();
  #tickets = 0;
  #failure: Error | undefined;
  #isRetired = false;

  constructor() {
    this.#worker = startThread(
      script(),
      (reply) => this.#settle(reply as Reply),
      (error) => this.end(error instanceof UsageError ? error : failed(error.message)),
    );
  }

  /** Whether it can still be asked. */
  get isAlive(): boolean {
    return this.#failure === undefined;
  }

  /** Tells the thread something; requests are dealt with in order. */
  tell(notice: Notice, transfer?: ArrayBuffer[]): void {
    if (this.isAlive) this.#worker.post(notice, transfer);
  }

  /** Asks the thread something. Rejects if it cannot answer, or is no more. */
  ask<K extends keyof Answers>(
    question: Question & { readonly kind: K },
    onTiles?: (tiles: number) => void,
  ): Promise<Answers[K]> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      if (this.#waiting.size === 0) this.#worker.keepAlive(true);
      const ticket = this.#tickets++;
      this.#waiting.set(ticket, { resolve, reject, onTiles });
      this.#worker.post({ ...question, ticket });
    });
  }

  /** Stops the thread when it has answered everything; nothing may be asked any more. */
  retire(): void {
    this.#isRetired = true;
    if (this.#waiting.size === 0) this.end(failed("it was retired"));
  }

  /** Stops the thread; what it was asked, and will be, is rejected with the error. */
  end(error: Error): void {
    if (!this.isAlive) return;
    this.#failure = error;
    this.#worker.end();
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #settle({ ticket, value, tiles, error }: Reply): void {
    const waiting = this.#waiting.get(ticket);
    if (tiles !== undefined) return waiting?.onTiles?.(tiles);
    this.#waiting.delete(ticket);
    if (this.#waiting.size === 0) this.#worker.keepAlive(false);
    if (error === undefined) waiting?.resolve(value as never);
    else waiting?.reject(failed(error));
    if (this.#isRetired && this.#waiting.size === 0) this.end(failed("it was retired"));
  }
}

let sharing: Thread[] = [];
let owning: Thread | undefined;

/** So many threads for programs in shared memory, the same for everybody; those that are missing are started. */
export function startThreads(count: number): Thread[] {
  for (let i = 0; i < count; i++) if (!sharing[i]?.isAlive) sharing[i] = new Thread();
  return sharing.slice(0, count);
}

/** The thread of programs in memory of its own, the same for everybody. */
export function startOwningThread(): Thread {
  if (!owning?.isAlive) owning = new Thread();
  return owning;
}

/**
 * Ends the threads for programs in shared memory when they have answered what they were asked; later programs, and later
 * runs of those that are there, start new ones. With them goes what they had not collected.
 */
export function retireThreads(): void {
  for (const thread of sharing) thread.retire();
  sharing = [];
}
