/**
 * A table of one's own: what is known of it, and the questions to its worker.
 *
 * @module
 */

import { type Signal, signal } from "@preact/signals";
import { readings } from "../messages.ts";
import { watch } from "../workers.ts";
import { angleOf, periodOf } from "./angles.ts";
import type {
  ColumnNote,
  FitFacts,
  QuestionName,
  Questions,
  Ranking,
  TableFacts,
  TableKind,
  TableQuestion,
  TableReference,
  TableReply,
  TableRequest,
} from "./protocol.ts";

/** The table on the page, or the columns of a model without one; undefined where points are shown. */
export const table: Signal<TableFacts | undefined> = signal(undefined);
/** A model whose table is not here: that which comes next is asked of it. */
let alone: File | undefined;
export const notes: Signal<readonly ColumnNote[]> = signal([]);
/** What somebody has chosen that columns are: a kind of the library's, a way to read numbers, or {@link leftOut}. */
export const taken: Signal<Readonly<Record<string, string>>> = signal({});
/** Of a column that is not fitted. */
export const leftOut = "left out";
export const fitted: Signal<FitFacts | undefined> = signal(undefined);
/** What the same rows score by what needs no training, when it is known. */
export const reference: Signal<TableReference | undefined> = signal(undefined);
/** The strangest rows by the flow, as far as it has looked. */
export const ranking: Signal<Ranking | undefined> = signal(undefined);
/** What is under way, in words; empty where nothing is. */
export const stage: Signal<string> = signal("");
export const progress: Signal<
  | {
      readonly done: number;
      readonly of: number;
      readonly heldOutLogProb: number;
      /** When the first of it was heard of, in milliseconds of the page. */
      readonly since: number;
      /** What was done then. */
      readonly from: number;
    }
  | undefined
> = signal(undefined);
/** What went wrong last. */
export const trouble: Signal<string> = signal("");
/** Why no rows could be drawn; said beside what asks for them. */
export const drawTrouble: Signal<string> = signal("");

let worker: Worker | undefined;
let last = 0;
const open = new Map<
  number,
  {
    readonly question: TableQuestion;
    readonly resolve: (answer: unknown) => void;
    readonly reject: (error: Error) => void;
  }
>();
/** The questions whose answers are what there is: that for the table, then that for the flow. */
let answered: readonly TableQuestion[] = [];
/** Questions without an answer after which another worker begins; more each time, as it may be the machine that is slow. */
let mostUnanswered = 5;

function post(request: TableRequest): void {
  if (!worker) {
    const begun = new Worker(new URL("./tableWorker.ts", import.meta.url), { type: "module" });
    worker = begun;
    const isTheirs = (): boolean => worker === begun;
    watch(begun, { name: "beat" } satisfies TableRequest, mostUnanswered, isTheirs, () => void beginAnew());
    worker.onmessage = ({ data }: MessageEvent<TableReply>) => hear(data);
    worker.onerror = ({ message }) => {
      for (const { reject } of open.values()) reject(new Error(message || "The worker of the table failed."));
      open.clear();
    };
  }
  worker.postMessage(request);
}

/** Asks another worker for all that there was, and then for what this one has left without an answer. */
async function beginAnew(): Promise<void> {
  worker?.terminate();
  worker = undefined;
  mostUnanswered *= 2;
  trouble.value = "The worker of the table stood still: another begins anew.";
  const waiting = [...open.values()].map(({ question }) => question);
  for (const { name, ask } of answered) await question(name, ask).catch(() => undefined);
  for (const question of waiting) post(question);
}

/** What another worker would have to be asked, after the answer to a question. */
function withAnswerTo(question: TableQuestion): readonly TableQuestion[] {
  switch (question.name) {
    case "read":
    case "openAlone":
      return [question];
    case "fit":
    case "open":
      return [...answered.slice(0, 1), question];
    default:
      return answered;
  }
}

function hear(reply: TableReply): void {
  const asked = "number" in reply ? open.get(reply.number) : undefined;
  switch (reply.type) {
    case "answer":
      if (asked) answered = withAnswerTo(asked.question);
      asked?.resolve(reply.answer);
      open.delete(reply.number);
      return;
    case "failure":
      asked?.reject(new Error(reply.message));
      open.delete(reply.number);
      return;
    case "shown":
      if (table.value) table.value = { ...table.value, shown: reply.shown };
      return;
    case "notes":
      notes.value = reply.notes;
      return;
    case "stage":
      stage.value = reply.text;
      return;
    case "reference":
      reference.value = reply.reference;
      return;
    case "ranking":
      ranking.value = reply.ranking;
      return;
    case "trouble":
      trouble.value = reply.message;
      return;
    case "progress":
      stage.value = "Training";
      progress.value = {
        ...reply,
        since: progress.value?.since ?? performance.now(),
        from: progress.value?.from ?? reply.done,
      };
  }
}

