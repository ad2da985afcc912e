/**
 * What goes wrong outside of this library, in words: errors of the operating system, and memory that is short.
 *
 * @module
 */

/** What the errors of the operating system mean, and what to do. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder, not a file",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ENOTDIR: "a part of the path is a file, not a folder; mend the path",
  ELOOP: "its symbolic links lead in a circle; mend the link",
  ENAMETOOLONG: "the name is too long; choose a shorter one",
  ENOSPC: "the disk is full; free some space, or choose another place",
  EDQUOT: "the disk quota is used up; free some space, or choose another place",
  EFBIG: "the file would be larger than is allowed (ulimit -f)",
  EROFS: "the file system is read-only; choose another place",
  EMFILE: "too many files are open; raise the limit (ulimit -n)",
  ENFILE: "too many files are open on this machine; close some programs",
  ENOMEM: "there is not enough memory; close other programs, or raise the limit (ulimit -v)",
  ERR_MEMORY_ALLOCATION_FAILED:
    "there is not enough memory; close other programs, or raise the limit (ulimit -v)",
  ENXIO: "nothing is at its other end",
  EPIPE: "its reader went away",
  EBUSY: "it is in use",
  EIO: "the device failed",
  ERR_INVALID_ARG_VALUE: "a path cannot hold a null character",
};

/** The part of an error of Node's that says what happened, as a person would put it, and what to do. */
export function reasonOf(error: unknown): string {
  const code = String((error as { code?: unknown } | null)?.code);
  if (Object.hasOwn(reasons, code)) return reasons[code]!;
  const isOther = typeof error === "object" && error !== null && !(error instanceof Error);
  const message = isOther ? "not an error" : error instanceof Error ? error.message : String(error);
  // How V8 says that memory is short, for an array and for what WebAssembly works on.
  return isOutOfMemory(error) ? reasons.ENOMEM! : message.replace(/^E[A-Z0-9]+: /, "");
}

/** Whether memory was short: for an array, for WebAssembly, or for a thread. */
export function isOutOfMemory(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  if (/^(ENOMEM|ERR_MEMORY_ALLOCATION_FAILED|ERR_WORKER_OUT_OF_MEMORY)$/.test(String(code))) return true;
  return (
    error instanceof RangeError &&
    /allocation failed|could not allocate|out of memory|invalid (typed )?array length(: \d|$)|invalid array buffer length/i.test(
      String(message),
    )
  );
}
