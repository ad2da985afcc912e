/**
 * What a model is asked: `logprob`, `sample`, `anomalies` and `describe`.
 *
 * @module
 */

import type { Contributions } from "../../entries/diagnostics.ts";
import type { SampleOptions, Table } from "../../index.ts";
import { scoreName } from "../scores/scoreTable.ts";
import { type AnswerFormat, columnNames, jsonText, numberList, rowList, scoreTable } from "./answers.ts";
import type { ModelVersion } from "./hostedModel.ts";
import { tooLate } from "./problem.ts";
import type { AnomalyChoices, Cell, SampleRequest, ScoreChoices } from "./rowSchemas.ts";

/** Rows that are answered in one piece; more are written as they are made. */
export const pieceRows = 4096;

/** What is answered: at once, or piece by piece. */
export type Answer = string | Uint8Array | AsyncGenerator<string>;

/** How a request is answered. */
export interface Answering {
  readonly format: AnswerFormat;
  /** In milliseconds of `performance.now()`. */
  readonly deadline: number;
  /** Fires then, too. */
  readonly signal: () => AbortSignal;
}

/** Rows of a request: checked cells, or a table. */
export type AskedRows = readonly (readonly Cell[])[] | Table;

const isTable = (rows: AskedRows): rows is Table => !Array.isArray(rows);
const countOf = (rows: AskedRows): number => (isTable(rows) ? rows.rows : rows.length);

/** `{"model":"galaxies","version":"...",`: what all documents begin with. */
const opening = ({ name, version }: ModelVersion): string =>
  `{"model":${JSON.stringify(name)},"version":"${version}"`;

/** Some rows of a table. */
async function rowsBetween(rows: AskedRows, from: number, to: number): Promise<AskedRows> {
  if (!isTable(rows)) return rows.slice(from, to);
  if (from === 0 && to === rows.rows) return rows;
  const { pickRows } = await import("../../entries/tables.ts");
  const picked = pickRows(
    rows,
    Array.from({ length: to - from }, (_, i) => from + i),
  );
  // Messages count the rows of the body.
  return { ...picked, rowsBefore: from };
}

/** An answer of many parts: at once if it is one, or must be; else piece by piece, the first of which is made before the answer begins. */
async function inPieces(pieces: AsyncGenerator<string>, isLong: boolean): Promise<Answer> {
  if (isLong) {
    const first = await pieces.next();
    return (async function* () {
      if (!first.done) yield first.value;
      yield* pieces;
    })();
  }
  let text = "";
  for await (const piece of pieces) text += piece;
  return text;
}

/** Scores of some rows. */
async function scored(
  model: ModelVersion,
  rows: AskedRows,
  { byColumn = false, ...choices }: ScoreChoices,
  { deadline, signal }: Answering,
): Promise<{ readonly logProb: Float64Array; readonly columns?: Contributions["columns"] }> {
  if (performance.now() > deadline) throw tooLate();
  if (!isTable(rows) && !byColumn) return { logProb: await model.score(rows, choices, deadline) };
  const table = isTable(rows) ? rows : model.tableOf(rows);
  const { scoreBatches } = await import("../../entries/diagnostics.ts");
  const { batchesOf } = await import("../../entries/tables.ts");
  const missing = choices.missing ?? (model.columns.mixed ? "marginal" : "empty");
  const how = { ...choices, missing, signal: signal() };
  if (!byColumn) return { logProb: await model.flow.logProb(table, how) };
  for await (const { logProb, contributions } of scoreBatches(model.flow, batchesOf(table), {
    ...how,
    byColumn,
  }))
    return { logProb, columns: contributions!.columns };
  return { logProb: new Float64Array(0), columns: [] };
}

/** Log-densities of rows. */
export async function answerLogprob(
  model: ModelVersion,
  rows: AskedRows,
  choices: ScoreChoices,
  answering: Answering,
): Promise<Answer> {
  const { format } = answering;
  const count = countOf(rows);
  const parts = async function* () {
    for (let from = 0; from < count; from += pieceRows) {
      const some = await rowsBetween(rows, from, Math.min(count, from + pieceRows));
      yield await scored(model, some, choices, answering);
    }
  };
  if (format !== "json") {
    const { tableFromColumns } = await import("../../index.ts");
    const tables = async function* () {
      for await (const { logProb, columns } of parts())
        yield tableFromColumns(scoreTable(logProb, columns, scoreName(model.flow)));
    };
    return await tableAnswer(tables(), format, count);
  }
  const head = `${opening(model)}${model.description.bound ? ',"bound":true' : ""},"logProb":[`;
  const tail = (byColumn: readonly Contributions["columns"][]): string =>
    byColumn.length === 0 ? "]}" : `],"columns":${contributionsText(byColumn)}}`;
  if (count <= pieceRows) {
    const { logProb, columns } = await scored(model, rows, choices, answering);
    return head + numberList(logProb) + tail(columns ? [columns] : []);
  }
  const pieces = async function* () {
    let text = head;
    const byColumn: Contributions["columns"][] = [];
    for await (const { logProb, columns } of parts()) {
      yield text + numberList(logProb);
      text = ",";
      if (columns) byColumn.push(columns);
    }
    yield tail(byColumn);
  };
  return await inPieces(pieces(), true);
}

