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

/** A worker of a kind, which nobody else has. */
export function workerOf(kind: WorkerKind): Worker {
  const worker = early.get(kind);
  early.delete(kind);
  return worker ?? start[kind]();
}
