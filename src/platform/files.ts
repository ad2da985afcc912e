/**
 * Files of Node: read whole, written whole or not at all. What can go wrong with a path is a FormatError of one line that
 * names the path and says what to do.
 *
 * @module
 */

import { AbortedError, FormatError, PushforwardError, UsageError } from "../errors.ts";
import { checkArgument, text } from "../options.ts";
import { concatenate } from "./packedBytes.ts";
import { isNode, nodeModule } from "./platform.ts";
import { reasonOf } from "./systemErrors.ts";
import {
  endTemporary,
  removeLitter,
  startTemporary,
  temporaryName,
  temporaryStem,
} from "./temporaryFiles.ts";

/** How to wait for a pipe that nobody is at the other end of. */
export interface FileOptions {
  /** Stops the waiting, with an AbortedError. */
  readonly signal?: AbortSignal | undefined;
}

/** More than this many bytes are not read: no machine that this library is for holds them twice. */
const largestFile = 2 ** 32 - 1;

const tooLarge = (): Error => new Error("it has more than 4 GiB, and cannot be read; split it");

/** An error of Node's, by its code alone. */
const systemError = (code: string): Error => Object.assign(new Error(code), { code });

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown } | null)?.code;

/** What a failure becomes: those that are told already stay as they are. */
const fileError = (beginning: string, error: unknown): PushforwardError =>
  error instanceof PushforwardError
    ? error
    : new FormatError({
        where: beginning,
        problem: reasonOf(error),
        expected: "a file that can be opened",
        received: String(codeOf(error) ?? "another failure"),
      });

/**
 * The whole content of a file, or of a pipe until it ends.
 *
 * @throws FormatError if the file is absent, unreadable, a folder, or 4 GiB and more.
 * @throws UsageError in a browser, which has no paths.
 * @throws AbortedError if the signal fires while a pipe is waited for.
 */
export async function readFileBytes(path: string, options: FileOptions = {}): Promise<Uint8Array> {
  const fs = nodeModule("node:fs", `a browser cannot open "${path}": pass the bytes or a Blob (a File)`);
  let handle: Awaited<ReturnType<typeof fs.promises.open>> | undefined;
  try {
    const status = await fs.promises.stat(path);
    if (status.isDirectory()) throw systemError("EISDIR");
    if (status.size > largestFile) throw tooLarge();
    // Node opens a pipe in a thread that waits for the other end, and cannot exit until it comes: not to be waited for.
    if (status.isFIFO()) return await streamed(pipeReader(path), `reading "${path}"`, options);
    handle = await fs.promises.open(path, "r");
    // A device (`/dev/stdin`) reports no size: read until it ends.
    if (!status.isFile()) {
      const { isatty, ReadStream } = nodeModule("node:tty", "");
      const stream = isatty(handle.fd)
        ? new ReadStream(handle.fd)
        : handle.createReadStream({ autoClose: false });
      return await streamed(stream, `reading "${path}"`, options);
    }
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
    throw fileError(`cannot read "${path}"`, error);
  } finally {
    await handle?.close().catch(() => undefined);
  }
}

/**
 * Everything on standard input, until it ends.
 *
 * @throws UsageError in a browser, or where standard input is a terminal (nothing is piped in).
 * @throws FormatError if it cannot be read.
 * @throws AbortedError if the signal fires.
 */
export async function readStandardInput(options: FileOptions = {}): Promise<Uint8Array> {
  if (!isNode)
    throw new UsageError({
      problem: "a browser has no standard input",
      expected: "bytes or a Blob",
      received: '"-"',
      remedy: "pass the bytes or a Blob (a File)",
    });
  try {
    // Node takes a folder for an empty file.
    if (nodeModule("node:fs", "").fstatSync(0).isDirectory()) throw systemError("EISDIR");
    const input = globalThis.process.stdin;
    if (input.isTTY)
      throw new UsageError({
        problem: '"-" reads standard input, but nothing is piped into it',
        expected: "text on standard input",
        received: "a terminal",
        remedy: "pipe a table into the program, or name a file",
      });
    return await streamed(input, "reading standard input", options);
  } catch (error) {
    throw fileError("cannot read standard input", error);
  }
}

type Readable = AsyncIterable<Uint8Array | string> & { destroy(error?: Error): unknown };

/** A named pipe to read from, opened without waiting for who writes. */
function pipeReader(path: string): Readable {
  const { openSync, constants } = nodeModule("node:fs", "");
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return new (nodeModule("node:net", "").Socket)({ fd, readable: true, writable: false });
}

