/**
 * The matrix of exports, kind by direction by target by precision: each cell is run in each runtime that there is, or refused with its reason.
 *
 * Here two kinds are; all with `npm run exports`, some with `npm run exports -- nsf-ar maf`, which writes what it finds to
 * `docs/results/exports.json`.
 */

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { modelKinds } from "../../src/architectures/kinds.ts";
import { clickHouseStatements, exportModel, verifyExport } from "../../src/entries/exchange.ts";
import { type ExportCell, exportCells, formOf, refusalOf } from "../../src/exchange/exportCells.ts";
import {
  asSingle,
  type Compared,
  comparedRows,
  differences,
  wholeRows,
} from "../../src/exchange/verify/verifyExport.ts";
import { type Flow, load } from "../../src/index.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { pythonWith } from "./pythonWith.ts";
import { rowsAround } from "./rowsAround.ts";

/** Kinds that are run at length. */
const asked = process.env.EXPORT_MATRIX?.split(" ");
const isWhole = asked !== undefined;
const folder = temporaryFolder();
const models = join(import.meta.dirname, "../files/models");

/** What a runtime makes of a cell: the largest relative difference, or what is wrong. */
interface Outcome extends ExportCell {
  readonly runtime: string;
  readonly worst: number;
  readonly tolerance: number;
  readonly problem?: string | undefined;
}

/** What Python has to run. */
interface Job {
  readonly name: string;
  readonly runtime: string;
  readonly file: string;
  readonly function: string;
  readonly statements?: readonly string[];
  readonly call?: string;
  readonly width?: number;
}

const fileOf = (kind: string): string =>
  [kind, `${kind}-given`]
    .map((name) => join(models, `${name}.safetensors`))
    .find((path) => existsSync(path))!;

function outcomeOf(
  cell: ExportCell,
  runtime: string,
  values: ArrayLike<number>,
  expected: Float64Array,
  tolerance: number,
): Outcome {
  const { worstRelative, nonFiniteMismatches } = differences(values, expected);
  const problem =
    values.length !== expected.length
      ? `${values.length} values, not ${expected.length}`
      : nonFiniteMismatches > 0
        ? `${nonFiniteMismatches} values differ that are not finite`
        : worstRelative > tolerance
          ? `differs by ${worstRelative}`
          : undefined;
  return { ...cell, runtime, worst: worstRelative, tolerance, problem };
}

const outcomes: Outcome[] = [];
const later: {
  readonly job: Job;
  readonly cell: ExportCell;
  readonly expected: Float64Array;
  readonly tolerance: number;
}[] = [];

function addJob(job: Omit<Job, "name">, cell: ExportCell, compared: Compared, tolerance: number): void {
  const name = `job${later.length}`;
  const { rows, given, noise } = compared.inputs;
  const write = (part: string, data: Float64Array): void =>
    writeFileSync(join(folder, `${name}.${part}`), data);
  if (job.runtime === "onnxruntime")
    for (const [part, input] of Object.entries({ rows, given, noise })) input && write(part, input.data);
  else write("rows", wholeRows(compared));
  const expected =
    cell.precision === "float32" ? asSingle(cell.what, compared.expected, compared.rows) : compared.expected;
  later.push({ job: { ...job, name }, cell, expected, tolerance });
}

async function run(cell: ExportCell, flow: Flow, runtimes: readonly string[]): Promise<void> {
  const { kind, what, target, precision } = cell;
  const rows = await rowsAround(flow);
  if (target === "json") {
    const bytes = await exportModel(flow, { to: target });
    const found = await verifyExport(flow, bytes, rows);
    outcomes.push({
      ...cell,
      runtime: "json",
      worst: found.worst,
      tolerance: 0,
      problem: found.passes && found.worst === 0 ? undefined : "differs",
    });
    return;
  }
  const bytes = await exportModel(flow, { to: target, function: what, precision });
  const found = await verifyExport(flow, bytes, rows);
  const { worstRelative, tolerance, nonFiniteMismatches } = found;
  outcomes.push({
    ...cell,
    runtime: target === "wasm" ? "Node" : "onnxruntime-node",
    worst: worstRelative,
    tolerance,
    problem: found.passes
      ? undefined
      : `differs by ${worstRelative}, and ${nonFiniteMismatches} values that are not finite`,
  });
  const saved = await load(flow.toBytes());
  const file = `${kind}-${what}-${precision}.${target}`;
  writeFileSync(join(folder, file), bytes);
  const compared = await comparedRows(saved, rows, what, target === "onnx" && precision === "float32");
  for (const runtime of runtimes)
    if (runtime === "ClickHouse" && target === "wasm") {
      const name = `${kind}_${precision}`.replaceAll("-", "_");
      const statements = await clickHouseStatements(bytes, name);
      // Of cells that are no numbers there is a second function, which calls the one of numbers.
      const whole = `${name}_${what.replace("-", "_")}`;
      const isOfNumbers = statements.some((statement) => statement.includes(`FUNCTION ${whole}_numbers `));
      const call = isOfNumbers ? `${whole}_numbers` : whole;
      const width = wholeRows(compared).length / compared.rows;
      addJob({ runtime, file, function: what, statements, call, width }, cell, compared, tolerance);
    } else if ((runtime === "wasmtime") === (target === "wasm") && runtime !== "ClickHouse")
      addJob({ runtime, file, function: what }, cell, compared, tolerance);
}

