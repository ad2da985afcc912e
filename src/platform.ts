/**
 * The one place that knows Node from a browser. Node's modules are reached at the call, never imported, so
 * a browser bundle of the library loads with no shim.
 *
 * @module
 */

import { FormatError, UsageError } from "./errors.ts";

/** Whether the code runs in Node (or something that passes for it), with files and standard input. */
export const isNode: boolean = typeof globalThis.process?.getBuiltinModule === "function";

/** A Node module, or a UsageError that says what to do instead in a browser. */
function nodeModule<Id extends "node:fs" | "node:os" | "node:path">(id: Id, remedy: string) {
  const found = globalThis.process?.getBuiltinModule?.(id);
  if (!found) throw new UsageError(remedy);
  return found;
}

/** The part of a Node error that says what happened, as a person would put it. */
function reasonOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  switch (code) {
    case "ENOENT":
      return "there is no such file";
    case "EISDIR":
      return "it is a folder, not a file";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "ENOTDIR":
      return "a part of the path is not a folder";
    case "ENAMETOOLONG":
      return "the name is too long";
    case "ENOSPC":
      return "the disk is full";
    case "EMFILE":
      return "too many files are open";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

/** More than this many bytes are not read: no machine that this library is for holds them twice. */
const LARGEST_FILE = 2 ** 32 - 1;

/**
 * The whole content of a file.
 *
 * @throws FormatError if the file is absent, unreadable, a folder, or 4 GiB and more.
 * @throws UsageError in a browser, which has no paths.
 */
export async function readFileBytes(path: string): Promise<Uint8Array> {
  const fs = nodeModule("node:fs", `a browser cannot open "${path}": pass the bytes or a Blob (a File)`);
  let handle: Awaited<ReturnType<typeof fs.promises.open>> | undefined;
  try {
    handle = await fs.promises.open(path, "r");
    const status = await handle.stat();
    if (status.isDirectory()) throw Object.assign(new Error(), { code: "EISDIR" });
    if (status.size > LARGEST_FILE) throw new Error(`it has ${status.size} bytes; at most 4 GiB can be read`);
    // A pipe or a device (`/dev/stdin`, `<(...)`) reports no size: read until it ends.
    if (!status.isFile()) return concatenate(await collect(handle.createReadStream({ autoClose: false })));
    const bytes = new Uint8Array(status.size);
    let filled = 0;
    while (filled < bytes.length) {
      // One read call takes less than 2 GiB.
      const length = Math.min(bytes.length - filled, 2 ** 30);
      const { bytesRead } = await handle.read(bytes, filled, length, filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } catch (error) {
    throw new FormatError(`cannot read "${path}": ${reasonOf(error)}`);
  } finally {
    await handle?.close();
  }
}

/** Distinguishes the temporary files of one process. */
let temporaryFiles = 0;

/** Whether there is a file of this name; false in a browser. */
export async function fileExists(path: string): Promise<boolean> {
  const files = globalThis.process?.getBuiltinModule?.("node:fs");
  return files?.existsSync(path) ?? false;
}

/**
 * Writes a file so that it is either complete or as it was: to a temporary file in the same folder, flushed,
 * then renamed over the target. On failure the temporary file is removed and an existing target untouched.
 * A symbolic link is followed; a device or a pipe (`/dev/stdout`) is written directly.
 *
 * @param content bytes, or a string that is written as UTF-8.
 * @throws FormatError if the folder does not exist, the target is a folder, or writing fails.
 * @throws UsageError in a browser.
 */
export async function writeFileAtomically(path: string, content: Uint8Array | string): Promise<void> {
  const remedy = `a browser cannot write "${path}": take the bytes instead and offer them as a download`;
  const fs = nodeModule("node:fs", remedy).promises;
  const { dirname, basename, join } = nodeModule("node:path", remedy);
  const target = await fs.realpath(path).catch(() => path);
  const status = await fs.stat(target).catch(() => undefined);
  if (status?.isDirectory()) throw new FormatError(`cannot write "${path}": it is a folder, not a file`);
  const folder = dirname(target);
  if (!(await fs.stat(folder).catch(() => undefined))?.isDirectory()) {
    throw new FormatError(`cannot write "${path}": there is no folder "${folder}"; create it first`);
  }
  if (status && !status.isFile()) {
    await fs.writeFile(target, content).catch((error: unknown) => {
      throw new FormatError(`cannot write "${path}": ${reasonOf(error)}`);
    });
    return;
  }
  const temporary = join(folder, `.${basename(target)}.${globalThis.process.pid}-${temporaryFiles++}.tmp`);
  try {
    const handle = await fs.open(temporary, "wx", status ? status.mode & 0o777 : 0o666);
    try {
      await handle.writeFile(content);
      // Without the flush, a crash soon after the rename could leave an empty file in the old one's place.
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.rename(temporary, target);
  } catch (error) {
    await fs.rm(temporary, { force: true }).catch(() => undefined);
    throw new FormatError(`cannot write "${path}": ${reasonOf(error)}`);
  }
}

/**
 * Everything on standard input, until it ends.
 *
 * @throws UsageError in a browser, or where standard input is a terminal (nothing is piped in).
 */
export async function readStandardInput(): Promise<Uint8Array> {
  if (!isNode) throw new UsageError("a browser has no standard input: pass the bytes or a Blob (a File)");
  const input = globalThis.process.stdin;
  if (input.isTTY) throw new UsageError(`"-" reads standard input, but nothing is piped into it`);
  return concatenate(await collect(input));
}

async function collect(source: AsyncIterable<Uint8Array | string>): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = [];
  for await (const part of source) {
    parts.push(typeof part === "string" ? new TextEncoder().encode(part) : part);
  }
  return parts;
}

/** The parts one after the other, in new memory. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

async function transform(bytes: Uint8Array, by: ReadableWritablePair<Uint8Array, BufferSource>) {
  const parts: Uint8Array[] = [];
  const writer = by.writable.getWriter();
  // The reader below reports a failure; this promise must not report it a second time, unhandled.
  const written = writer.write(bytes as Uint8Array<ArrayBuffer>).then(() => writer.close());
  written.catch(() => undefined);
  const reader = by.readable.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
  }
  await written;
  return concatenate(parts);
}

/**
 * The content of a gzip stream.
 *
 * @param name what to call the file in an error.
 * @throws FormatError if the stream is corrupt or cut short.
 */
export async function gunzip(bytes: Uint8Array, name: string = "the file"): Promise<Uint8Array> {
  if (bytes.length < 18 || bytes[0] !== 0x1f || bytes[1] !== 0x8b) {
    throw new FormatError(`${name} is not a gzip file; if it is not compressed, drop .gz from its name`);
  }
  try {
    return await transform(bytes, new DecompressionStream("gzip"));
  } catch {
    throw new FormatError(`${name} is a corrupt or truncated gzip file; copy or download it again`);
  }
}

/** The bytes as one gzip stream. */
export async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  return await transform(bytes, new CompressionStream("gzip"));
}

/** How many threads the machine offers to this process; 1 where it does not say. */
export function availableThreads(): number {
  const os = globalThis.process?.getBuiltinModule?.("node:os");
  return os?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
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
    throw new UsageError(
      "The page's Content-Security-Policy forbids WebAssembly; it must allow it with `script-src 'wasm-unsafe-eval'`.",
    );
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
  new UsageError(`The engine could not start a worker (${reason}); ${remedy}.`);

const startNodeThread: typeof startThread = (script, onMessage, onFailure) => {
  const threads = globalThis.process.getBuiltinModule("node:worker_threads");
  const talk = `
    const port = require("node:worker_threads").parentPort;
    const listen = (listener) => port.on("message", listener);
    const turn = () => new Promise(setImmediate);`;
  let worker: InstanceType<typeof threads.Worker>;
  try {
    // The flags of the host are not for the worker: under --input-type=module its text would not be a script.
    worker = new threads.Worker(talk + script, { eval: true, execArgv: [] });
  } catch (error) {
    throw forbidden(reasonOf(error), "under Node's permission model it needs --allow-worker");
  }
  worker.on("message", onMessage);
  worker.on("messageerror", onFailure);
  worker.on("error", onFailure);
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
    throw forbidden(reasonOf(error), remedy);
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
