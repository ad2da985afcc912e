/**
 * What a worker does: it keeps programs and answers requests about them. `answer` is sent to workers as text, under
 * the same terms as the functions of job.ts.
 *
 * @module
 */

import type { Job, JobExports, JobPlan, meet, runJob } from "./job.ts";

/** What a worker is told, without an answer. */
export type Notice =
  | {
      readonly kind: "compile";
      readonly program: number;
      readonly module: WebAssembly.Module;
      readonly plan: JobPlan;
      /** Shared by all threads; or in pages what memory that is the worker's own may grow to. */
      readonly memory: WebAssembly.Memory | number;
    }
  | {
      readonly kind: "write";
      readonly program: number;
      readonly address: number;
      readonly data: ArrayBuffer;
    }
  /** Stops the program's job after the step at hand. */
  | { readonly kind: "stop"; readonly program: number; readonly job: number }
  | { readonly kind: "forget"; readonly program: number };

/** What a worker is asked. */
export type Question =
  | {
      readonly kind: "run";
      readonly program: number;
      /** Memory as it is now, where it is shared: what a thread knows of its length may be old. */
      readonly memory?: WebAssembly.Memory | undefined;
      readonly job: Job;
      readonly share: { readonly thread: number; readonly threads: number };
      /** Number of the job, to stop it by. */
      readonly number: number;
    }
  | { readonly kind: "grow"; readonly program: number; readonly pages: number }
  | {
      readonly kind: "read";
      readonly program: number;
      readonly ranges: readonly { readonly address: number; readonly bytes: number }[];
    };

/** What it answers, by kind of question. */
export interface Answers {
  /** Steps done. */
  readonly run: number;
  /** Whether there was memory to be had. */
  readonly grow: boolean;
  readonly read: ArrayBuffer[];
}

/** An answer, or what went wrong. */
export interface Reply {
  readonly ticket: number;
  readonly value?: Answers[keyof Answers] | undefined;
  /** No answer yet: how many tiles of the step at hand are done. */
  readonly tiles?: number | undefined;
  readonly error?: string | undefined;
}

/** A program that a worker keeps. */
interface Program {
  readonly exports: JobExports;
  readonly plan: JobPlan;
  readonly memory: WebAssembly.Memory;
  /** Whether the memory is the worker's own: then nobody else can set the flag that stops a job. */
  readonly hasOwnMemory: boolean;
  /** Number of the job at hand, or -1. */
  job: number;
}

/** What {@link answer} uses, since it must be complete in itself. */
interface Tools {
  readonly runJob: typeof runJob;
  readonly meet: typeof meet;
  /** Resolves when messages that have come meanwhile are read. */
  readonly turn: () => Promise<void>;
  readonly send: (reply: Reply, transfer?: ArrayBuffer[]) => void;
}

/** Deals with a request. Requests are begun in order; only a run on own memory lets others begin before it is done. */
export async function answer(
  request: Notice | (Question & { readonly ticket: number }),
  programs: Map<number, Program | { readonly failure: string }>,
  tools: Tools,
): Promise<void> {
  const stop = 2;
  const tiles = 12;
  /** Milliseconds of steps between two looks at the messages. */
  const patience = 20;
  try {
    if (request.kind === "compile") {
      const { module, plan, memory: memoryOrPages } = request;
      const hasOwnMemory = typeof memoryOrPages === "number";
      let memory = hasOwnMemory ? undefined : memoryOrPages;
      // Where addresses are limited, half as many may be there.
      for (let pages = hasOwnMemory ? memoryOrPages : 0; !memory; pages >>= 1)
        try {
          memory = new WebAssembly.Memory({ initial: 0, maximum: pages });
        } catch (error) {
          if (pages < 64) throw error;
        }
      const { exports } = new WebAssembly.Instance(module, { env: { memory } });
      programs.set(request.program, { exports: exports as JobExports, plan, memory, hasOwnMemory, job: -1 });
      return;
    }
    const program = programs.get(request.program) ?? { failure: "the program is gone" };
    if ("failure" in program) {
      // Without memory the program could not begin.
      if (request.kind === "grow") return tools.send({ ticket: request.ticket, value: false });
      throw new Error(program.failure);
    }
    const { memory } = program;
    if (request.kind === "write")
      new Uint8Array(memory.buffer).set(new Uint8Array(request.data), request.address);
    else if (request.kind === "stop") {
      if (program.job === request.job) Atomics.store(new Int32Array(memory.buffer), stop, 1);
    } else if (request.kind === "forget") programs.delete(request.program);
    else if (request.kind === "read") {
      const parts = request.ranges.map(({ address, bytes }) => memory.buffer.slice(address, address + bytes));
      tools.send({ ticket: request.ticket, value: parts }, parts);
    } else if (request.kind === "grow") {
      let isThere = true;
      try {
        memory.grow(request.pages);
      } catch {
        isThere = false;
      }
      tools.send({ ticket: request.ticket, value: isThere });
    } else {
      const now = request.memory ?? memory;
      const steps = tools.runJob(program.exports, now, program.plan, request.job, request.share, tools.meet);
      program.job = request.number;
      let turned = performance.now();
      let step = steps.next();
      while (!step.done) {
        if (program.hasOwnMemory && performance.now() - turned > patience) {
          tools.send({ ticket: request.ticket, tiles: new Int32Array(memory.buffer)[tiles]! });
          await tools.turn();
          turned = performance.now();
        }
        step = steps.next();
      }
      program.job = -1;
      if (program.hasOwnMemory) Atomics.store(new Int32Array(memory.buffer), stop, 0);
      tools.send({ ticket: request.ticket, value: step.value });
    }
  } catch (error) {
    const message = String((error as { message?: unknown } | null)?.message ?? error);
    // Whatever is asked about the program from now on is answered with it.
    programs.set(request.program, { failure: message });
    if ("ticket" in request) tools.send({ ticket: request.ticket, error: message });
  }
}
