/**
 * `pushforward divergence`: how far one model is from another, as a whole or row by row.
 *
 * @module
 */

import type { Command } from "commander";
import type { DensityRatioOptions, KlDivergenceOptions } from "../../entries/diagnostics.ts";
import { UsageError } from "../../entries/errors.ts";
import { klDivergenceOptionTable } from "../../entries/options.ts";
import { densityRatioFlags, klDivergenceFlags } from "../flags/divergenceFlags.ts";
import { addOptionFlags, chosenOptions } from "../flags/optionFlags.ts";
import {
  checkOneOutput,
  checkTableOutput,
  counted,
  formatCount,
  formatFacts,
  formatLogProb,
  print,
  printJson,
  sayBound,
  warn,
} from "../output.ts";
import { giveScores } from "../scores/scoreTable.ts";
import {
  addTableOptions,
  namingTable,
  readDataBatches,
  sayHowRead,
  type TableFlags,
} from "../tableOptions.ts";

interface DivergenceFlags extends TableFlags, Omit<KlDivergenceOptions, "given" | "signal" | "onWarning"> {
  readonly out?: string | undefined;
  readonly json?: boolean | undefined;
}

async function run(p: string, q: string, data: string | undefined, flags: DivergenceFlags): Promise<void> {
  const { out, json } = flags;
  if (data === undefined && out !== undefined)
    throw new UsageError({
      problem: "--out is for the ratio at each row of a table",
      expected: "a table beside --out",
      received: "two models alone",
      remedy: "name one behind the two models",
    });
  if (data !== undefined && flags.draws !== undefined)
    throw new UsageError({
      problem: "--draws is for the divergence, which takes no table",
      expected: "--draws or a table",
      received: "both",
      remedy: "leave out one of the two",
    });
  checkOneOutput(out, json);
  if (out !== undefined) checkTableOutput(out, [p, q, data!]);
  const { load } = await import("../../index.ts");
  const [ofP, ofQ] = [await load(p), await load(q)];
  for (const flow of [ofP, ofQ]) sayBound(flow);
  if (data === undefined) {
    const { klDivergence } = await import("../../entries/diagnostics.ts");
    const options = chosenOptions<KlDivergenceOptions>(flags, klDivergenceFlags);
    const found = await klDivergence(ofP, ofQ, { ...options, onWarning: warn });
    if (json) return await printJson(found);
    const { mean, standardError, draws, impossible, possible } = found;
    return await print(
      formatFacts([
        ["divergence", `KL(${p} || ${q})`],
        [
          "mean",
          impossible > 0
            ? `infinite: ${counted(impossible, "sample")} of ${formatCount(draws)} cannot be under ${q}`
            : `${formatLogProb(mean)} nats per row`,
        ],
        ["standard error", formatLogProb(impossible > 0 ? possible.standardError : standardError)],
        ...(impossible > 0
          ? [["mean of the others", `${formatLogProb(possible.mean)} nats per row`] as const]
          : []),
        ["samples", `${formatCount(draws)} of ${p}`],
      ]),
    );
  }
  const batches = await readDataBatches(data, flags);
  await sayHowRead(batches, [...ofP.columns, ...ofP.given]);
  const { densityRatioBatches } = await import("../../entries/diagnostics.ts");
  const { tableFromColumns } = await import("../../index.ts");
  const ratios = densityRatioBatches(ofP, ofQ, batches, {
    ...chosenOptions<DensityRatioOptions>(flags, densityRatioFlags),
    missing: "empty",
    onWarning: warn,
  });
  const impossible = { p: 0, q: 0, both: 0 };
  let [rows, finite, sum, higher] = [0, 0, 0, 0];
  await giveScores({
    async *table() {
      for await (const found of ratios) {
        for (const under of ["p", "q", "both"] as const) impossible[under] += found.impossible[under];
        for (const value of found.logRatio) {
          if (!Number.isFinite(value)) continue;
          finite++;
          sum += value;
          higher += Number(value > 0);
        }
        rows += found.logRatio.length;
        yield tableFromColumns({ logRatio: found.logRatio });
      }
    },
    name: "ratios",
    summary() {
      const mean = sum / finite;
      return {
        json: {
          rows,
          ...(ofP.description.bound || ofQ.description.bound ? { bound: true } : {}),
          meanLogRatio: mean,
          higherUnderFirst: higher,
          impossible,
        },
        facts: [
          ["log ratio", `log ${p} - log ${q}`],
          ["rows", formatCount(rows)],
          ["with a finite ratio", formatCount(finite)],
          ...(finite > 0 ? [["their mean", `${formatLogProb(mean)} nats per row`] as const] : []),
          ["above 0", formatCount(higher)],
        ],
      };
    },
    out,
    json,
  });
}

/** Adds the command. */
export function addDivergence(program: Command): void {
  const command = program
    .command("divergence")
    .summary("how far one model is from another")
    .description(
      `The Kullback-Leibler divergence KL(p || q) of two models of the same columns, in nats per row, by samples of p, with
its standard error; with a table, the logarithm of the ratio p / q at each of its rows.

Both models must have the same columns and reference measures: a mass beside a density has no ratio.`,
    )
    .argument("<p>", "model whose rows are taken (.safetensors)")
    .argument("<q>", "model that they are compared with")
    .argument("[data]", "table of rows to give the ratio at; - for CSV on standard input")
    .option("--out <file>", "with a table: file to write, column logRatio; - for CSV on standard output")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Examples:
  pushforward divergence this-year.safetensors last-year.safetensors
  pushforward divergence this-year.safetensors last-year.safetensors rows.csv --out ratio.csv`,
    )
    .action(namingTable(2, run));
  addOptionFlags(command, klDivergenceFlags, klDivergenceOptionTable);
  addTableOptions(command);
}
