/**
 * How many addresses the system still gives to this process. Where V8 finds none for a thread of its own it ends the process,
 * so that this is asked before one is started.
 *
 * @module
 */

/** Bytes of addresses that a thread of Node takes (0.6 to 0.85 GB, measured with Node 20), and some for what it does. */
export const threadAddresses: number = 2 ** 30;

/** The bytes in a line such as `VmSize:  728236 kB` or `Max address space  1536000000  unlimited  bytes`. */
function bytesIn(text: string, line: RegExp, unit: number): number {
  const digits = line.exec(text)?.[1];
  return digits === undefined ? Number.POSITIVE_INFINITY : unit * Number(digits);
}

let limit: number | undefined;

/** Bytes of addresses that the process may have (`ulimit -v`), where the system says so; else infinity. */
export function addressLimit(): number {
  limit ??= bytesIn(textOf("limits"), /^Max address space +(\d+)/m, 1);
  return limit;
}

/** Threads that have not taken their addresses yet. */
let starting = 0;

/** Sets addresses for a thread aside; what it returns is called when the thread has taken them, or is no more. */
export function threadStarts(): () => void {
  starting++;
  let isStarting = true;
  return () => {
    if (isStarting) starting--;
    isStarting = false;
  };
}

/** Bytes of addresses that are left under {@link addressLimit}, without those that threads are about to take. */
export function addressesLeft(): number {
  if (addressLimit() === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  const usedBytes = bytesIn(textOf("status"), /^VmSize:\s+(\d+) kB/m, 1024);
  if (usedBytes === Number.POSITIVE_INFINITY) return usedBytes;
  return addressLimit() - usedBytes - starting * threadAddresses;
}

/** What Linux says of this process; empty elsewhere, and where files may not be read. */
function textOf(name: "limits" | "status"): string {
  try {
    return globalThis.process.getBuiltinModule("node:fs").readFileSync(`/proc/self/${name}`, "utf8");
  } catch {
    return "";
  }
}
