/**
 * The page's state as signals, and the flows that follow it, each in a worker of its own.
 *
 * @module
 */

import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { drawSet, type SetName } from "./data/sets.ts";
import type {
  Judgment,
  Opened,
  Place,
  Probed,
  Progress,
  Reference,
  Reply,
  Request,
  Snapshot,
  Square,
} from "./flow/protocol.ts";
import {
  type DataChoice,
  type FlowChoice,
  fewestDrawn,
  isLive,
  kinds,
  type LinkPart,
  layers,
  linkOf,
  type Remarks,
  readLink,
  type State,
} from "./state.ts";
import { openModel } from "./table/tableStore.ts";
import { wantsStillness } from "./theme.ts";
import { threadsFor } from "./threads.ts";
import { type WorkerKind, watch, workerOf } from "./workers.ts";

const threads = threadsFor("points");

const first = readLink(location.hash);
/** What is chosen. */
export const state: Signal<State> = signal(first.state);
/** What the link asked for that cannot be; said until something else is chosen in its place. */
export const remarks: Signal<Remarks> = signal(first.remarks);

/** Where each choice is made. */
const partOf: Readonly<Record<keyof State, LinkPart>> = {
  data: "data",
  flow: "flow",
  other: "other",
  steps: "training",
  seed: "training",
  shown: "picture",
  at: "picture",
  probe: "picture",
};

/** Changes some of it. */
export function change(some: Partial<State>): void {
  state.value = { ...state.value, ...some };
  const made = new Set(Object.keys(some).map((name) => partOf[name as keyof State]));
  const left = Object.entries(remarks.peek()).filter(([part]) => !made.has(part as LinkPart));
  if (left.length < Object.keys(remarks.peek()).length) remarks.value = Object.fromEntries(left);
}

/** Whether points are being drawn by hand. */
export const isDrawing: Signal<boolean> = signal(false);
/** Where the keyboard draws; undefined while it does not. */
export const brushAt: Signal<readonly [number, number] | undefined> = signal(undefined);
/** A line for who looks and who listens: what has just been done. */
export const notice: Signal<string> = signal("");

const dataChoice = computed(() => state.value.data);
const setOf = (data: DataChoice): SetName | undefined => (data.from === "set" ? data.name : undefined);

/** Points of an energy's law, as the worker has drawn them. */
const targetPoints: Signal<Float64Array> = signal(new Float64Array(0));

/** The points, x and y in turn; of an energy those of its law. */
export const points: ReadonlySignal<Float64Array> = computed(() => {
  const data = dataChoice.value;
  if (data.from === "energy") return targetPoints.value;
  return data.from === "set" ? drawSet(data.name, data.rows, 1) : Float64Array.from(data.points);
});

/** The square around the points; for points that are drawn by hand the whole sheet. */
export const view: ReadonlySignal<Square> = computed(() => {
  const { from } = dataChoice.value;
  if (from === "energy") return { x: 0, y: 0, half: 4.6 };
  if (from === "drawn") return { x: 0, y: 0, half: 4 };
  const all = points.value;
  const [low, high] = [
    [Infinity, Infinity],
    [-Infinity, -Infinity],
  ];
  all.forEach((value, i) => {
    low[i & 1] = Math.min(low[i & 1]!, value);
    high[i & 1] = Math.max(high[i & 1]!, value);
  });
  const half = 0.58 * Math.max(high[0]! - low[0]!, high[1]! - low[1]!);
  return { x: (low[0]! + high[0]!) / 2, y: (low[1]! + high[1]!) / 2, half };
});

/** What a run is seen in: of a model whose data are not here, the square around its samples. */
export const viewOf = (run: Run): Square => run.opened.value?.view ?? view.value;

/** Where a training is. */
export type Phase = "idle" | "compiling" | "training" | "held" | "done" | "failed";

