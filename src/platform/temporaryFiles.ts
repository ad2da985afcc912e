/**
 * Temporary files, in which other files are written until they are whole: their names, and what becomes of those that processes leave.
 *
 * @module
 */

import { bytesOf, digestOf } from "../random/digest.ts";
import { nodeModule } from "./platform.ts";

/** Temporary files that are being written now. */
const openTemporaries = new Set<string>();

let onTemporaries: ((count: number) => void) | undefined;

/**
 * Has a function called whenever a temporary file begins or ceases to be, with how many there are: for a program that clears them away
 * should a signal end it. One function at a time.
 */
export function watchTemporaryFiles(onChange: (count: number) => void): void {
  onTemporaries = onChange;
}

/** Removes the temporary files that are being written, and such folders: the process is about to end. */
export function removeTemporaryFiles(): void {
  for (const path of openTemporaries)
    nodeModule("node:fs", "").rmSync(path, { recursive: true, force: true });
}

/** A temporary file, or a folder of such, is about to be written. */
export function startTemporary(path: string): void {
  openTemporaries.add(path);
  onTemporaries?.(openTemporaries.size);
}

/** A temporary file is no more. */
export function endTemporary(path: string): void {
  openTemporaries.delete(path);
  onTemporaries?.(openTemporaries.size);
}

/** What the names of a file's temporary files begin with, short enough for every file system. */
export function temporaryStem(path: string): string {
  const name = nodeModule("node:path", "").basename(path);
  const bytes = new TextEncoder().encode(name);
  return bytes.length <= 100 ? `.${name}` : `.${digestOf([bytesOf(bytes)])}`;
}

/** A name that no other process takes, be its number the same (as in containers, where it is always 1). */
export function temporaryName(stem: string): string {
  const [random] = globalThis.crypto.getRandomValues(new Uint32Array(1));
  return `${stem}.${globalThis.process.pid}-${random!.toString(16)}.tmp`;
}

/** After a day a temporary file is litter, whoever has the number of its process now. */
const oldest = 24 * 3600 * 1000;

/** Whether a process is no more. */
function hasEnded(pid: number): boolean {
  try {
    globalThis.process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/**
 * Removes the temporary files of a file that processes left which were killed. One that another machine or container is at
 * may be among them: it writes anew.
 */
export function removeLitter(folder: string, stem: string): void {
  const fs = nodeModule("node:fs", "");
  const { join } = nodeModule("node:path", "");
  try {
    for (const name of fs.readdirSync(folder)) {
      if (!name.startsWith(`${stem}.`) || openTemporaries.has(join(folder, name))) continue;
      const pid = Number(/^(\d+)-[0-9a-f]+\.tmp$/.exec(name.slice(stem.length + 1))?.[1] ?? "0");
      if (pid === 0) continue;
      const isOld = Date.now() - fs.statSync(join(folder, name)).mtimeMs > oldest;
      if (isOld || pid === globalThis.process.pid || hasEnded(pid)) fs.rmSync(join(folder, name));
    }
  } catch {
    // Litter that cannot be listed or removed is no reason not to write.
  }
}