/** Contributions of all parts, by column. */
function contributionsText(parts: readonly Contributions["columns"][]): string {
  const columns = parts[0]!.map(({ outcome: _, value: __, ...measure }, i) => {
    const all = (of: "outcome" | "value"): string =>
      parts[0]![i]![of] ? `,"${of}":[${parts.map((part) => numberList(part[i]![of]!)).join(",")}]` : "";
    return `${jsonText(measure).slice(0, -1)}${all("outcome")}${all("value")}}`;
  });
  return `[${columns.join(",")}]`;
}

/** Tables in the format that was asked for: CSV as it is made, Arrow at once. */
async function tableAnswer(
  tables: AsyncIterable<Table>,
  format: "csv" | "arrow",
  count: number,
): Promise<Answer> {
  const { csvPieces, joinBatches } = await import("../../entries/tables.ts");
  if (format === "arrow") {
    const all: Table[] = [];
    for await (const table of tables) all.push(table);
    const { tableToBytes } = await import("../../index.ts");
    return await tableToBytes(joinBatches(all), "arrow");
  }
  const pieces = async function* () {
    let isFirst = true;
    for await (const table of tables) {
      const lines = csvPieces(table);
      // The names of the columns stand at the top alone.
      if (!isFirst) lines.next();
      isFirst = false;
      yield Array.from(lines).join("");
    }
  };
  return await inPieces(pieces(), count > pieceRows);
}

/** Rows drawn from the model. */
export async function answerSample(
  model: ModelVersion,
  { n, seed, logProb: withLogProb, ...how }: SampleRequest,
  { format, deadline, signal }: Answering,
): Promise<Answer> {
  // Told in the answer, so that it can be had once more.
  const usedSeed = seed ?? Math.floor(Math.random() * 2 ** 32);
  const chosen = Object.fromEntries(Object.entries(how).filter(([, value]) => value !== undefined));
  const options = { ...chosen, seed: usedSeed, signal: signal() } as SampleOptions;
  const { sampleBatches } = await import("../../entries/diagnostics.ts");
  const { tableFromColumns } = await import("../../index.ts");
  const tables = async function* (): AsyncGenerator<Table> {
    if (withLogProb) {
      const { table, logProb } = await model.flow.sampleWithLogProb(n, options);
      yield besides(table, tableFromColumns({ [scoreName(model.flow)]: logProb }));
      return;
    }
    for await (const table of sampleBatches(model.flow, n, options)) {
      if (performance.now() > deadline) throw tooLate();
      yield table;
    }
  };
  if (format !== "json") return await tableAnswer(tables(), format, n);
  const pieces = async function* () {
    let isFirst = true;
    for await (const table of tables()) {
      const head = `${opening(model)},"seed":${usedSeed},"columns":${JSON.stringify(columnNames(table))},"rows":[`;
      yield `${isFirst ? head : ","}${rowList(table)}`;
      isFirst = false;
    }
    yield "]}";
  };
  return await inPieces(pieces(), n > pieceRows);
}

/** Two tables of as many rows side by side; the second has numbers alone. */
function besides(table: Table, right: Table): Table {
  const [left, added] = [table.columns.length, right.columns.length];
  const width = left + added;
  const values = new Float64Array(table.rows * width);
  for (let row = 0; row < table.rows; row++) {
    values.set(table.values.subarray(row * left, (row + 1) * left), row * width);
    values.set(right.values.subarray(row * added, (row + 1) * added), row * width + left);
  }
  return {
    ...table,
    columns: [...table.columns, ...right.columns],
    values,
    records: [...table.records, ...right.records],
  };
}

/** How strange rows are beside the model. */
export async function answerAnomalies(
  model: ModelVersion,
  rows: AskedRows,
  choices: AnomalyChoices,
): Promise<Answer> {
  const scorer = await model.scorer();
  const found = await scorer.rows(isTable(rows) ? rows : model.tableOf(rows), choices);
  const { against, calibrationRows } = scorer;
  const { bound } = model.description;
  return `${opening(model)},${jsonText({ ...(bound ? { bound } : {}), against, calibrationRows, rows: found }).slice(1)}`;
}

/** What the model is. */
export function answerDescribe(model: ModelVersion): Answer {
  return `${opening(model)},${jsonText({ facts: model.flow.facts, ...model.description }).slice(1)}`;
}
