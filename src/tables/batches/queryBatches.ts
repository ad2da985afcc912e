/**
 * The answer to a query as a table in batches. DuckDB, which answers, is an optional package: it is loaded when there is a query.
 *
 * @module
 */

import { FormatError, UsageError } from "../../errors.ts";
import { eventLoopTurn } from "../../formats/eventLoopTurn.ts";
import { checkArgument, checkedOptions, text } from "../../options.ts";
import { checkSignal } from "../../platform/pieces.ts";
import { nodeModule } from "../../platform/platform.ts";
import { removeTemporaryFiles, startTemporary } from "../../platform/temporaryFiles.ts";
import type { ReadTableOptions } from "../reading/readTable.ts";
import type { TableBuilder } from "../reading/tableBuilder.ts";
import { readTableOptionTable } from "../readTableOptions.ts";
import type { CellFeed } from "./cellFeed.ts";
import { batchesOfFeed, type TableBatches } from "./tableBatches.ts";

/** What is needed of `@duckdb/node-api`. */
interface DuckDb {
  readonly DuckDBInstance: {
    create(
      path: string,
      options: Readonly<Record<string, string>>,
    ): Promise<{ connect(): Promise<Connection> }>;
  };
}

interface Connection {
  run(sql: string): Promise<unknown>;
  extractStatements(sql: string): Promise<{ readonly count: number }>;
  stream(sql: string): Promise<{
    columnNames(): readonly string[];
    fetchChunk(): Promise<Chunk | null>;
  }>;
}

interface Chunk {
  readonly rowCount: number;
  readonly columnCount: number;
  getColumnVector(place: number): { getItem(row: number): unknown };
}

const packageName = "@duckdb/node-api";

/** Memory that DuckDB keeps to; what needs more goes to the disk. */
const memoryLimit = "256MB";

/** Rows of a block. */
const blockRows = 2 ** 14;

async function duckDb(): Promise<DuckDb> {
  try {
    return (await import(/* @vite-ignore */ packageName)) as DuckDb;
  } catch (error) {
    const { message } = error as Error;
    throw new UsageError({
      problem: `a query is answered by the optional package ${packageName}, which is not installed or does not run here`,
      expected: packageName,
      received: message.split("\n")[0]!,
      remedy: `npm install ${packageName} gets it`,
    });
  }
}

/** DuckDB's message in one line: what is wrong, and where. */
const firstLine = (error: unknown): string =>
  (error as Error).message.split("\n")[0]!.replace(/\.$/, "").slice(0, 300);

/** Sets a cell by what DuckDB gives of it. */
function setCell(builder: TableBuilder, place: number, cell: unknown): void {
  if (cell === null || cell === undefined) builder.setNumber(place, Number.NaN);
  else if (typeof cell === "number") builder.setNumber(place, cell);
  else if (typeof cell === "boolean") builder.setBoolean(place, cell);
  else if (typeof cell === "bigint") builder.setCell(place, String(cell));
  else if (typeof cell === "string") builder.setString(place, cell);
  else {
    const kind = (cell as object).constructor.name;
    if (kind === "DuckDBDecimalValue") builder.setCell(place, String(cell));
    else if (/^DuckDB(Date|Time|Timestamp)/.test(kind))
      builder.setText(
        place,
        String(cell)
          .replace(/^(\d{4}-\d\d-\d\d) (?=\d)/, "$1T")
          .replace(/\+00$/, "Z"),
      );
    else builder.setText(place, /List|Array/.test(kind) ? "an array" : "an object");
  }
}

let isWatched = false;

/** A folder that is removed at the end of the process, by one listener for all, or by who hears signals. */
function untilTheEnd(folder: string): string {
  if (!isWatched) globalThis.process.once("exit", removeTemporaryFiles);
  isWatched = true;
  startTemporary(folder);
  return folder;
}

/**
 * The answer to a query, in a database of its own on the disk: a query that is asked twice may be answered otherwise. The folder is removed
 * at the end of the process.
 */
async function answered(sql: string): Promise<Connection> {
  const { DuckDBInstance } = await duckDb();
  const fs = nodeModule("node:fs", "a browser cannot ask DuckDB");
  const { join } = nodeModule("node:path", "");
  const folder = untilTheEnd(fs.mkdtempSync(join(nodeModule("node:os", "").tmpdir(), "pushforward-query-")));
  const instance = await DuckDBInstance.create(join(folder, "answer.duckdb"), {
    memory_limit: memoryLimit,
    temp_directory: join(folder, "spilled"),
  });
  const connection = await instance.connect();
  try {
    // What cannot be taken apart is refused below, with what is wrong.
    const count = await connection.extractStatements(sql).then(
      (statements) => statements.count,
      () => 1,
    );
    if (count > 1) throw new Error(`it has ${count} statements`);
    await connection.run(`create table answer as ${sql.trim().replace(/;$/, "")}`);
  } catch (error) {
    throw new FormatError({
      where: "query",
      problem: firstLine(error),
      expected: "one select of DuckDB's SQL",
      received: JSON.stringify(sql.slice(0, 60)),
      remedy: "it is one select, as in select x, y from 'big/*.parquet' where x > 0",
    });
  }
  return connection;
}

function feedOfAnswer(connection: Connection, signal: AbortSignal | undefined): CellFeed {
  const name = "the query";
  return {
    name,
    async *run(begin) {
      const result = await connection.stream("select * from answer");
      const builder = begin(result.columnNames());
      let rows = 0;
      for (
        let chunk = await result.fetchChunk();
        chunk && chunk.rowCount > 0;
        chunk = await result.fetchChunk()
      ) {
        for (let place = 0; place < chunk.columnCount; place++) {
          const vector = chunk.getColumnVector(place);
          for (let row = 0; row < chunk.rowCount; row++) setCell(builder, place, vector.getItem(row));
        }
        builder.endRow(chunk.rowCount);
        rows += chunk.rowCount;
        if (rows < blockRows) continue;
        rows = 0;
        yield;
        await eventLoopTurn();
        checkSignal(signal, `Reading ${name}`);
      }
      if (rows > 0) yield;
      return { remarks: [] };
    },
  };
}

/**
 * The answer to a query of SQL, in batches: joins and filters over Parquet, CSV and JSON files, as DuckDB understands them. It is asked
 * once, and its answer lies on the disk, so that neither need fit in memory. Node alone; DuckDB is the package `@duckdb/node-api`, which
 * has to be installed.
 *
 * @param sql - One select: `select x, y from 'big/*.parquet' where x > 0`.
 * @param options - As of `readTable`: `parse`, `missingMarks`, `limits` and `signal`.
 * @throws UsageError where the package is not there, FormatError where DuckDB refuses the query, or its answer has no rows.
 * @example
 * const batches = await queryBatches("select x, y from 'events/*.parquet' join 'users.csv' using (user)");
 */
export async function queryBatches(
  sql: string,
  options: Pick<ReadTableOptions, "parse" | "missingMarks" | "limits" | "signal"> = {},
): Promise<TableBatches> {
  checkArgument("queryBatches", "sql", sql, text);
  checkedOptions("queryBatches", options, readTableOptionTable);
  const connection = await answered(sql);
  const batches = await batchesOfFeed(feedOfAnswer(connection, options.signal), options);
  if (batches.rows > 0) return batches;
  throw new FormatError({
    where: "query",
    problem: "its answer has no rows",
    expected: "one row at least",
    received: "none",
  });
}
