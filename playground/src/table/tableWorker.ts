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
  readTable,
  type Table,
  tableToBytes,
  tableToObjects,
} from "pushforward";
import { type Anomaly, anomalyScorer } from "pushforward/diagnostics";
import { RandomStream, randomKey } from "pushforward/random";
import { pickRows } from "pushforward/tables";
import type {
  Cell,
  Columns,
  FitFacts,
  Questions,
  StrangeRow,
  TableFacts,
  TableReply,
  TableRequest,
} from "./protocol.ts";

declare const self: DedicatedWorkerGlobalScope;

const say = (reply: TableReply): void => self.postMessage(reply);

/** Rows that are drawn as points, and rows that are listed. */
const mostShown = 1500;
const mostStrange = 25;
/** Rows that are held against the flow in one piece, so that there is something to see, and to answer between. */
const rankedAtOnce = 4000;

/** One core is left to the page. */
const threads = self.crossOriginIsolated ? Math.max(1, Math.min(8, navigator.hardwareConcurrency - 1)) : 1;

let table: Table | undefined;
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

/** A number that is missing, or beyond all bounds, cannot be shown as one. */
const shownCell = (cell: Cell): Cell => (typeof cell === "number" && Number.isNaN(cell) ? null : cell);

function columnsOf(rows: Table): Columns {
  const objects = tableToObjects(rows);
  return Object.fromEntries(
    Object.keys(objects[0] ?? {}).map((name) => [name, objects.map((object) => shownCell(object[name]!))]),
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

async function read({ file }: Questions["read"]["ask"]): Promise<TableFacts> {
  const read = await readTable(file, { name: file.name });
  if (read.rows === 0) throw new Error(`${file.name} has no rows.`);
  table = read;
  flow = undefined;
  const shown = columnsOf(someRows(read, 1));
  return {
    name: file.name,
    rows: read.rows,
    columns: Object.keys(shown),
    shown,
    remarks: read.remarks ?? [],
  };
}

async function fitTable({ kind, budget, seed }: Questions["fit"]["ask"]): Promise<FitFacts> {
  const rows = heldTable();
  abort = new AbortController();
  const hasEpochs = kind === "columns" || kind === "nsf-ar";
  say({ type: "stage", text: "Looking at the columns" });
  const { flow: fitted, report } = await fit(rows, {
    flow: kind as "columns",
    seed,
    threads,
    signal: abort.signal,
    ...(kind === "columns" ? {} : { missing: "drop" }),
    ...(hasEpochs ? { budget, keepOnAbort: true } : {}),
    onColumns: (notes) => say({ type: "notes", notes }),
    onProgress: ({ epoch, epochs, validationLogProb }) =>
      say({ type: "progress", done: epoch, of: epochs, heldOutLogProb: validationLogProb }),
  });
  return await held(fitted, rows, {
    logProb: report.validationLogProb,
    scored: "held-out rows",
    interrupted: report.interrupted,
    warnings: report.warnings.map(({ message }) => onPage(message)),
  });
}

/** A warning without the options of code and of the command line, which the page has none of. */
const onPage = (message: string): string =>
  message
    .replaceAll("`", "")
    .replaceAll(/; [^;]*\b(pass|kinds|parse|keep)\b[^;]*/g, "")
    .replace(/a larger budget: (\d+) is/, "$1 seconds of training are");

async function open({ file }: Questions["open"]["ask"]): Promise<FitFacts> {
  const rows = heldTable();
  const opened = await load(file);
  if (opened.given.length > 0)
    throw new Error(
      `${file.name} is given ${opened.given.join(", ")}: this page asks flows that are given nothing.`,
    );
  say({ type: "stage", text: "Scoring the rows" });
  const { mean } = await opened.score(rows, { threads });
  return await held(opened, rows, {
    logProb: mean,
    scored: "the rows of this table",
    interrupted: false,
    warnings: [],
  });
}

/** Takes a flow as that of the table, once all that is shown of it is there. */
async function held(
  found: Flow,
  rows: Table,
  known: Pick<FitFacts, "logProb" | "scored" | "interrupted" | "warnings">,
): Promise<FitFacts> {
  say({ type: "stage", text: "Drawing rows" });
  const samples = columnsOf(await found.sample(mostShown, { seed: 1, threads }));
  flow = found;
  // Goes on behind the answer: of many rows it takes longest of all.
  setTimeout(() => void rank(found, rows));
  return {
    ...known,
    description: found.toString(),
    canCondition: found.description.kind === "columns",
    samples,
  };
}

/** Ranks the rows by how strange they are to a flow, as long as it is that of the table. */
async function rank(found: Flow, rows: Table): Promise<void> {
  try {
    const scorer = await anomalyScorer(found, { seed: 1 });
    let strangest: (Anomaly & { readonly place: number })[] = [];
    for (let begin = 0; begin < rows.rows; begin += rankedAtOnce) {
      const end = Math.min(rows.rows, begin + rankedAtOnce);
      const places = Array.from({ length: end - begin }, (_, i) => begin + i);
      const next = await scorer.rows(pickRows(rows, places));
      if (flow !== found) return;
      strangest = [...strangest, ...next.map((row, i) => ({ ...row, place: begin + i }))]
        .sort((a, b) => b.score - a.score || a.place - b.place)
        .slice(0, mostStrange);
      say({ type: "ranking", ranking: { strange: shownRows(strangest, rows), rows: end, of: rows.rows } });
    }
  } catch (error) {
    if (flow === found) say({ type: "trouble", message: messageOf(error) });
  }
}

function shownRows(
  strangest: readonly (Anomaly & { readonly place: number })[],
  rows: Table,
): readonly StrangeRow[] {
  const cells = tableToObjects(
    pickRows(
      rows,
      strangest.map(({ place }) => place),
    ),
  );
  // They are 1 and 0 in the table; what is usual comes in words.
  const booleans = new Set(
    rows.records.filter(({ readAs }) => readAs === "booleans").map(({ name }) => name),
  );
  return strangest.map(({ place, pValue, logProb, blame, expected }, i) => ({
    row: place + 1,
    pValue,
    logProb,
    blame: blame.slice(0, 3).map(({ column, share }) => ({ column, share, expected: expected[column] })),
    cells: Object.fromEntries(
      Object.entries(cells[i]!).map(([name, cell]) => [
        name,
        booleans.has(name) && (cell === 1 || cell === 0) ? String(cell === 1) : shownCell(cell),
      ]),
    ),
  }));
}

async function sample({
  rows,
  condition,
}: Questions["sample"]["ask"]): Promise<Questions["sample"]["answer"]> {
  const number = condition && condition.value.trim() !== "" ? Number(condition.value) : Number.NaN;
  const isText = heldTable().texts?.some(({ name }) => name === condition?.column) ?? false;
  let worth: number | undefined;
  abort = new AbortController();
  const drawn = await heldFlow().sample(rows, {
    seed: 2,
    threads,
    signal: abort.signal,
    ...(condition
      ? {
          given: { [condition.column]: isText || Number.isNaN(number) ? condition.value : number },
          onGiven: ({ effectiveSize }) => {
            worth = effectiveSize;
          },
        }
      : {}),
  });
  return { shown: columnsOf(someRows(drawn, 2)), csv: await tableToBytes(drawn, "csv"), worth };
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
    say({ type: "failure", number, message: messageOf(error) });
  }
};

function messageOf(error: unknown): string {
  if (error instanceof AbortedError) return "Stopped before there was anything to keep.";
  return error instanceof Error ? error.message : String(error);
}
