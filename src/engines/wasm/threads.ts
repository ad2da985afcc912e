/**
 * The threads that run compiled programs: `worker_threads` in Node, web workers in a browser. They are started when
 * first needed, shared by all programs, and do not keep a process alive while they are idle.
 *
 * @module
 */

import { type Job, type JobPlan, runJob } from "./job.ts";

/** A message to a thread. */
type Request =
  | {
      readonly kind: "compile";
      readonly program: number;
      readonly module: WebAssembly.Module;
      readonly memory: WebAssembly.Memory;
      readonly plan: JobPlan;
    }
  | {
      readonly kind: "run";
      readonly program: number;
      readonly memory: WebAssembly.Memory;
      readonly job: Job;
      readonly thread: number;
      readonly threads: number;
      readonly ticket: number;
    }
  | { readonly kind: "forget"; readonly program: number };

/** Its answer. */
interface Reply {
  readonly ticket: number;
  readonly steps?: number;
  readonly error?: string;
}

interface Port {
  post(request: Request): void;
  /** Keeps the process alive, or no longer does. */
  hold(busy: boolean): void;
}

/** The text that a worker runs: how it talks in Node and in a browser, around {@link runJob}. */
function workerSource(): string {
  return `
const node = typeof require === "function" && typeof self === "undefined";
const port = node ? require("node:worker_threads").parentPort : self;
const runJob = ${runJob.toString()};
const programs = new Map();
function answer(request) {
  if (request.kind === "compile") {
    const instance = new WebAssembly.Instance(request.module, { env: { memory: request.memory } });
    programs.set(request.program, { exports: instance.exports, plan: request.plan });
  } else if (request.kind === "forget") programs.delete(request.program);
  else {
    const { exports, plan } = programs.get(request.program);
    try {
      const steps = runJob(exports, request.memory, plan, request.job, request.thread, request.threads);
      port.postMessage({ ticket: request.ticket, steps });
    } catch (error) {
      port.postMessage({ ticket: request.ticket, error: String(error && error.message || error) });
    }
  }
}
if (node) port.on("message", answer);
else port.onmessage = (event) => answer(event.data);
`;
}

const ports: Port[] = [];
const waiting = new Map<number, { resolve: (steps: number) => void; reject: (error: Error) => void }>();
let tickets = 0;
let programs = 0;
let busy = 0;

function settle(reply: Reply): void {
  const own = waiting.get(reply.ticket);
  waiting.delete(reply.ticket);
  if (reply.error !== undefined) own?.reject(new Error(`a thread of the engine failed: ${reply.error}`));
  else own?.resolve(reply.steps ?? 0);
}

function fail(error: Error): void {
  for (const { reject } of waiting.values()) reject(error);
  waiting.clear();
}

function startPort(): Port {
  const source = workerSource();
  const threads = globalThis.process?.getBuiltinModule?.("node:worker_threads");
  if (threads) {
    // The flags of the host are not for the worker: under --input-type=module its text would not be a script.
    const worker = new threads.Worker(source, { eval: true, execArgv: [] });
    worker.on("message", settle);
    worker.on("error", fail);
    worker.unref();
    return {
      post: (request) => worker.postMessage(request),
      hold: (on) => (on ? worker.ref() : worker.unref()),
    };
  }
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url);
  worker.onmessage = (event: MessageEvent<Reply>) => settle(event.data);
  worker.onerror = (event) => fail(new Error(event.message));
  return { post: (request) => worker.postMessage(request), hold: () => {} };
}

/** A program that some threads have compiled. */
export class ThreadedProgram {
  readonly #id = programs++;
  readonly #threads: number;
  readonly #memory: WebAssembly.Memory;

  constructor(module: WebAssembly.Module, memory: WebAssembly.Memory, plan: JobPlan, threads: number) {
    this.#threads = threads;
    this.#memory = memory;
    while (ports.length < threads) ports.push(startPort());
    for (const port of ports.slice(0, threads))
      port.post({ kind: "compile", program: this.#id, module, memory, plan });
  }

  /** Runs a job on all threads of the program; resolves to the steps done. */
  async run(job: Job): Promise<number> {
    if (busy++ === 0) for (const port of ports) port.hold(true);
    try {
      const done = ports.slice(0, this.#threads).map(
        (port, thread) =>
          new Promise<number>((resolve, reject) => {
            const ticket = tickets++;
            waiting.set(ticket, { resolve, reject });
            port.post({
              kind: "run",
              program: this.#id,
              memory: this.#memory,
              job,
              thread,
              threads: this.#threads,
              ticket,
            });
          }),
      );
      const [steps] = await Promise.all(done);
      return steps!;
    } finally {
      if (--busy === 0) for (const port of ports) port.hold(false);
    }
  }

  /** Lets the threads drop the program. */
  dispose(): void {
    for (const port of ports.slice(0, this.#threads)) port.post({ kind: "forget", program: this.#id });
  }
}