/** All that a stream gives, unless the signal fires. */
async function streamed(stream: Readable, doing: string, { signal }: FileOptions): Promise<Uint8Array> {
  const stop = (): void => void stream.destroy(new AbortedError(`${doing} was stopped.`));
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop);
  try {
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of stream) {
      parts.push(typeof part === "string" ? new TextEncoder().encode(part) : part);
      size += part.length;
      if (size > largestFile) throw tooLarge();
    }
    return concatenate(parts);
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

/** Whether there is a file of this name; false in a browser. */
export async function fileExists(path: string): Promise<boolean> {
  const files = globalThis.process?.getBuiltinModule?.("node:fs");
  return files?.existsSync(path) ?? false;
}

/** Whether two paths lead to one file, by links too, or would once it is there; false in a browser. */
export function isSameFile(a: string, b: string): boolean {
  for (const path of [a, b]) checkArgument("isSameFile", "path", path, text);
  const files = globalThis.process?.getBuiltinModule?.("node:fs");
  if (!files) return false;
  try {
    const [aStatus, bStatus] = [a, b].map((path) =>
      files.statSync(followed(path), { throwIfNoEntry: false }),
    );
    if (aStatus && bStatus) return aStatus.ino === bStatus.ino && aStatus.dev === bStatus.dev;
    return !aStatus && !bStatus && resolved(a) === resolved(b);
  } catch {
    return resolved(a) === resolved(b);
  }
}

function resolved(path: string): string {
  const { basename, dirname, join, resolve } = nodeModule("node:path", "");
  try {
    const target = followed(path);
    return join(nodeModule("node:fs", "").realpathSync(dirname(target)), basename(target));
  } catch {
    return resolve(path);
  }
}

/** Links in a row after which they are taken for a circle, as Linux does. */
const maximumLinks = 40;

/** Where a path leads when its last part is a link, or a link to a link, whether or not there is a file in the end. */
export function followed(path: string): string {
  const fs = nodeModule("node:fs", "");
  const { dirname, isAbsolute } = nodeModule("node:path", "");
  let at = path;
  for (let links = 0; links <= maximumLinks; links++) {
    if (!fs.lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink()) return at;
    const next = fs.readlinkSync(at);
    // Not `join`: it would take `..` for the folder before, which after a link is another one.
    at = isAbsolute(next) ? next : `${fs.realpathSync(dirname(at))}/${next}`;
  }
  throw systemError("ELOOP");
}

/** What a file is to hold. */
export type FileContent = Uint8Array | string | AsyncIterable<Uint8Array | string>;

/** Where and how a file is written. */
interface Target {
  /** The file, no link. */
  readonly path: string;
  readonly folder: string;
  /** What is there now. */
  readonly status: import("node:fs").Stats | undefined;
}

/**
 * Where a path is written.
 * @throws an Error whose message says why it cannot be, or one of Node's.
 */
