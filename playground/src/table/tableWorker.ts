/**
 * The worker of a table: it reads, fits, scores and draws with the verbs of the library.
 *
 * @module
 */

import {
  AbortedError,
  type Flow,
  fit,
  load,
  PushforwardError,
  type ReadTableOptions,
  readTable,
  type Table,
} from "pushforward";
import { anomalyScorer } from "pushforward/diagnostics";
import { replaceOptionTexts } from "pushforward/options";
import { type ColumnSchema, pickRows } from "pushforward/tables";
import { messageOf, onPage } from "../messages.ts";
import { inShell } from "../takeAlong.ts";
import { threadsFor } from "../threads.ts";
import { datesLike, delimiterOf, textAsWritten, type Writing } from "./asWritten.ts";
import { toGo } from "./duration.ts";
import { listed } from "./names.ts";
import {
  type FitFacts,
  isTrained,
  type Questions,
  type StrangeRow,
  type TableFacts,
  type TableQuestion,
  type TableReference,
  type TableReply,
  type TableRequest,
  takesKinds,
} from "./protocol.ts";
import { isMissing, mostStrange, shownRows, strangestOf } from "./strangeRows.ts";
import {
  cellsOf,
  columnsOf,
  doubtfulOf,
  leftOutLine,
  mostShown,
  noteOfModel,
  noteOnPage,
  rangesOf,
  someRows,
} from "./tableFacts.ts";

declare const self: DedicatedWorkerGlobalScope;

const say = (reply: TableReply): void => self.postMessage(reply);

/** How much longer it takes to draw the rows that others are held against, and to score them, than those that are shown. */
const ordinaryRows = 5;
/** Rows that are held against the flow in one piece, so that there is something to see, and to answer between. */
const rankedAtOnce = 4000;

const threads = threadsFor("table");

let table: Table | undefined;
/** Where the table is from, and how its numbers were said to be written. */
let source: { readonly file: File; readonly options: ReadTableOptions } | undefined;
let flow: Flow | undefined;
let abort: AbortController | undefined;

function heldTable(): Table {
  if (!table) throw new Error("There is no table yet: drop one, or choose a file.");
  return table;
}

function heldFlow(): Flow {
  if (!flow) throw new Error("There is no flow yet: fit one first.");
  return flow;
}

/** Reads a table; one without a header line, or in another encoding, as its reader advises, which is said and not asked for. */
async function tableOf(file: File): Promise<{ readonly read: Table; readonly options: ReadTableOptions }> {
  const remarks: string[] = [];
  let options: ReadTableOptions = { name: file.name };
  for (;;)
    try {
      const read = await readTable(file, options);
      return { read: { ...read, remarks: [...remarks, ...(read.remarks ?? [])] }, options };
    } catch (error) {
      const { header, encoding } = advisedBy(error);
      if (header === false && options.header === undefined) {
        remarks.push(
          "the first line holds numbers and is taken for a row, so that columns have no names of their own",
        );
        options = { ...options, header };
      } else if (typeof encoding === "string" && options.encoding === undefined) {
        remarks.push(`the file is not UTF-8: it seems to be ${encoding}, and is read as that`);
        options = { ...options, encoding };
      } else throw error;
    }
}

/** The options that an error advises; of several values of one the first. */
function advisedBy(error: unknown): Readonly<Record<string, unknown>> {
  const advised: Record<string, unknown> = {};
  if (error instanceof PushforwardError && error.remedy)
    replaceOptionTexts(error.remedy, (name, value) => {
      advised[name] ??= value;
      return undefined;
    });
  return advised;
}

/** The table with the numbers of some columns read as somebody says; read once more where that is new. */
async function readAs(parse: Readonly<Record<string, string>>): Promise<Table> {
  const held = heldTable();
  const { file, options } = source!;
  if (JSON.stringify(options.parse ?? {}) === JSON.stringify(parse)) return held;
  say({ type: "stage", text: `Reading ${file.name}` });
  const asked = { ...options, parse } as ReadTableOptions;
  table = await readTable(file, asked);
  source = { file, options: asked };
  say({ type: "shown", shown: columnsOf(someRows(table, 1)) });
  return table;
}

/** How a table was read, for the command line. */
function flagsOf({ header, encoding, parse = {} }: ReadTableOptions): string {
  const read = Object.entries(parse).map(([name, how]) => `${name}=${how}`);
  return [
    ...(header === false ? ["--no-header"] : []),
    ...(encoding === undefined ? [] : [`--encoding ${encoding}`]),
    ...(read.length > 0 ? [`--parse ${inShell(read.join(","))}`] : []),
  ].join(" ");
}

