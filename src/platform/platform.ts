/**
 * The one place that knows Node from a browser. Node's modules are reached at the call, never imported, so
 * a browser bundle of the library loads with no shim.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { addressesLeft, addressLimit, threadAddresses, threadStarts } from "./addressSpace.ts";

/** Whether the code runs in Node (or something that passes for it), with files and standard input. */
export const isNode: boolean = typeof globalThis.process?.getBuiltinModule === "function";

/** The modules of Node that are reached. */
interface NodeModules {
  readonly "node:fs": typeof import("node:fs");
  readonly "node:os": typeof import("node:os");
  readonly "node:net": typeof import("node:net");
  readonly "node:path": typeof import("node:path");
  readonly "node:tty": typeof import("node:tty");
  readonly "node:url": typeof import("node:url");
}

/** A Node module, or a UsageError that says what to do instead in a browser. */
export function nodeModule<Id extends keyof NodeModules>(id: Id, remedy: string): NodeModules[Id] {
  const module = globalThis.process?.getBuiltinModule?.(id as string) as NodeModules[Id] | undefined;
  if (!module)
    throw new UsageError({ problem: remedy, expected: "Node", received: `a runtime without ${id}` });
  return module;
}

/** How many threads the machine, and a limit on addresses, offer to this process; 1 where the machine does not say. */
export function availableThreads(): number {
  const os = globalThis.process?.getBuiltinModule?.("node:os");
  const cores = os?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
  // As much as a thread takes is left for memory.
  return Math.max(1, Math.min(cores, Math.floor(addressesLeft() / threadAddresses) - 1));
}

/** Who waits for a turn of the event loop, and the channel through which it comes. */
const turns: (() => void)[] = [];
let channel: MessageChannel | undefined;

/**
 * Resolves when the event loop has been round: messages have come, and timers that were due have fired. Work that takes
 * long does it now and then. (A timer would do, but for the 4 milliseconds that it takes in a browser.)
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") {
      setImmediate(resolve);
      return;
    }
    // One channel for all: a port that nobody holds may be collected with the message that is on its way.
    if (!channel) {
      channel = new MessageChannel();
      channel.port1.onmessage = () => turns.shift()!();
    }
    turns.push(resolve);
    channel.port2.postMessage(0);
  });
}

/** Sets a flag of V8 for the whole process, while it runs; false where that cannot be done. */
export function setV8Flag(flag: string): boolean {
  const v8 = globalThis.process?.getBuiltinModule?.("node:v8");
  v8?.setFlagsFromString(flag);
  return v8 !== undefined;
}

/** Tells the user of something that went otherwise than asked: a warning of the process, or of the console. */
export function warn(message: string): void {
  if (isNode) globalThis.process.emitWarning(message, "PushforwardWarning");
  else console.warn(message);
}

/**
 * Compiles WebAssembly.
 * @throws UsageError on a page that forbids it.
 */
export async function compileModule(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  return await WebAssembly.compile(bytes).catch((error: Error) => {
    if (!/content.security|csp/i.test(error.message)) throw error;
    throw new UsageError({
      problem: "The page's Content-Security-Policy forbids WebAssembly",
      expected: "a policy that allows WebAssembly",
      received: "one that forbids it",
      remedy: "it must allow it with `script-src 'wasm-unsafe-eval'`",
    });
  });
}

/** A thread with a script of its own: `worker_threads` in Node, a web worker in a browser. */
export interface Background {
  /** Sends a copy of the message; the buffers named in `transfer` are moved, and gone here. */
  post(message: unknown, transfer?: ArrayBuffer[]): void;
  /** Whether a process stays alive for it, at first not; a page decides for itself. */
  keepAlive(on: boolean): void;
  /** Stops it at once, whatever it is doing. */
  end(): void;
}

/**
 * Starts a thread.
 *
 * @param script - JavaScript that uses `listen(listener)` and `port.postMessage(message, transfer)` to talk, and may
 *   await `turn()` to let messages in.
 * @param onMessage - Gets what the thread posts.
 * @param onFailure - Gets why the thread is no more, which may be before its first message.
 * @throws UsageError if the runtime has no threads or forbids them.
 */
export function startThread(
  script: string,
  onMessage: (message: unknown) => void,
  onFailure: (error: Error) => void,
): Background {
  const start = globalThis.process?.getBuiltinModule?.("node:worker_threads")
    ? startNodeThread
    : startWebWorker;
  return start(script, onMessage, onFailure);
}

const forbidden = (reason: string, remedy: string): UsageError =>
  new UsageError({
    problem: `The engine could not start a worker (${reason})`,
    expected: "a worker",
    received: reason,
    remedy,
  });

/** Threads of Node that run. */
let nodeThreads = 0;

const startNodeThread: typeof startThread = (script, onMessage, onFailure) => {
  const threads = globalThis.process.getBuiltinModule("node:worker_threads");
  const talk = `
    const port = require("node:worker_threads").parentPort;
    const listen = (listener) => port.on("message", listener);
    const turn = () => new Promise(setImmediate);`;
  // V8 would end the process.
  if (addressesLeft() < threadAddresses)
    throw forbidden(
      `the limit on addresses, ${Math.floor(addressLimit() / 2 ** 20)} MiB, leaves too few for one more, which takes ${threadAddresses / 2 ** 20} MiB`,
      `raise the limit (ulimit -v unlimited)${nodeThreads > 0 ? ", or use fewer threads" : ""}`,
    );
  let worker: InstanceType<typeof threads.Worker>;
  try {
    // The flags of the host are not for the worker: under --input-type=module its text would not be a script.
    worker = new threads.Worker(talk + script, { eval: true, execArgv: [] });
  } catch (error) {
    throw forbidden((error as Error).message, "under Node's permission model it needs --allow-worker");
  }
  const started = threadStarts();
  nodeThreads++;
  worker.on("online", started);
  worker.on("exit", started);
  worker.on("message", onMessage);
  worker.on("messageerror", onFailure);
  worker.on("error", onFailure);
  worker.on("exit", () => nodeThreads--);
  worker.on("exit", (code) => onFailure(new Error(`it ended with code ${code}`)));
  worker.unref();
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    keepAlive: (on) => (on ? worker.ref() : worker.unref()),
    end: () => void worker.terminate(),
  };
};

const startWebWorker: typeof startThread = (script, onMessage, onFailure) => {
  // To take turns a timer would do in place of the channel, but for the 4 milliseconds that it takes.
  const talk = `
    const port = self;
    const listen = (listener) => { port.onmessage = (event) => listener(event.data); };
    const turns = [];
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => turns.shift()();
    const turn = () => new Promise((resolve) => { turns.push(resolve); port2.postMessage(0); });`;
  const remedy = "a Content-Security-Policy must allow it with `worker-src blob:`";
  if (typeof Worker !== "function") throw forbidden("there are none here", "use the reference engine");
  let worker: Worker;
  try {
    worker = new Worker(URL.createObjectURL(new Blob([talk + script], { type: "text/javascript" })), {
      name: "pushforward",
    });
  } catch (error) {
    throw forbidden((error as Error).message, remedy);
  }
  worker.onmessage = (event) => onMessage(event.data);
  worker.onmessageerror = () => onFailure(new Error("a message could not be read"));
  // A script that is not allowed to load is an event without a message.
  worker.onerror = ({ message }) =>
    onFailure(message ? new Error(message) : forbidden("its script may not load", remedy));
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    keepAlive: () => {},
    end: () => worker.terminate(),
  };
};
