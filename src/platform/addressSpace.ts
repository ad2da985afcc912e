/**
 * How many addresses the system still gives to this process. Where V8 finds none for a thread of its own it ends the process,
 * so that this is asked before one is started.
 *
 * @module
 */

import { UsageError } from "../errors.ts";

/** Bytes of addresses that a thread of Node takes (0.6 to 0.85 GB, measured with Node 20), and some for what it does. */
export const threadAddresses: number = 2 ** 30;

/**
 * Bytes of addresses that V8 takes for a memory of WebAssembly, however small it is: 10 GiB, where access beyond its end is found by
 * the processor, and what V8 itself needs next.
 */
const memoryAddresses = 10.25 * 2 ** 30;

/** Whether V8 takes these: all but a process that was started so as not to. */
function hasGuardedMemories(): boolean {
  const { execArgv = [], env } = globalThis.process ?? {};
  return ![...execArgv, env?.NODE_OPTIONS ?? ""].join(" ").includes("--disable-wasm-trap-handler");
}

/** Whether there are addresses left for a memory of WebAssembly; without them, V8 would end the process at its next need. */
export function canHaveMemory(): boolean {
  return addressesLeft() >= (hasGuardedMemories() ? memoryAddresses : 0);
}

/** Under a limit of less than this, V8 ends the process while a command is at work. */
const fewestAddresses = 1.25 * 2 ** 30;

/** @throws UsageError where the process may have fewer addresses than any work takes. */
export function checkAddressLimit(): void {
  if (addressLimit() >= fewestAddresses) return;
  const mebibytes = (bytes: number): string => `${Math.floor(bytes / 2 ** 20)} MiB`;
  throw new UsageError({
    problem: `the limit on addresses, ${mebibytes(addressLimit())}, is less than Node needs to work`,
    expected: `at least ${mebibytes(fewestAddresses)}`,
    received: mebibytes(addressLimit()),
    remedy: "raise the limit (ulimit -v unlimited)",
  });
}

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