async function read({ file }: Questions["read"]["ask"]): Promise<TableFacts> {
  const { read, options } = await tableOf(file);
  if (read.rows === 0) throw new Error(`${file.name} has no rows.`);
  table = read;
  source = { file, options };
  flow = undefined;
  const shown = columnsOf(someRows(read, 1));
  // Behind the answer, which the picture waits for.
  setTimeout(() => void look(read));
  return {
    name: file.name,
    rows: read.rows,
    columns: Object.keys(shown),
    shown,
    ranges: rangesOf(read),
    doubtful: doubtfulOf(read),
    remarks: (read.remarks ?? []).map(onPage),
  };
}

let looking: AbortController | undefined;

/** Says what each column would be taken for: what a fit would find, which is ended there. */
async function look(rows: Table): Promise<void> {
  const own = new AbortController();
  looking = own;
  await fit(rows, {
    flow: "columns",
    signal: own.signal,
    onColumns(notes) {
      if (table === rows && !own.signal.aborted) say({ type: "notes", notes: notes.map(noteOnPage) });
      own.abort();
    },
    // It has ended; or the columns cannot be used as they are, which is said when somebody fits them.
  }).catch(() => undefined);
}

async function fitTable({
  kind,
  budget,
  seed,
  kinds,
  exclude,
  parse,
}: Questions["fit"]["ask"]): Promise<FitFacts> {
  looking?.abort();
  const rows = await readAs(parse);
  abort = new AbortController();
  // What is said already: of the reading, and of each column.
  const noted = new Set<string | undefined>(rows.remarks);
  say({ type: "stage", text: "Looking at the columns" });
  const { flow: fitted, report } = await fit(rows, {
    flow: kind,
    exclude,
    seed,
    threads,
    signal: abort.signal,
    ...(kind === "columns" ? {} : { missing: "drop" }),
    ...(takesKinds(kind) ? { kinds } : {}),
    ...(isTrained(kind) ? { budget, keepOnAbort: true } : {}),
    onColumns(notes) {
      for (const { warning } of notes) noted.add(warning);
      say({ type: "notes", notes: notes.map(noteOnPage) });
    },
    ...(kind === "columns" ? { onPhase: sayColumns() } : {}),
    onProgress: ({ epoch, epochs, validationLogProb }) =>
      say({ type: "progress", done: epoch, of: epochs, heldOutLogProb: validationLogProb }),
  });
  const known = {
    logProb: report.validationLogProb,
    scored: "held-out rows",
    interrupted: report.interrupted,
    warnings: [
      ...leftOutLine(report.dropped),
      ...report.warnings.flatMap(({ message }) => (noted.has(message) ? [] : [onPage(message)])),
    ],
  } as const;
  return await held(fitted, rows, known, { seed });
}

/** What says how many columns have been looked at, and how long the others may take. */
function sayColumns(): (phase: {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
}) => void {
  const begin = performance.now();
  return ({ phase, done, total }) => {
    if (phase !== "columns") return;
    const left = toGo((performance.now() - begin) / 1000, done, total);
    say({ type: "stage", text: `Looking at the columns: ${done} of ${total}${left}` });
  };
}

/** A model from a file. */
async function loaded(file: File): Promise<Flow> {
  const opened = await load(file);
  if (opened.given.length > 0)
    throw new Error(
      `${file.name} is given ${opened.given.join(", ")}: this page asks flows that are given nothing.`,
    );
  return opened;
}

/** A model alone: what there is to see are rows that it draws. */
async function openAlone({ file }: Questions["openAlone"]["ask"]): Promise<Questions["openAlone"]["answer"]> {
  const opened = await loaded(file);
  table = source = undefined;
  say({ type: "stage", text: "Drawing rows" });
  const { logProb } = await opened.sampleWithLogProb(mostShown, { seed: 3, threads });
  const fit = await held(opened, undefined, {
    logProb: logProb.reduce((sum, each) => sum + each, 0) / logProb.length,
    scored: "rows that it draws itself",
    interrupted: false,
    warnings: [],
  });
  const facts = {
    ...{ name: file.name, rows: 0, columns: fit.columns, shown: {} },
    ...{ ranges: {}, doubtful: undefined, remarks: [] },
  };
  return { facts, notes: schemaOf(opened).map(noteOfModel), fit };
}

/** Rows that a flow is judged by: those that a seed holds out, or all. */
type Judged = { readonly seed: number } | { readonly validation: 0 };

