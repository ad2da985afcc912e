/**
 * The workers of the page. It takes a while until one comes: those that it begins with are asked for before all else.
 *
 * @module
 */

/** What a worker does: trains a flow, fits one by the library's verbs, or paints. */
export type WorkerKind = "live" | "verb" | "painter";

// The bundler finds a worker by its address as it stands.
const start = {
  live: () => new Worker(new URL("./flow/liveWorker.ts", import.meta.url), { type: "module" }),
  verb: () => new Worker(new URL("./flow/verbWorker.ts", import.meta.url), { type: "module" }),
  painter: () => new Worker(new URL("./picture/painterWorker.ts", import.meta.url), { type: "module" }),
} satisfies Record<WorkerKind, () => Worker>;

const early = new Map<WorkerKind, Worker>();

/** Has a worker on its way for who asks for one of its kind first. */
export function sendFor(kind: WorkerKind): void {
  const worker = start[kind]();
  early.set(kind, worker);
  // Who asks for one then starts another, and hears what is wrong.
  worker.onerror = () => early.delete(kind);
}

/** Milliseconds between two questions whether a worker is there. */
const beat = 5000;

/**
 * Tells when a worker, which must answer the question, has left so many in a row without an answer. One that has said
 * nothing yet is still being loaded. One that is no longer theirs who asked for it, as it was ended, is asked no more.
 *
 * A worker can stand still for ever, through no fault of its own: in Firefox, while something listens for workers (its
 * developer tools, WebDriver), one that starts a worker waits until that has been announced. Both then wait on one
 * condition variable (WorkerPrivate::WaitForIsDebuggerRegistered), of which a single waiter is woken, at times the wrong one.
 */
export function watch(
  worker: Worker,
  question: unknown,
  mostUnanswered: number,
  isTheirs: () => boolean,
  onSilence: () => void,
): void {
  let unanswered: number | undefined;
  worker.addEventListener("message", () => {
    unanswered = 0;
  });
  worker.postMessage(question);
  const timer = setInterval(() => {
    if (!isTheirs()) return clearInterval(timer);
    if (unanswered === undefined) return;
    if (unanswered++ < mostUnanswered) worker.postMessage(question);
    else {
      clearInterval(timer);
      onSilence();
    }
  }, beat);
}

/** A worker of a kind, which nobody else has. */
export function workerOf(kind: WorkerKind): Worker {
  const worker = early.get(kind);
  early.delete(kind);
  return worker ?? start[kind]();
}