/** Runs what has been put off. */
function runPython(python: string): Readonly<Record<string, string>> {
  writeFileSync(join(folder, "jobs.json"), JSON.stringify(later.map(({ job }) => job)));
  const script = join(import.meta.dirname, "exportMatrix.py");
  const text = execFileSync(python, [script, folder], { cwd: folder, encoding: "utf8", maxBuffer: 2 ** 26 });
  for (const { job, cell, expected, tolerance } of later) {
    const [values, error] = [join(folder, `${job.name}.values`), join(folder, `${job.name}.error`)];
    if (existsSync(values)) {
      const bytes = readFileSync(values);
      const numbers = new Float64Array(
        bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
      );
      outcomes.push(outcomeOf(cell, job.runtime, numbers, expected, tolerance));
    } else if (existsSync(error))
      outcomes.push({
        ...cell,
        runtime: job.runtime,
        worst: Number.NaN,
        tolerance,
        problem: readFileSync(error, "utf8"),
      });
  }
  return JSON.parse(text.trim().split("\n").at(-1)!) as Record<string, string>;
}

/**
 * All cells as the documentation reads them: of each the largest relative difference by runtime, or why it is refused; those that were not
 * run as they were written before.
 */
function summary(
  versions: Readonly<Record<string, string>>,
  kinds: readonly string[],
  before: readonly ExportCell[],
): string {
  const lines = exportCells(modelKinds).map((cell) => {
    const isOf = (other: ExportCell): boolean =>
      (["kind", "what", "target", "precision"] as const).every((name) => other[name] === cell[name]);
    const former = before.find(isOf);
    if (former && !kinds.includes(cell.kind)) return JSON.stringify(former);
    const worst = Object.fromEntries(
      outcomes
        .filter((outcome) => isOf(outcome) && outcome.problem === undefined)
        .map((outcome) => [outcome.runtime, Number(outcome.worst.toPrecision(2))]),
    );
    const refusal = refusalOf(formOf(cell.kind), cell.target, cell.what);
    return JSON.stringify({ ...cell, ...(refusal ?? { worst }) });
  });
  return `{\n"versions": ${JSON.stringify(versions)},\n"cells": [\n${lines.join(",\n")}\n]\n}\n`;
}

const python = pythonWith("numpy");
const title = python ? "" : " (in Node alone: no Python with NumPy; see test/exchange/pythonWith.ts)";

test(
  `every cell of the matrix of exports is what the flow computes, or is refused with its reason${title}`,
  async () => {
    const kinds = isWhole
      ? modelKinds.filter((kind) => asked.includes("all") || asked.includes(kind))
      : ["gaussian", "columns"];
    const runtimes = isWhole ? ["wasmtime", "onnxruntime", "ClickHouse"] : ["wasmtime", "onnxruntime"];
    const flows = new Map<string, Flow>();
    for (const cell of exportCells(kinds)) {
      const flow = flows.get(cell.kind) ?? (await load(fileOf(cell.kind)));
      flows.set(cell.kind, flow);
      const { what, target, precision } = cell;
      const refusal = refusalOf(formOf(flow.description.kind), target, what);
      if (refusal) {
        const rejected = await exportModel(flow, { to: target, function: what, precision }).catch(String);
        expect(rejected, JSON.stringify(cell)).toContain(refusal.reason);
        expect(rejected).toContain(refusal.remedy);
      } else await run(cell, flow, runtimes);
    }
    const versions = python ? runPython(python) : {};
    const written = join(import.meta.dirname, "../../docs/results/exports.json");
    const { cells: before } = JSON.parse(readFileSync(written, "utf8")) as { readonly cells: ExportCell[] };
    if (isWhole) {
      const found = summary(versions, kinds, before);
      writeFileSync(written, found);
      console.log(`${outcomes.length} runs of ${exportCells(kinds).length} cells`, versions);
    }
    const { cells } = JSON.parse(readFileSync(written, "utf8")) as { readonly cells: readonly ExportCell[] };
    const names = (list: readonly ExportCell[]): string[] =>
      list.map(({ kind, what, target, precision }) => `${kind} ${what} ${target} ${precision}`);
    // What the documentation shows is of all cells that there are.
    expect(names(cells)).toEqual(names(exportCells(modelKinds)));
    expect(outcomes.filter(({ problem }) => problem !== undefined)).toEqual([]);
  },
  isWhole ? 7_200_000 : 60_000,
);
