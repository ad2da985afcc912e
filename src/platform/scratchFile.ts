/**
 * A file for numbers that do not fit in memory, which nobody sees: it has no name from the moment it is there, so that nothing is left
 * of it however the process ends.
 *
 * @module
 */

import { FormatError } from "../errors.ts";
import { nodeModule } from "./platform.ts";
import { reasonOf } from "./systemErrors.ts";
import { endTemporary, startTemporary, temporaryName } from "./temporaryFiles.ts";

/** Bytes that are written one after the other, and read from anywhere. */
export class ScratchFile {
  readonly #descriptor: number;
  readonly #folder: string;
  /** The name, on systems where a file that is open cannot be without one. */
  #path: string | undefined;
  #size = 0;

  private constructor(descriptor: number, folder: string, path: string | undefined) {
    this.#descriptor = descriptor;
    this.#folder = folder;
    this.#path = path;
  }

  /**
   * An empty file in a folder.
   * @param folder - Default: that of the system for temporary files.
   * @param bytes - How large it may become.
   * @throws FormatError where the folder takes no file, or has not so much room; UsageError in a browser.
   */
  static open(folder: string | undefined, bytes: number): ScratchFile {
    const remedy = "a browser has no files to keep rows in: fit a sample (sampleOfBatches)";
    const fs = nodeModule("node:fs", remedy);
    const place = folder ?? nodeModule("node:os", remedy).tmpdir();
    try {
      const { bavail, bsize } = fs.statfsSync(place);
      if (bavail * bsize < bytes)
        throw new Error(
          `${inGigabytes(bytes)} of rows are to be kept, and ${inGigabytes(bavail * bsize)} are free`,
        );
      const path = nodeModule("node:path", remedy).join(place, temporaryName(".rows"));
      const descriptor = fs.openSync(path, "wx+", 0o600);
      startTemporary(path);
      try {
        fs.unlinkSync(path);
        endTemporary(path);
        return new ScratchFile(descriptor, place, undefined);
      } catch {
        return new ScratchFile(descriptor, place, path);
      }
    } catch (error) {
      throw failed(place, error);
    }
  }

  /** Bytes that were written. */
  get size(): number {
    return this.#size;
  }

  /** @throws FormatError where the disk is full. */
  append(bytes: Uint8Array): void {
    const { writeSync } = nodeModule("node:fs", "");
    try {
      for (let done = 0; done < bytes.length; ) {
        const written = writeSync(this.#descriptor, bytes, done, bytes.length - done, this.#size);
        done += written;
        this.#size += written;
      }
    } catch (error) {
      throw failed(this.#folder, error);
    }
  }

  /** Fills an array with the bytes from a place on. */
  read(bytes: Uint8Array, from: number): void {
    const { readSync } = nodeModule("node:fs", "");
    try {
      for (let done = 0; done < bytes.length; ) {
        const count = readSync(this.#descriptor, bytes, done, bytes.length - done, from + done);
        if (count === 0) throw new Error("it has become shorter");
        done += count;
      }
    } catch (error) {
      throw failed(this.#folder, error);
    }
  }

  /** Gives the disk its room back. */
  close(): void {
    const fs = nodeModule("node:fs", "");
    fs.closeSync(this.#descriptor);
    if (this.#path === undefined) return;
    fs.rmSync(this.#path, { force: true });
    endTemporary(this.#path);
    this.#path = undefined;
  }
}

const inGigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

function failed(folder: string, error: unknown): FormatError {
  return new FormatError({
    where: `cannot keep rows in "${folder}"`,
    problem: reasonOf(error),
    expected: "a folder with room",
    received: String((error as { readonly code?: unknown }).code ?? "too little"),
    remedy: "make room, name another folder, or take fewer rows",
  });
}