/** Rows and columns of a table of which each column by itself is fitted in a moment. */
const fewReferred = { rows: 20_000, columns: 40 } as const;

/** What is said of a flow when it is there: what scores as a reference, and which rows are strange; what takes longer comes last. */
async function follow(found: Flow, rows: Table, judged: Judged): Promise<void> {
  const isLong =
    found.description.kind === "columns" &&
    (rows.rows > fewReferred.rows || found.columns.length > fewReferred.columns);
  if (!isLong) await refer(found, rows, judged);
  await rank(found, rows);
  if (isLong && flow === found) await refer(found, rows, judged);
}

/**
 * Says what the rows that a flow is judged by score by what needs no training, as long as it is the flow of the table: the same rows, as
 * they are held out by the seed, or all.
 */
async function refer(found: Flow, rows: Table, how: Judged): Promise<void> {
  const { kind, schema } = found.description;
  // Angles come round, and a bell curve does not.
  if (kind === "ncsf") return;
  const asked = { ...how, columns: found.columns, threads };
  const by: TableReference["by"] = kind === "columns" ? "each column" : "gaussian";
  try {
    const { report } = await (by === "gaussian"
      ? fit(rows, { ...asked, flow: "gaussian", missing: "drop" })
      : // A training begins with the product of the columns' own distributions: one that learns next to nothing ends there.
        fit(rows, {
          ...asked,
          ...{ flow: "columns", schema, members: 1, hidden: [1], epochs: 1, learningRate: 1e-9 },
        }));
    if (flow === found) say({ type: "reference", reference: { by, logProb: report.validationLogProb } });
  } catch {
    // Where there is none, there is nothing to hold the score against.
  }
}

async function open({ file }: Questions["open"]["ask"]): Promise<FitFacts> {
  const rows = heldTable();
  const opened = await loaded(file);
  say({ type: "stage", text: "Scoring the rows" });
  const ofMixed = opened.description.kind === "columns";
  const score = await opened.score(rows, { threads, ...(ofMixed ? {} : { missing: "drop" }) });
  const { mean, impossible, possible } = score;
  // What a fit would find is of no matter beside what the model has.
  looking?.abort();
  say({ type: "notes", notes: schemaOf(opened).map(noteOfModel) });
  const known = {
    logProb: mean,
    scored: "the rows of this table",
    interrupted: false,
    warnings: [
      ...leftOutLine(rows.rows - score.rows),
      ...(impossible > 0
        ? [
            `by this model ${impossible.toLocaleString("en")} of the rows cannot be; the mean of the others is ${possible.mean.toFixed(2)} nats`,
          ]
        : []),
    ],
  } as const;
  return await held(opened, rows, known, { validation: 0 });
}

/** Takes a flow as that of the table, once all that is shown of it is there; `judged` says by which rows, where there are some. */
async function held(
  found: Flow,
  rows: Table | undefined,
  known: Pick<FitFacts, "logProb" | "scored" | "interrupted" | "warnings">,
  judged: Judged = { validation: 0 },
): Promise<FitFacts> {
  say({ type: "stage", text: "Drawing rows" });
  const begin = performance.now();
  const samples = columnsOf(await found.sample(mostShown, { seed: 1, threads }));
  const sampledIn = (performance.now() - begin) / 1000;
  flow = found;
  // Goes on behind the answer: of many rows it takes longest of all.
  if (rows) setTimeout(() => void follow(found, rows, judged));
  return {
    ...known,
    flags: source ? flagsOf(source.options) : "",
    columns: found.columns,
    description: found.toString().replace(found.columns.join(", "), () => listed(found.columns)),
    held: found.description.kind === "columns" ? schemaOf(found) : [],
    counted: found.description.measures.flatMap(({ column, measure }) =>
      measure === "counting" ? [column] : [],
    ),
    samples,
    rankedIn: ordinaryRows * sampledIn,
  };
}