function targetOf(path: string): Target {
  const fs = nodeModule("node:fs", "");
  const { dirname } = nodeModule("node:path", "");
  // A device or a pipe is written where it is: what `/dev/stdout` leads to is not a path.
  const pathStatus = fs.statSync(path, { throwIfNoEntry: false });
  if (pathStatus?.isDirectory()) throw new Error("it is a folder, not a file; add a file name");
  if (pathStatus && !pathStatus.isFile()) return { path, folder: dirname(path), status: pathStatus };
  const target = followed(path);
  const folder = dirname(target);
  if (!fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new Error(`there is no folder "${folder}"; create it first`);
  const status = fs.statSync(target, { throwIfNoEntry: false });
  if (status) {
    try {
      fs.accessSync(target, fs.constants.W_OK);
    } catch (error) {
      if (codeOf(error) !== "EACCES") throw error;
      throw new Error("the file that is there is read-only; make it writable, or choose another name");
    }
  }
  return { path: target, folder, status };
}

/**
 * Checks that a file can be written, and leaves no trace.
 * @throws FormatError if not, which says why.
 */
export function checkWritable(path: string): void {
  checkArgument("checkWritable", "path", path, text);
  const fs = nodeModule("node:fs", "a browser cannot write files");
  try {
    const { path: target, folder, status } = targetOf(path);
    if (status && !status.isFile()) return fs.accessSync(path, fs.constants.W_OK);
    // Permissions alone do not tell: some folders are writable by their bits and still take no file.
    const probe = nodeModule("node:path", "").join(folder, temporaryName(temporaryStem(target)));
    fs.closeSync(fs.openSync(probe, "wx"));
    fs.rmSync(probe);
  } catch (error) {
    throw fileError(`cannot write "${path}"`, error);
  }
}

/**
 * Writes a file so that it is either complete or as it was: to a temporary file in the same folder, flushed, then renamed
 * over the target. On failure the temporary file is removed and an existing target untouched; those of processes that were
 * killed are removed, too. A symbolic link is followed, and stays; a device or a pipe (`/dev/stdout`) is written directly.
 *
 * @param content bytes, or a string that is written as UTF-8; or many of them, one after the other, as they come.
 * @throws FormatError if the folder does not exist, the target is a folder or read-only, or writing fails.
 * @throws UsageError in a browser.
 * @throws AbortedError if the signal fires while a pipe is waited for.
 */
export async function writeFileAtomically(
  path: string,
  content: FileContent,
  options: FileOptions = {},
): Promise<void> {
  const remedy = `a browser cannot write "${path}": take the bytes instead and offer them as a download`;
  const fs = nodeModule("node:fs", remedy);
  try {
    const target = targetOf(path);
    if (target.status?.isFIFO()) return await writePipe(path, content, options);
    if (target.status && !target.status.isFile())
      return await fs.promises.writeFile(path, content as Uint8Array);
    const stem = temporaryStem(target.path);
    removeLitter(target.folder, stem);
    // Another process may take the temporary file for litter: once, before it writes its own.
    // What comes piece by piece comes but once.
    const isOnce = typeof content === "object" && Symbol.asyncIterator in content;
    for (let attempts = isOnce ? 0 : 10; !(await replaced(target, stem, content)); attempts--)
      if (attempts === 0) throw new Error("other processes write it all the time; choose another name");
  } catch (error) {
    throw fileError(`cannot write "${path}"`, error);
  }
}

/** Writes and renames; false where the temporary file was gone in between, or its name taken. */
async function replaced(
  { path, folder, status }: Target,
  stem: string,
  content: FileContent,
): Promise<boolean> {
  const fs = nodeModule("node:fs", "").promises;
  const temporary = nodeModule("node:path", "").join(folder, temporaryName(stem));
  startTemporary(temporary);
  try {
    const handle = await fs.open(temporary, "wx", status ? status.mode & 0o777 : 0o666);
    try {
      if (status) {
        // What the file was stays: permissions that the mask of the process would take, and its owner, where we may.
        await handle.chmod(status.mode & 0o777).catch(() => undefined);
        await handle.chown(status.uid, status.gid).catch(() => undefined);
      }
      await handle.writeFile(content as Uint8Array);
      // Without the flush, a crash soon after the rename could leave an empty file in the old one's place.
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.rename(temporary, path).catch((error: unknown) => {
      if (codeOf(error) !== "EBUSY") throw error;
      throw new Error("it is mounted by itself, or in use, and cannot be replaced; mount its folder instead");
    });
    return true;
  } catch (error) {
    await fs.rm(temporary, { force: true }).catch(() => undefined);
    const isLost = codeOf(error) === "ENOENT" && nodeModule("node:fs", "").existsSync(folder);
    if (isLost || codeOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    endTemporary(temporary);
  }
}

/** Milliseconds between two looks whether somebody reads a pipe. */
const pipeInterval = 50;

/** Writes pieces one after the other, each when the one before was taken. */
async function written(
  socket: import("node:net").Socket,
  pieces: AsyncIterable<Uint8Array | string>,
): Promise<void> {
  for await (const piece of pieces)
    await new Promise<void>((resolve, reject) => {
      socket.write(piece, (error) => (error ? reject(error) : resolve()));
    });
}

/** Writes into a named pipe, once somebody reads it. */
async function writePipe(path: string, content: FileContent, { signal }: FileOptions): Promise<void> {
  const { openSync, constants } = nodeModule("node:fs", "");
  const stopped = (): AbortedError => new AbortedError(`writing "${path}" was stopped.`);
  let fd: number | undefined;
  while (fd === undefined) {
    if (signal?.aborted) throw stopped();
    try {
      // Without waiting, an open for writing fails as long as nobody reads.
      fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      if (codeOf(error) !== "ENXIO") throw error;
      await new Promise((resolve) => setTimeout(resolve, pipeInterval));
    }
  }
  const socket = new (nodeModule("node:net", "").Socket)({ fd, readable: false, writable: true });
  const stop = (): void => void socket.destroy(stopped());
  signal?.addEventListener("abort", stop);
  try {
    await new Promise<void>((resolve, reject) => {
      const ended = (error?: Error | null): void => (error ? reject(error) : resolve());
      socket.on("error", reject);
      if (typeof content !== "object" || !(Symbol.asyncIterator in content)) socket.end(content, ended);
      else written(socket, content).then(() => socket.end(ended), reject);
    });
  } finally {
    signal?.removeEventListener("abort", stop);
    socket.destroy();
  }
}
