/**
 * The worker of a table: it reads, fits, scores and draws with the verbs of the library.
 *
 * @module
 */

import {
  AbortedError,
  type Flow,
  fit,
  readTable,
  type Table,
  tableToBytes,
  tableToObjects,
} from "pushforward";
import { anomalies } from "pushforward/diagnostics";
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
  flow = fitted;
  say({ type: "stage", text: "Drawing rows" });
  const samples = columnsOf(await fitted.sample(mostShown, { seed: 1, threads }));
  say({ type: "stage", text: "Ranking rows by how strange they are" });
  return {
    description: fitted.toString(),
    heldOutLogProb: report.validationLogProb,
    interrupted: report.interrupted,
    canCondition: kind === "columns",
    samples,
    strange: await strangeRows(fitted, rows),
    warnings: report.warnings.map(({ message }) => message.replaceAll("`", "")),
  };
}

async function strangeRows(fitted: Flow, rows: Table): Promise<StrangeRow[]> {
  const found = await anomalies(fitted, rows, { seed: 1 });
  const first = found.ranking.slice(0, mostStrange);
  const cells = tableToObjects(pickRows(rows, first));
  return first.map((place, i) => {
    const { row, pValue, logProb, blame, expected } = found.rows[place]!;
    return {
      row,
      pValue,
      logProb,
      blame: blame.slice(0, 3).map(({ column, share }) => ({ column, share, expected: expected[column] })),
      cells: Object.fromEntries(Object.entries(cells[i]!).map(([name, cell]) => [name, shownCell(cell)])),
    };
  });
}

async function sample({
  rows,
  condition,
}: Questions["sample"]["ask"]): Promise<Questions["sample"]["answer"]> {
  const number = condition && condition.value.trim() !== "" ? Number(condition.value) : Number.NaN;
  const isText = heldTable().texts?.some(({ name }) => name === condition?.column) ?? false;
  const drawn = await heldFlow().sample(rows, {
    seed: 2,
    threads,
    ...(condition
      ? { given: { [condition.column]: isText || Number.isNaN(number) ? condition.value : number } }
      : {}),
  });
  return { shown: columnsOf(someRows(drawn, 2)), csv: await tableToBytes(drawn, "csv") };
}

async function answerTo(request: Exclude<TableRequest, { name: "stop" }>): Promise<unknown> {
  switch (request.name) {
    case "read":
      return await read(request.ask);
    case "fit":
      return await fitTable(request.ask);
    case "sample":
      return await sample(request.ask);
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
    const message =
      error instanceof AbortedError
        ? "Stopped before there was a flow to keep."
        : error instanceof Error
          ? error.message
          : String(error);
    say({ type: "failure", number, message });
  }
};
