/**
 * Lets timers, messages and signals in between two pieces of a long computation.
 *
 * @module
 */

/** Milliseconds that a computation may take before it lets others in. */
const turnMs = 10;

let last = 0;

/** Resolves at once where the last turn is recent, else after the event loop has had one. */
export async function eventLoopTurn(): Promise<void> {
  if (performance.now() - last < turnMs) return;
  await new Promise<void>((resolve) => {
    if (typeof setImmediate === "function") setImmediate(resolve);
    else {
      // A timer would take 4 milliseconds.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(0);
    }
  });
  last = performance.now();
}
