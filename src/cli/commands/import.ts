/**
 * `pushforward import`: a model that was trained with a Python library, as a model of ours.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { FormatError, reasonOf, UsageError } from "../../entries/errors.ts";
import type { ImportOptions } from "../../entries/exchange.ts";
import { isSameFile } from "../../entries/files.ts";
import { importOptionTable } from "../../entries/options.ts";
import { importFlags } from "../flags/importFlags.ts";
import { addOptionFlags, chosenOptions } from "../flags/optionFlags.ts";
import { checkOutput, formatFacts, print, printJson } from "../output.ts";

interface ImportFlags extends ImportOptions {
  readonly config?: string | undefined;
  readonly out: string;
  readonly json?: boolean | undefined;
}

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new FormatError({
      problem: `"${path}" cannot be read: ${reasonOf(error)}`,
      expected: "a file that can be read",
      received: reasonOf(error),
    });
  }
}

/** The constructor call in a file, as JSON. */
function readConfig(path: string): object {
  let config: unknown;
  try {
    config = JSON.parse(new TextDecoder().decode(readBytes(path)));
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError({
      problem: `"${path}" is not JSON: ${reasonOf(error)}`,
      expected: "JSON",
      received: "other text",
      remedy: "it holds the constructor call of the model",
    });
  }
  if (typeof config === "object" && config !== null && !Array.isArray(config)) return config;
  throw new FormatError({
    problem: `"${path}" does not hold a constructor call`,
    expected: 'an object, such as { "class": "zuko.flows.NSF", "arguments": { "features": 5 } }',
    received: Array.isArray(config) ? "a list" : String(config),
  });
}

async function run(file: string, flags: ImportFlags): Promise<void> {
  const config = flags.config ?? file.replace(/\.safetensors$/i, ".json");
  if (flags.config === undefined && config === file)
    throw new UsageError({
      problem: "--config is missing: the constructor call of the model, .json",
      expected: "--config",
      received: "nothing",
    });
  checkOutput(flags.out, [".safetensors"], "a model");
  if (isSameFile(file, flags.out))
    throw new UsageError({
      problem: `--out "${flags.out}" is an input, which would be lost`,
      expected: "a file that is not an input",
      received: `"${flags.out}"`,
      remedy: "choose another name",
    });
  const bytes = readBytes(file);
  const call = readConfig(config);
  const { importModel } = await import("../../entries/exchange.ts");
  const flow = await importModel(bytes, call, chosenOptions<ImportOptions>(flags, importFlags));
  await flow.save(flags.out);
  if (flags.json) return await printJson({ out: flags.out, ...flow.description });
  await print(
    formatFacts([
      ["model", flags.out],
      ["from", flow.description.fitted.imported ?? "-"],
      ["columns", flow.columns.join(", ")],
      ...(flow.given.length > 0 ? [["given", flow.given.join(", ")] as const] : []),
      ["parameters", flow.description.parameters.toLocaleString("en-US")],
      ["precision", flow.description.precision],
    ]),
  );
}

/** Adds the command. */
export function addImport(program: Command): void {
  const command = program
    .command("import")
    .summary("bring along a model that was trained in Python")
    .description(
      "A model of a Python library, of its state dict as .safetensors and of the constructor call that made it as JSON.",
    )
    .argument("<file>", "state dict of the model (.safetensors)")
    .option("--config <file>", "constructor call of the model, .json (default: the file's name with .json)")
    .requiredOption("--out <file>", "file for the model (.safetensors)");
  addOptionFlags(command, importFlags, importOptionTable);
  command
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Example:
  pushforward import nsf.safetensors --from zuko --config nsf.json --out model.safetensors`,
    )
    .action(run);
}
