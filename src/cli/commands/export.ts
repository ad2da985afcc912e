/**
 * `pushforward export`: a model as a file for other software.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { parse } from "node:path";
import type { Command } from "commander";
import { UsageError } from "../../entries/errors.ts";
import type { ExportOptions } from "../../entries/exchange.ts";
import { isSameFile } from "../../entries/files.ts";
import { exportOptionTable, exportTargets } from "../../entries/options.ts";
import { exportFlags } from "../flags/exportFlags.ts";
import { addOptionFlags, chosenOptions } from "../flags/optionFlags.ts";
import { listOfWords } from "../options.ts";
import { checkOutput, formatCount, formatFacts, print, printJson } from "../output.ts";

interface ExportFlags extends Partial<ExportOptions> {
  readonly out: string;
  readonly sql?: boolean | undefined;
  readonly json?: boolean | undefined;
}

async function run(model: string, flags: ExportFlags): Promise<void> {
  const { to, out } = flags;
  if (to === undefined)
    throw new UsageError({
      problem: `--to is missing: what the model is written as, ${listOfWords(exportTargets)}`,
      expected: "--to",
      received: "nothing",
    });
  checkOutput(out, [`.${to}`], "an export");
  if (isSameFile(model, out))
    throw new UsageError({
      problem: `--out "${out}" is an input, which would be lost`,
      expected: "a file that is not an input",
      received: `"${out}"`,
      remedy: "choose another name",
    });
  if (flags.sql && to !== "wasm")
    throw new UsageError({
      problem: "--sql is about modules: ClickHouse calls WebAssembly",
      expected: "--to wasm",
      received: `--to ${to}`,
    });
  const { load } = await import("../../index.ts");
  const { writeExport } = await import("../../entries/exchange.ts");
  const flow = await load(model);
  const bytes = await writeExport(flow, out, { ...chosenOptions<ExportOptions>(flags, exportFlags), to });
  const { function: what = "logprob", precision = "float64" } = flags;
  const ofGraph = to === "json" ? {} : { function: what, precision };
  const statements = flags.sql ? await sqlOf(out) : undefined;
  const sql = statements ? { sql: statements } : {};
  if (flags.json) return await printJson({ out, to, ...ofGraph, bytes, ...sql });
  if (statements) return await print(statements.map((statement) => `${statement};\n`).join(""));
  await print(
    formatFacts([
      ["export", out],
      ["format", to],
      ...Object.entries(ofGraph),
      ["bytes", formatCount(bytes)],
      ["columns", flow.columns.join(", ")],
      ...(flow.given.length > 0 ? [["given", flow.given.join(", ")] as const] : []),
    ]),
  );
}

/** Statements for ClickHouse; functions are named as the file. */
async function sqlOf(out: string): Promise<string[]> {
  const { clickHouseStatements } = await import("../../entries/exchange.ts");
  const stem = parse(out).name.replaceAll(/[^A-Za-z0-9_]/g, "_");
  return await clickHouseStatements(new Uint8Array(readFileSync(out)), stem.replace(/^(?=[0-9])/, "_"));
}

/** Adds the command. */
export function addExport(program: Command): void {
  const command = program
    .command("export")
    .summary("a model as a file for other software")
    .description(
      `A model as a file for other software: a graph of ONNX, which any of its runtimes computes, a WebAssembly module that needs nothing,
or plain JSON, for a reader of one's own.

A graph takes rows as one table of numbers, in the model's order, and what a conditional model is given as a second one. A module
takes rows with what is given in front. Their metadata say what each column is, and how levels, moments and missing cells enter.`,
    )
    .argument("<model>", "model to export (.safetensors)")
    .requiredOption("--out <file>", "file to write (.onnx, .wasm or .json)");
  addOptionFlags(command, exportFlags, exportOptionTable);
  command
    .option(
      "--sql",
      "of wasm, print the statements that install it in ClickHouse; functions are named as the file",
    )
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Example:
  pushforward export galaxies.safetensors --to onnx --out galaxies.onnx
  pushforward export galaxies.safetensors --to onnx --function sample --out draws.onnx
  pushforward export galaxies.safetensors --to wasm --function all --out galaxies.wasm
  pushforward export galaxies.safetensors --to wasm --out galaxies.wasm --sql > galaxies.sql`,
    )
    .action(run);
}
