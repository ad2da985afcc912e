/**
 * A flow in the hands of a worker: what is drawn of it, the probe, and the file that it is taken along as.
 *
 * @module
 */

import type { Distribution } from "pushforward/distributions";
import type { Engine } from "pushforward/engines";
import type { ParameterValues } from "pushforward/graph";
import { Evaluator, type KnownLaw } from "./evaluator.ts";
import { referenceOf, split } from "./heldOut.ts";
import type { Reply, Request, Snapshot, Square } from "./protocol.ts";
import { buffersOf, takeFirstSnapshot, takeProbe, takeSnapshot } from "./snapshot.ts";
import type { Step } from "./steps.ts";

/** What begins a session. */
export type Beginning = Extract<Request, { type: "train" | "open" }>;
/** What tells the page; arrays in the list are handed over. */
export type Send = (reply: Reply, transfer?: Transferable[]) => void;

/** Names of the columns of points in the plane. */
export const columns: readonly string[] = ["x", "y"];

/** The values whose names start with a prefix, without it. */
export const withoutPrefix = (values: ParameterValues, prefix: string): ParameterValues =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, data]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), data]] : [],
    ),
  );

/** A formula that is no energy. */
export class EnergyError extends Error {}

/** A model of a table, which no map of the plane leads to. */
export class OfTableError extends Error {}

/** See the head of this file. */
export abstract class Session {
  protected readonly request: Beginning;
  protected readonly send: Send;
  /** The points that are shown in the base, and what is in view. */
  protected points: Float64Array;
  protected view: Square;
  /** The points to fit, and those that the flow is judged by. */
  protected readonly train: Float64Array;
  protected readonly heldOut: Float64Array;
  readonly #abort = new AbortController();
  protected readonly signal: AbortSignal = this.#abort.signal;
  #evaluator: Evaluator | undefined;
  /** Closed while somebody holds it, and while another is about to take its place. */
  #held: Gate | undefined;
  #waiting: Gate | undefined;
  #point: readonly [number, number] | undefined;
  #isAsked = false;
  #isShown = false;
  /** Whether it is busy, and answers when it comes to it. */
  protected isTraining = false;
  /** Makes the model file, when there is a flow. */
  protected toBytes: (() => Promise<Uint8Array>) | undefined;

  constructor(request: Beginning, send: Send) {
    this.request = request;
    this.points = request.points;
    this.view = request.view;
    ({ train: this.train, heldOut: this.heldOut } = split(request.points, request.seed));
    this.send = send;
  }

  /** Does what was asked for, to the end. */
  abstract begin(): Promise<void>;

  /** Ends it, and all that it computes. */
  stop(): void {
    this.#abort.abort();
    this.#held?.resolve();
    this.#waiting?.resolve();
    this.#evaluator?.dispose();
    this.#evaluator = undefined;
  }

  /** Holds a training, or lets it go on. */
  hold(isHeld: boolean): void {
    if (!isHeld) this.#held?.resolve();
    this.#held = isHeld ? gate() : undefined;
  }

  /** Waits, or goes on, while another may take its place. */
  wait(isWaiting: boolean): void {
    if (!isWaiting) this.#waiting?.resolve();
    this.#waiting = isWaiting ? (this.#waiting ?? gate()) : undefined;
  }

  /** Where the probe is; answered when there is time for it. */
  async probe(point: readonly [number, number]): Promise<void> {
    this.#point = point;
    this.#isAsked = true;
    if (!this.isTraining || this.#held || this.#waiting) await this.answer();
  }

  /** The flow as a model file. */
  async bytes(): Promise<Uint8Array> {
    if (!this.toBytes) throw new Error("There is no flow yet: wait for the first picture.");
    return await this.toBytes();
  }

  /** Gets ready to show a flow, beginning with its density. */
  protected async prepare(
    base: Distribution,
    steps: readonly Step[],
    engine: Engine,
    known?: KnownLaw,
  ): Promise<void> {
    const evaluator = new Evaluator(base, steps, engine, this.signal, known);
    await evaluator.compile("density");
    if (this.signal.aborted) {
      evaluator.dispose();
      this.signal.throwIfAborted();
    }
    this.#evaluator = evaluator;
    const names = ["base", ...steps.map(({ name }) => name)];
    const { isNormal } = evaluator;
    this.send({ type: "stops", run: this.request.run, names, isNormal, threads: this.request.threads });
  }

  /** Shows the flow with values of its base and its steps; the first time its density before all else. */
  protected async show(base: ParameterValues, steps: readonly Step[], isLast: boolean): Promise<void> {
    const evaluator = this.#evaluator!;
    await evaluator.set(
      base,
      steps.map(({ values }) => values),
    );
    if (!this.#isShown) this.#give(await takeFirstSnapshot(evaluator, this.points, this.view));
    // A model of other points is not judged by these.
    const heldOut = this.points.length > 0 ? this.heldOut : this.points;
    this.#give(await takeSnapshot(evaluator, this.points, this.view, isLast, heldOut));
    if (!this.#isShown) await this.#refer();
    this.#isShown = true;
    await this.answer();
  }

  /** Says what the points score by densities that need no training: of a model that was opened all points, as it is judged by them. */
  async #refer(): Promise<void> {
    const { run, type, set } = this.request;
    if (this.heldOut.length === 0 || this.points.length === 0) return;
    const [train, judged] = type === "open" ? [this.points, this.points] : [this.train, this.heldOut];
    this.send({ type: "reference", run, reference: await referenceOf(train, judged, set) });
  }

  #give(snapshot: Snapshot): void {
    this.send({ type: "snapshot", run: this.request.run, snapshot }, buffersOf(snapshot));
  }

  /** Samples of the flow and their log-densities. */
  async scoredSamples(
    noise: Float64Array,
  ): Promise<{ readonly points: Float64Array; readonly logProb: Float64Array }> {
    const { stops, logAbsDets, baseLogProb } = await this.#evaluator!.forward(noise);
    const logProb = baseLogProb.map((height, i) =>
      logAbsDets.reduce((total, each) => total - each[i]!, height),
    );
    return { points: stops[stops.length - 1]!, logProb };
  }

  /** Between two steps: answers what was asked meanwhile, and waits while it is held. */
  protected async pause(): Promise<void> {
    if (this.#isAsked) await this.answer();
    await this.#held?.promise;
    await this.#waiting?.promise;
  }

  /** Says where the probe is now. */
  protected async answer(): Promise<void> {
    this.#isAsked = false;
    if (!this.#point || !this.#evaluator) return;
    const probed = await takeProbe(this.#evaluator, this.#point);
    this.send({ type: "probed", run: this.request.run, probed });
  }
}

/** A promise that is kept from outside. */
interface Gate {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function gate(): Gate {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((yes) => {
    resolve = yes;
  });
  return { promise, resolve };
}
