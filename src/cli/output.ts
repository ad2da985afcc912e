/**
 * What commands write: standard output, files (checked before the work starts), numbers for people, JSON.
 *
 * @module
 */

import { accessSync, closeSync, constants, openSync, rmSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { csvPieces } from "../data/csv.ts";
import { fileKind } from "../data/fileFormat.ts";
import type { Table } from "../data/table.ts";
import { FormatError, UsageError } from "../errors.ts";

/** Writes to standard output and waits until it is taken. */
export async function print(text: string): Promise<void> {
  await new Promise<void>((done) => process.stdout.write(text, () => done()));
}

/** Prints one JSON document; numbers that JSON does not have become null. */
export async function printJson(document: unknown): Promise<void> {
  await print(`${JSON.stringify(document, null, 2)}\n`);
}

/** Prints a table as CSV, piece by piece. */
export async function printCsv(table: Table): Promise<void> {
  for (const piece of csvPieces(table)) await print(piece);
}

/** A name beside a file that nobody else uses. */
const probeName = (path: string): string => `${path}.pid-${process.pid}.probe`;

/**
 * Checks, before any work, that a file can be written: its folder is there and writable, and it is no folder.
 *
 * @throws FormatError if not.
 */
export function checkWritable(option: string, path: string): void {
  const target = statSync(path, { throwIfNoEntry: false });
  if (target?.isDirectory()) throw new FormatError(`${option}: "${path}" is a folder; add a file name.`);
  const folder = dirname(path);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new FormatError(`${option}: there is no folder "${folder}"; create it first.`);
  }
  try {
    // Permissions alone do not tell: some folders are writable by their bits and still take no file.
    if (target && !target.isFile()) accessSync(path, constants.W_OK);
    else closeSync(openSync(probeName(path), "wx"));
  } catch {
    throw new FormatError(`${option}: cannot write in "${folder}"; choose another folder.`);
  } finally {
    rmSync(probeName(path), { force: true });
  }
}

/**
 * Checks the name of an output file.
 *
 * @throws UsageError for another extension, FormatError if it cannot be written.
 */
export function checkOutput(path: string, extensions: readonly string[], what: string): void {
  if (!extensions.some((extension) => path.toLowerCase().endsWith(extension))) {
    throw new UsageError(`--out must end in ${extensions.join(" or ")} (${what}), got "${path}".`);
  }
  checkWritable("--out", path);
}

/**
 * Checks the name of an output table; `-` is standard output.
 *
 * @param sources input files, which must not be overwritten.
 * @throws UsageError for an unknown extension or a source, FormatError if it cannot be written.
 */
export function checkTableOutput(path: string, sources: readonly string[] = []): void {
  if (path === "-") return;
  try {
    fileKind(path);
  } catch (error) {
    throw new UsageError(`--out: ${(error as Error).message}.`);
  }
  if (sources.some((source) => source !== "-" && resolve(source) === resolve(path))) {
    throw new UsageError(`--out "${path}" is an input, which would be lost; choose another name.`);
  }
  checkWritable("--out", path);
}

/** `1,234`. */
export const formatCount = (value: number): string => value.toLocaleString("en-US");

/** A log-density: four decimals; a dash where there is none. */
export const formatLogProb = (value: number): string => (Number.isNaN(value) ? "-" : value.toFixed(4));

/** `12.3 s`, `4 min 05 s`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

/** Lines of `name  value` with the values under each other. */
export function formatFacts(facts: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...facts.map(([name]) => name.length)) + 2;
  return facts.map(([name, value]) => `  ${name.padEnd(width)}${value}\n`).join("");
}