/** Asks the worker. */
function question<Name extends QuestionName>(
  name: Name,
  ask: Questions[Name]["ask"],
): Promise<Questions[Name]["answer"]> {
  return new Promise((resolve, reject) => {
    const question = { number: ++last, name, ask } as TableQuestion;
    open.set(question.number, { question, resolve: resolve as (answer: unknown) => void, reject });
    post(question);
  });
}

/** Asks with words for who waits; what fails is said at its place, and what there was before stays. */
export async function ask<Name extends QuestionName>(
  words: string,
  name: Name,
  what: Questions[Name]["ask"],
  place: Signal<string> = trouble,
): Promise<Questions[Name]["answer"] | undefined> {
  trouble.value = place.value = "";
  stage.value = words;
  try {
    return await question(name, what);
  } catch (error) {
    place.value = error instanceof Error ? error.message : String(error);
    return undefined;
  } finally {
    stage.value = "";
    progress.value = undefined;
  }
}

/** Reads pasted text as the table of the page; what it looks like says in which format it is. */
export async function openText(text: string): Promise<void> {
  const begin = text.trimStart();
  const firstLine = begin.slice(0, begin.indexOf("\n"));
  const format = begin.startsWith("[")
    ? "json"
    : begin.startsWith("{")
      ? "jsonl"
      : firstLine.includes("\t")
        ? "tsv"
        : "csv";
  await openTable(new File([text], `pasted.${format}`));
}

/** Reads a file as the table of the page; a model without its table is asked of it. */
export async function openTable(file: File, model: File | undefined = alone): Promise<void> {
  const read = await ask(`Reading ${file.name}`, "read", { file });
  if (!read) return;
  table.value = read;
  notes.value = [];
  taken.value = {};
  fitted.value = reference.value = ranking.value = alone = undefined;
  if (model) await openModel(model);
}

/** Takes another flow, if there is one; which rows are strange to it is said later. */
function hold(facts: FitFacts | undefined): void {
  if (!facts) return;
  fitted.value = facts;
  drawTrouble.value = "";
  reference.value = ranking.value = undefined;
}

/** What a column is fitted as: what somebody has chosen, empty for as it is found; by a flow of angles what it looks like, or left out. */
export function usedAs(kind: TableKind, name: string): string {
  const chosen = taken.value[name] ?? "";
  if (kind !== "ncsf" || chosen === leftOut || periodOf(chosen) !== undefined) return chosen;
  const range = table.value?.ranges[name];
  return (range && angleOf(range)) ?? leftOut;
}

/** How the numbers of all columns that can be read in two ways are read; empty where they are not all read alike. */
export function doubtReading(): string {
  const [first = "", ...others] = new Set(
    table.value?.doubtful?.columns.map((name) => taken.value[name] ?? ""),
  );
  return others.length === 0 && Object.hasOwn(readings, first) ? first : "";
}

/** Reads them all in one way. */
export function readDoubtful(reading: string): void {
  const doubtful = new Set(table.value?.doubtful?.columns);
  taken.value = Object.fromEntries([
    ...Object.entries(taken.value).filter(([name]) => !doubtful.has(name)),
    ...(reading === "" ? [] : Array.from(doubtful, (name) => [name, reading] as const)),
  ]);
}

/** Fits a flow to the table. */
export async function fitTable(kind: TableKind, budget: number): Promise<void> {
  const parse = Object.fromEntries(
    Object.entries(taken.value).filter(([, what]) => Object.hasOwn(readings, what)),
  );
  const used = (table.value?.columns ?? []).map((name) => [name, usedAs(kind, name)] as const);
  const exclude = used.flatMap(([name, what]) => (what === leftOut ? [name] : []));
  const kinds = Object.fromEntries(
    used.filter(([, what]) => what !== "" && what !== leftOut && !Object.hasOwn(readings, what)),
  );
  hold(await ask("Loading", "fit", { kind, budget, seed: 1, kinds, exclude, parse }));
}

/** Takes a model from a file, in place of a fit; without a table, its columns are what is shown. */
export async function openModel(file: File): Promise<void> {
  if (!table.value || alone) {
    const found = await ask(`Opening ${file.name}`, "openAlone", { file });
    if (!found) return;
    table.value = found.facts;
    notes.value = found.notes;
    alone = file;
    hold(found.fit);
    return;
  }
  hold(await ask(`Opening ${file.name}`, "open", { file }));
}

/** Ends a fit, and keeps what it has found; or ends the drawing of rows. */
export function stop(): void {
  post({ name: "stop" });
}

/** Back to points. */
export function closeTable(): void {
  worker?.terminate();
  worker = undefined;
  open.clear();
  answered = [];
  table.value = fitted.value = reference.value = ranking.value = alone = undefined;
  stage.value = trouble.value = drawTrouble.value = "";
}