/** One flow on the page. */
export interface Run {
  readonly choice: ReadonlySignal<FlowChoice | undefined>;
  /** Whether what is chosen is about to be asked for: all that is shown is of what was chosen before. */
  readonly isDue: Signal<boolean>;
  readonly phase: Signal<Phase>;
  readonly stops: Signal<readonly string[]>;
  /** Whether the base is a bell curve; else it is a density of its own. */
  readonly isNormal: Signal<boolean>;
  readonly threads: Signal<number>;
  readonly history: Signal<readonly Progress[]>;
  readonly snapshot: Signal<Snapshot | undefined>;
  readonly probed: Signal<Probed | undefined>;
  readonly judgment: Signal<Judgment | undefined>;
  /** What the points score by densities that need no training. */
  readonly reference: Signal<Reference | undefined>;
  readonly message: Signal<string>;
  /** What the message is about. */
  readonly place: Signal<Place>;
  /** What was opened from a file; undefined for a flow that was trained here. */
  readonly opened: Signal<Opened | undefined>;
  hold(isHeld: boolean): void;
  restart(): void;
  /** Shows a model from a file; one of a table is shown in the place of a table. */
  open(file: File): Promise<void>;
  /** The file of the model that is opened. */
  file(): File | undefined;
  /** The flow as a model file. */
  take(): Promise<Uint8Array>;
}

/** What a flow is called: the kind that was chosen, or that a model is opened. */
export function nameOf({ opened, choice }: Run): string {
  if (opened.value) return "Opened model";
  return choice.value ? kinds[choice.value.kind].label : "";
}

/** What a run shows of a flow, which stays until another takes its place. */
type Shown = Readonly<
  Pick<
    { [Name in keyof Run]: Run[Name] extends Signal<infer Value> ? Value : never },
    "phase" | "history" | "judgment" | "reference" | "opened"
  >
>;

/** Workers that have flows. */
type FlowWorker = Exclude<WorkerKind, "painter">;

const isWithin = ([x, y]: readonly [number, number], seen: Square): boolean =>
  Math.abs(x - seen.x) <= seen.half && Math.abs(y - seen.y) <= seen.half;

const isAt = ([x, y]: readonly [number, number], other: readonly [number, number] | undefined): boolean =>
  x === other?.[0] && y === other[1];