/** Ranks the rows by how strange they are to a flow, as long as it is that of the table. */
async function rank(found: Flow, rows: Table): Promise<void> {
  try {
    const scorer = await anomalyScorer(found, { seed: 1 });
    let strangest: StrangeRow[] = [];
    let whole: StrangeRow[] = [];
    const dates = datesOf(found, rows);
    for (let begin = 0; begin < rows.rows; begin += rankedAtOnce) {
      const end = Math.min(rows.rows, begin + rankedAtOnce);
      const places = Array.from({ length: end - begin }, (_, i) => begin + i);
      const next = await scorer.rows(pickRows(rows, places));
      if (flow !== found) return;
      const ranked = next
        .map((row, i) => ({ ...row, place: begin + i }))
        .sort((a, b) => b.score - a.score || a.place - b.place);
      strangest = strangestOf(strangest, shownRows(ranked.slice(0, mostStrange), rows, dates));
      whole = strangestOf(
        whole,
        shownRows(ranked.filter((row) => !isMissing(row, rows)).slice(0, mostStrange), rows, dates),
      );
      say({ type: "ranking", ranking: { strange: strangest, whole, rows: end, of: rows.rows } });
    }
  } catch (error) {
    if (flow === found) say({ type: "trouble", message: messageOf(error) });
  }
}

const schemaOf = (found: Flow): readonly ColumnSchema[] => found.description.schema?.columns ?? [];

/** Of columns of dates, what makes dates like those of the table. */
function datesOf(found: Flow, rows: Table): Map<string, (date: string) => string> {
  return new Map(
    schemaOf(found).flatMap(({ name, written }) => {
      const text = rows.texts?.find((each) => each.name === name);
      const like = datesLike(written, text?.levels[0]);
      return like ? [[name, like] as const] : [];
    }),
  );
}

/** Enough of a file to have its first line. */
const startBytes = 65_536;

/** How the table was written. */
async function writingOf(found: Flow): Promise<Writing> {
  if (!table) return { delimiter: ",", decimalCommas: new Set(), dates: new Map() };
  const rows = table;
  const { file, options } = source!;
  const start = await file.slice(0, startBytes).arrayBuffer();
  const [line = ""] = new TextDecoder(options.encoding).decode(start).split(/\r?\n/, 1);
  return {
    delimiter: /\.(?:csv|tsv|txt)$/i.test(file.name) ? delimiterOf(line, rows.records.length) : ",",
    decimalCommas: new Set(
      rows.records.flatMap(({ name, parse }) => (parse.includes("decimal-comma") ? [name] : [])),
    ),
    dates: datesOf(found, rows),
  };
}

async function sample({
  rows,
  condition,
}: Questions["sample"]["ask"]): Promise<Questions["sample"]["answer"]> {
  let worth: number | undefined;
  abort = new AbortController();
  const flow = heldFlow();
  const drawn = await flow
    .sample(rows, {
      seed: 2,
      threads,
      signal: abort.signal,
      ...(condition
        ? {
            given: { [condition.column]: condition.value },
            onGiven: ({ effectiveSize }) => {
              worth = effectiveSize;
            },
          }
        : {}),
    })
    .catch((error: unknown) => {
      // The value is not in a row of a table that could be mended.
      if (condition && /" is not a date/.test(String(error)))
        throw new Error(`${condition.column} cannot be ${condition.value}: that is no date.`);
      throw error;
    });
  const text = textAsWritten(cellsOf(drawn), await writingOf(flow));
  return { shown: columnsOf(someRows(drawn, 2)), csv: new TextEncoder().encode(text), worth };
}

/** The log-density of each row, beside its number; of a row that a flow of numbers has no use for an empty one. */
async function scores(): Promise<Uint8Array> {
  const scored = heldFlow();
  const isMixed = scored.description.kind === "columns";
  const logProb = await scored.logProb(heldTable(), { threads, ...(isMixed ? {} : { missing: "empty" }) });
  const lines = Array.from(logProb, (value, i) => `${i + 1},${Number.isNaN(value) ? "" : value}`);
  return new TextEncoder().encode(`${["row,logProb", ...lines].join("\n")}\n`);
}

async function answerTo(request: TableQuestion): Promise<unknown> {
  switch (request.name) {
    case "read":
      return await read(request.ask);
    case "fit":
      return await fitTable(request.ask);
    case "sample":
      return await sample(request.ask);
    case "open":
      return await open(request.ask);
    case "openAlone":
      return await openAlone(request.ask);
    case "scores":
      return await scores();
    case "take":
      return heldFlow().toBytes();
  }
}

self.onmessage = async ({ data: request }: MessageEvent<TableRequest>): Promise<void> => {
  if (request.name === "beat") {
    say({ type: "beat" });
    return;
  }
  if (request.name === "stop") {
    abort?.abort();
    return;
  }
  const { number } = request;
  try {
    say({ type: "answer", number, answer: await answerTo(request) });
  } catch (error) {
    const isStopped = error instanceof AbortedError;
    say({
      type: "failure",
      number,
      message: isStopped ? "Stopped before there was anything to keep." : messageOf(error),
    });
  }
};
