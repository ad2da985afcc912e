/**
 * Scores as a folder of parts, each whole or not there: a run that was ended goes on behind the last of them.
 *
 * A part holds the rows that its name says, `rows-000000000001-000000262144.parquet`. `_pushforward.json` says what was scored with what,
 * and `_SUCCESS` stands for the end; names that begin so are no part of the table to who reads the folder.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FormatError, reasonOf, UsageError } from "../../entries/errors.ts";
import type { TableBatches } from "../../entries/tables.ts";
import type { Table } from "../../index.ts";

/** Rows of a part: a run that is ended loses at most so many. */
const partRows = 2 ** 18;

const journalName = "_pushforward.json";
const endName = "_SUCCESS";
const partName = /^rows-(\d{12})-(\d{12})\.parquet$/;

/** Whether scores go to a folder: one that is there, or a name that ends as one. */
export function isFolder(out: string): boolean {
  return /[/\\]$/.test(out) || statSync(out, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** A file by which it is known again: name, size and time. */
function fileMark(path: string): readonly [string, number, number] | readonly [string] {
  const status = statSync(path, { throwIfNoEntry: false });
  return status ? [path, status.size, status.mtimeMs] : [path];
}

/** A table by which it is known again: of a folder all files. */
function tableMark(path: string): unknown {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    return readdirSync(path)
      .sort()
      .map((name) => fileMark(join(path, name)));
  return fileMark(path);
}

/** See the head of this file. */
export class PartFolder {
  readonly #path: string;
  readonly #parts: string[];
  readonly #isDone: boolean;
  /** Rows of the parts that are there. */
  readonly rowsDone: number;

  private constructor(path: string, parts: readonly string[], isDone: boolean) {
    this.#path = path;
    this.#parts = [...parts];
    this.#isDone = isDone;
    this.rowsDone = parts.length === 0 ? 0 : Number(partName.exec(parts.at(-1)!)![2]);
  }

  /**
   * Begins, or goes on.
   * @param how - What the scores depend on beside the model and the table.
   * @throws UsageError for a folder that holds something else; FormatError for one that cannot be made.
   */
  static async open(path: string, model: string, data: string, how: object): Promise<PartFolder> {
    const journal = JSON.stringify({
      model: createHash("sha256").update(readFileSync(model)).digest("hex"),
      data: tableMark(data),
      how,
    });
    let names: readonly string[];
    try {
      mkdirSync(path, { recursive: true });
      names = readdirSync(path).sort();
    } catch (error) {
      throw new FormatError({
        problem: `cannot make the folder "${path}": ${reasonOf(error)}`,
        expected: "a folder",
        received: reasonOf(error),
      });
    }
    const others = names.filter(
      (name) => !name.startsWith(".") && !name.startsWith("_") && !partName.test(name),
    );
    const known = names.includes(journalName) ? readFileSync(join(path, journalName), "utf8") : undefined;
    const parts = names.filter((name) => partName.test(name));
    // What a run has left that ended before its first part is no hindrance.
    if (others.length > 0 || (parts.length > 0 && known !== journal)) {
      const problem =
        others.length > 0
          ? `--out "${path}" holds "${others[0]}", which is not a part of scores`
          : `--out "${path}" holds scores of another table, by another model or with other options`;
      throw new UsageError({
        problem,
        expected: "a folder without files, or with scores of the same to go on with",
        received: "others",
        remedy: "name another folder, or remove this one",
      });
    }
    // A part without its journal would be taken for scores of whatever comes.
    if (known !== journal) await writeFile(join(path, journalName), journal, { flush: true } as object);
    parts.forEach((name, i) => {
      const before = i === 0 ? 0 : Number(partName.exec(parts[i - 1]!)![2]);
      if (Number(partName.exec(name)![1]) !== before + 1)
        throw new UsageError({
          problem: `--out "${path}" lacks the rows before "${name}"`,
          expected: "parts without a gap",
          received: `row ${before + 1} missing`,
          remedy: "remove the parts behind the gap",
        });
    });
    return new PartFolder(path, parts, names.includes(endName));
  }

  /** The scores that are there, part by part. */
  async *done(): AsyncGenerator<Table> {
    const { readTable } = await import("../../index.ts");
    for (const name of this.#parts) yield await readTable(join(this.#path, name));
  }

  /** Writes the tables behind the parts that are there, and the mark of the end. */
  async write(tables: AsyncIterable<Table>): Promise<void> {
    const { joinBatches } = await import("../../entries/tables.ts");
    const { writeTable } = await import("../../index.ts");
    let from = this.rowsDone;
    let waiting: Table[] = [];
    let rows = 0;
    const flush = async (): Promise<void> => {
      if (rows === 0) return;
      const digits = (row: number): string => String(row).padStart(12, "0");
      const name = `rows-${digits(from + 1)}-${digits(from + rows)}.parquet`;
      await writeTable(joinBatches(waiting), join(this.#path, name));
      from += rows;
      waiting = [];
      rows = 0;
    };
    for await (const table of tables) {
      if (table.rows === 0) continue;
      waiting.push(table);
      rows += table.rows;
      if (rows >= partRows) await flush();
    }
    await flush();
    if (!this.#isDone) await writeFile(join(this.#path, endName), "");
  }
}

/** The batches of a table without its first rows. */
export function batchesAfter(batches: TableBatches, first: number): TableBatches {
  if (first === 0) return batches;
  return {
    ...batches,
    rows: batches.rows - first,
    async *[Symbol.asyncIterator]() {
      const { pickRows } = await import("../../entries/tables.ts");
      for await (const batch of batches.from?.(first) ?? batches) {
        const { rowsBefore = 0, rows } = batch;
        if (rowsBefore + rows <= first) continue;
        const skipped = Math.max(0, first - rowsBefore);
        if (skipped === 0) yield batch;
        else {
          const kept = Array.from({ length: rows - skipped }, (_, i) => skipped + i);
          yield { ...pickRows(batch, kept), rowsBefore: rowsBefore + skipped };
        }
      }
    },
  };
}
