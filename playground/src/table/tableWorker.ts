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
  tableToObjects,
} from "pushforward";
import { type Anomaly, anomalyScorer } from "pushforward/diagnostics";
import type { ColumnNote as LibraryNote } from "pushforward/fitting";
import { replaceOptionTexts } from "pushforward/options";
import { RandomStream, randomKey } from "pushforward/random";
import { type ColumnSchema, pickRows } from "pushforward/tables";
import { messageOf, onPage } from "../messages.ts";
import { inShell } from "../takeAlong.ts";
import { threadsFor } from "../threads.ts";
import { datesLike, delimiterOf, textAsWritten, type Writing } from "./asWritten.ts";
import { toGo } from "./duration.ts";
import {
  type Cell,
  type ColumnNote,
  type Columns,
  type FitFacts,
  isTrained,
  type Questions,
  type StrangeRow,
  type TableFacts,
  type TableReference,
  type TableReply,
  type TableRequest,
  takesKinds,
} from "./protocol.ts";

declare const self: DedicatedWorkerGlobalScope;

const say = (reply: TableReply): void => self.postMessage(reply);

/** Rows that are drawn as points, and rows that are listed. */
const mostShown = 1500;
const mostStrange = 25;
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

/** Rows as they are shown: what is missing as null, and what is true or false in words, as samples have it. */
function cellsOf(rows: Table): readonly Readonly<Record<string, Cell>>[] {
  const booleans = new Set(
    rows.records.filter(({ readAs }) => readAs === "booleans").map(({ name }) => name),
  );
  const shown = (name: string, cell: Cell): Cell => {
    if (typeof cell !== "number") return cell;
    if (Number.isNaN(cell)) return null;
    return booleans.has(name) && (cell === 0 || cell === 1) ? String(cell === 1) : cell;
  };
  return tableToObjects(rows).map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, shown(name, cell)])),
  );
}

function columnsOf(rows: Table): Columns {
  const cells = cellsOf(rows);
  return Object.fromEntries(
    Object.keys(cells[0] ?? {}).map((name) => [name, cells.map((row) => row[name]!)]),
  );
}

/** Rows at random, each once. */
function someRows(all: Table, seed: number): Table {
  if (all.rows <= mostShown) return all;
  const stream = new RandomStream(randomKey(seed));
  const places = new Set<number>();
  while (places.size < mostShown) places.add(stream.integerBelow(all.rows));
  return pickRows(all, [...places]);
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

/** From where to where the numbers of each column go; columns without a number are not named. */
function rangesOf({ columns, rows, values }: Table): TableFacts["ranges"] {
  return Object.fromEntries(
    columns.flatMap((name, column) => {
      let [low, high] = [Infinity, -Infinity];
      for (let row = 0; row < rows; row++) {
        const value = values[row * columns.length + column]!;
        if (value < low) low = value;
        if (value > high) high = value;
      }
      return high >= low ? [[name, { low, high }]] : [];
    }),
  );
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

/** Columns whose numbers can be read in two ways. */
function doubtfulOf({ records }: Table): TableFacts["doubtful"] {
  const found = records.filter(({ leftOut }) => leftOut?.kind === "ambiguous");
  return found.length > 0
    ? { columns: found.map(({ name }) => name), cell: found[0]!.leftOut!.cell ?? "" }
    : undefined;
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

const noteOnPage = ({ name, kind, use, values, remedy }: LibraryNote): ColumnNote => {
  // That a column is left out, and its kind, are said before its values.
  const facts = values
    .replace(/^left out[:,] /, "")
    .replace(/^the column is (?:constant|an identifier|free text) \((.*)\)$/, "$1");
  return { name, kind, use, values: onPage(remedy ? `${facts}; ${remedy}` : facts) };
};

/** What a model says of a column. */
function noteOfModel({ name, kind, use, levels, step }: ColumnSchema): ColumnNote {
  const isCounted = step !== undefined && kind !== "date-time" && kind !== "integer";
  return {
    name,
    kind,
    use,
    values: levels
      ? `${levels.length} levels, by the model`
      : isCounted
        ? `steps of ${step}, by the model`
        : "by the model",
  };
}

/** What is said of rows that a flow of numbers has no use for. */
const leftOutLine = (rows: number): string[] =>
  rows > 0 ? [`${rows.toLocaleString("en")} ${rows === 1 ? "row" : "rows"} with missing cells left out`] : [];

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

/** Columns of which each by itself is still fitted in some seconds, and rows of them in a moment. */
const mostReferred = 40;
const fewReferred = 20_000;

/** What is said of a flow when it is there: what scores as a reference, and which rows are strange; what takes longer comes last. */
async function follow(found: Flow, rows: Table, judged: Judged): Promise<void> {
  const isLong = found.description.kind === "columns" && rows.rows > fewReferred;
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
  if (kind === "ncsf" || found.columns.length > mostReferred) return;
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
    description: found.toString(),
    held: found.description.kind === "columns" ? schemaOf(found) : [],
    counted: found.description.measures.flatMap(({ column, measure }) =>
      measure === "counting" ? [column] : [],
    ),
    samples,
    rankedIn: ordinaryRows * sampledIn,
  };
}

/** Whether a row is strange for a missing cell most of all. */
function isMissing({ blame: [first], place }: Anomaly & { readonly place: number }, rows: Table): boolean {
  if (!first) return false;
  const column = rows.columns.indexOf(first.column);
  if (column >= 0) return Number.isNaN(rows.values[place * rows.columns.length + column]);
  const text = rows.texts?.find(({ name }) => name === first.column);
  return text !== undefined && text.levels[text.codes[place]!] === undefined;
}

/** The strangest of two lists that are in order. */
const strangestOf = (some: readonly StrangeRow[], others: readonly StrangeRow[]): StrangeRow[] =>
  [...some, ...others].sort((a, b) => b.score - a.score || a.row - b.row).slice(0, mostStrange);

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

function shownRows(
  strangest: readonly (Anomaly & { readonly place: number })[],
  rows: Table,
  dates: ReadonlyMap<string, (date: string) => string>,
): readonly StrangeRow[] {
  const cells = cellsOf(
    pickRows(
      rows,
      strangest.map(({ place }) => place),
    ),
  );
  return strangest.map(({ place, score, pValue, logProb, blame, expected }, i) => ({
    row: place + 1,
    score,
    pValue,
    logProb,
    blame: blame.slice(0, 3).map(({ column, share }) => {
      const usual = expected[column];
      const like = dates.get(column);
      return { column, share, expected: like && typeof usual === "string" ? like(usual) : usual };
    }),
    cells: cells[i]!,
  }));
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

async function answerTo(request: Exclude<TableRequest, { name: "stop" }>): Promise<unknown> {
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