function runOf(choice: ReadonlySignal<FlowChoice | undefined>): Run {
  const workers = new Map<FlowWorker, Worker>();
  /** Number and worker of the flow that is shown, and of the one that was asked for last. */
  let shown: { readonly number: number; readonly kind: FlowWorker } | undefined;
  let asked: typeof shown;
  /** What to go back to if the one that was asked for fails before there is anything to show. */
  let before: Shown | undefined;
  let count = 0;
  /** The model file that was chosen last, and the one that is shown. */
  let opening: File | undefined;
  let file: File | undefined;
  let taken: ((bytes: Uint8Array | undefined) => void) | undefined;
  /** Asks once more for what was asked for last. */
  let again = (): void => undefined;
  /** Questions without an answer after which another worker begins; more each time, as it may be the machine that is slow. */
  let mostUnanswered = 2;
  const begun = signal(0);
  /** Who wants less motion sees a training at each quarter of it, and when it is paused: what else there is to see waits. */
  let unseen: { snapshot?: Snapshot; probed?: Probed } = {};
  const see = (): void => {
    if (unseen.snapshot) run.snapshot.value = unseen.snapshot;
    if (unseen.probed) run.probed.value = unseen.probed;
    unseen = {};
  };
  let quarter = 0;
  const isStill = (): boolean => run.phase.peek() === "training" && wantsStillness();
  /** Whether another quarter of the training is over. */
  const isNextQuarter = (): boolean => {
    const { step = 0, steps = 1 } = run.history.peek().at(-1) ?? {};
    const now = Math.floor((4 * step) / steps);
    if (!(now > quarter)) return false;
    quarter = now;
    return true;
  };
  const run: Run = {
    choice,
    isDue: signal(false),
    phase: signal<Phase>("idle"),
    stops: signal<readonly string[]>([]),
    isNormal: signal(true),
    threads: signal(0),
    history: signal<readonly Progress[]>([]),
    snapshot: signal<Snapshot | undefined>(undefined),
    probed: signal<Probed | undefined>(undefined),
    judgment: signal<Judgment | undefined>(undefined),
    reference: signal<Reference | undefined>(undefined),
    message: signal(""),
    place: signal<Place>("flow"),
    opened: signal<Opened | undefined>(undefined),
    hold(isHeld) {
      post({ type: "hold", isHeld });
      run.phase.value = isHeld ? "held" : "training";
      see();
    },
    restart() {
      begun.value++;
    },
    async open(chosen) {
      const bytes = new Uint8Array(await chosen.arrayBuffer());
      opening = chosen;
      ask("verb", (number) => ({
        type: "open",
        run: number,
        threads,
        bytes,
        points: points.peek(),
        set: setOf(dataChoice.peek()),
        seed: state.peek().seed,
        view: view.peek(),
      }));
    },
    file: () => file,
    take() {
      return new Promise((resolve, reject) => {
        taken = (bytes) => (bytes ? resolve(bytes) : reject(new Error(run.message.peek())));
        if (shown)
          workers.get(shown.kind)?.postMessage({ type: "take", run: shown.number } satisfies Request);
      });
    },
  };
  const post = (request: Request): void => {
    for (const worker of workers.values()) worker.postMessage(request);
  };
  const dismiss = (kind: FlowWorker): void => {
    workers.get(kind)?.terminate();
    workers.delete(kind);
  };
  /** Nothing to fit: what is under way has nothing more to say. */
  const forget = (): void => {
    for (const kind of workers.keys()) dismiss(kind);
    shown = asked = undefined;
    run.message.value = "";
    run.opened.value = undefined;
    run.history.value = [];
    run.phase.value = "idle";
    run.snapshot.value = run.probed.value = run.judgment.value = run.reference.value = undefined;
  };
  const employ = (kind: FlowWorker): Worker => {
    const known = workers.get(kind);
    if (known) return known;
    const worker = workerOf(kind);
    workers.set(kind, worker);
    worker.onmessage = ({ data }: MessageEvent<Reply>) => hear(data);
    worker.onerror = ({ message }) => fail(message || "The worker of the flow could not be started.");
    worker.postMessage({ type: "probe", point: state.peek().probe } satisfies Request);
    const isTheirs = (): boolean => workers.get(kind) === worker;
    watch(worker, { type: "beat" } satisfies Request, mostUnanswered, isTheirs, () => {
      dismiss(kind);
      mostUnanswered *= 2;
      if (asked?.kind !== kind) return;
      again();
      run.place.value = "flow";
      run.message.value = "The worker of the flow stood still: another begins anew.";
    });
    return worker;
  };
  /** Asks for another flow; the one before is there until this one has something to show. */
  const ask = (kind: FlowWorker, requestOf: (number: number) => Request): void => {
    const { phase, history, judgment, reference, opened } = run;
    if (asked === shown && shown)
      before = {
        phase: phase.peek(),
        history: history.peek(),
        judgment: judgment.peek(),
        reference: reference.peek(),
        opened: opened.peek(),
      };
    asked = { number: ++count, kind };
    unseen = {};
    run.message.value = "";
    opened.value = undefined;
    history.value = [];
    judgment.value = reference.value = undefined;
    quarter = 0;
    phase.value = "compiling";
    again = () => ask(kind, requestOf);
    employ(kind).postMessage(requestOf(asked.number));
  };
  const takeOver = (): void => {
    if (shown && shown.kind !== asked!.kind) dismiss(shown.kind);
    shown = asked;
    before = undefined;
  };
  /** The one before comes back, if there is one. */
  const fail = (message: string, place: Place = "flow"): void => {
    run.place.value = place;
    run.message.value = message;
    if (asked === shown || !before) {
      if (run.phase.peek() !== "done") run.phase.value = "failed";
      return;
    }
    asked = shown;
    run.phase.value = before.phase;
    run.history.value = before.history;
    run.judgment.value = before.judgment;
    run.reference.value = before.reference;
    run.opened.value = before.opened;
    before = undefined;
  };
  const hear = (reply: Reply): void => {
    if (reply.type === "beat") return;
    if (reply.type === "model" || (reply.type === "failed" && reply.isOfTake)) {
      if (reply.type === "failed") {
        run.place.value = reply.place;
        run.message.value = reply.message;
      } else if (run.place.peek() === "model") run.message.value = "";
      taken?.(reply.type === "model" ? reply.bytes : undefined);
      return;
    }
    if (reply.run !== asked?.number) {
      // The probe is taken by the flow that is shown.
      if (reply.type === "probed" && reply.run === shown?.number) run.probed.value = reply.probed;
      return;
    }
    switch (reply.type) {
      case "stops":
        takeOver();
        run.stops.value = reply.names;
        run.isNormal.value = reply.isNormal;
        run.threads.value = reply.threads;
        return;
      case "phase":
        run.phase.value = reply.phase;
        see();
        return;
      case "progress":
        run.history.value = [...run.history.peek(), reply.progress];
        return;
      case "snapshot":
        unseen.snapshot = reply.snapshot;
        if (!isStill() || isNextQuarter()) see();
        return;
      case "probed":
        unseen.probed = reply.probed;
        // A probe that somebody moves is followed.
        if (!isStill() || !isAt(reply.probed.point, run.probed.peek()?.point)) see();
        return;
      case "target":
        targetPoints.value = reply.points;
        return;
      case "reference":
        run.reference.value = reply.reference;
        return;
      case "judged":
        run.judgment.value = reply.judgment;
        return;
      case "opened":
        run.opened.value = reply.opened;
        file = opening;
        // A probe that lies elsewhere is nowhere to be seen.
        if (reply.opened.view && !isWithin(state.peek().probe, reply.opened.view))
          change({ probe: [reply.opened.view.x, reply.opened.view.y] });
        // Its samples are all that there is to see of points.
        if (reply.opened.view)
          change({ shown: layers.filter((name) => name === "samples" || state.peek().shown.includes(name)) });
        return;
      case "failed":
        fail(reply.message, reply.place);
        if (!reply.isOfTable) return;
        run.message.value = "";
        // It has taken the place of a first training, which has shown nothing yet.
        if (!shown) run.restart();
        void openModel(opening!);
    }
  };
  const steps = computed(() => state.value.steps);
  const seed = computed(() => state.value.seed);
  let timer = 0;
  effect(() => {
    const flow = choice.value;
    const data = dataChoice.value;
    const energy = data.from === "energy" ? data.formula : undefined;
    // The points of an energy come from here: they begin nothing.
    const fittedPoints = energy === undefined ? points.value : new Float64Array(0);
    const request = {
      points: fittedPoints,
      energy,
      set: setOf(data),
      steps: steps.value,
      seed: seed.value,
      view: view.value,
    };
    void begun.value;
    clearTimeout(timer);
    run.isDue.value = flow !== undefined;
    if (!flow) {
      forget();
      return;
    }
    // Of many changes in a row the last counts: a slider that moves, a line that is being drawn.
    timer = window.setTimeout(
      () => {
        run.isDue.value = false;
        if (energy === undefined && fittedPoints.length < 2 * fewestDrawn) forget();
        else
          ask(isLive(flow.kind) ? "live" : "verb", (number) => ({
            type: "train",
            run: number,
            threads,
            flow,
            ...request,
          }));
      },
      count === 0 ? 0 : 200,
    );
  });
  const probe = computed(() => state.value.probe);
  effect(() => {
    const point = probe.value;
    post({ type: "probe", point });
  });
  return run;
}

const flow = computed(() => state.value.flow);
const other = computed(() => state.value.other);

/** Both flows; the second is idle unless two are compared. */
export const runs: readonly [Run, Run] = [runOf(flow), runOf(other)];

// The address of the page is a link to what it shows.
let written = "";
let linkTimer = 0;
effect(() => {
  const link = `#${linkOf(state.value)}`;
  clearTimeout(linkTimer);
  linkTimer = window.setTimeout(() => {
    if (link === written) return;
    written = link;
    history.replaceState(null, "", link);
  }, 300);
});
addEventListener("hashchange", () => {
  if (location.hash === written) return;
  const read = readLink(location.hash);
  state.value = read.state;
  remarks.value = read.remarks;
});
