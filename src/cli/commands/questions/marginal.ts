/**
 * `pushforward marginal`: the log-density of some columns of a table, given others or not.
 *
 * @module
 */

import type { Command } from "commander";
import { UsageError } from "../../../entries/errors.ts";
import type { MarginalOptions } from "../../../entries/options.ts";
import { marginalOptionTable } from "../../../entries/options.ts";
import { checkKnown } from "../../columnNames.ts";
import { addOptionFlags } from "../../flags/optionFlags.ts";
import { marginalFlags } from "../../flags/questionFlags.ts";
import { EffectiveSizes, qualityText } from "../../given.ts";
import { defined, type GivenText } from "../../options.ts";
import { checkOneOutput, checkTableOutput, counted, formatCount, formatLogProb, warn } from "../../output.ts";
import { giveScores } from "../../scores/scoreTable.ts";
import {
  addTableOptions,
  namingTable,
  readDataBatches,
  sayHowRead,
  type TableFlags,
} from "../../tableOptions.ts";

interface MarginalCommandFlags
  extends TableFlags,
    Pick<MarginalOptions, "draws" | "seed" | "engine" | "wide"> {
  readonly columns?: readonly string[] | undefined;
  readonly given?: GivenText | readonly string[] | undefined;
  readonly out?: string | undefined;
  readonly json?: boolean | undefined;
}

async function run(model: string, data: string, flags: MarginalCommandFlags): Promise<void> {
  const { columns, given, draws, seed, engine, wide, out, json } = flags;
  if (columns === undefined)
    throw new UsageError({
      subject: "--columns",
      expected: "the columns that are asked for, such as a,b",
      received: "nothing",
    });
  checkOneOutput(out, json);
  if (out !== undefined) checkTableOutput(out, [model, data]);
  const { load, tableFromColumns } = await import("../../../index.ts");
  const flow = await load(model);
  const known = [...flow.given, ...flow.columns];
  checkKnown("--columns", columns, known, "the model");
  const names = Array.isArray(given) ? (given as readonly string[]) : Object.keys(given ?? {});
  checkKnown("--given", names, known, "the model");
  const batches = await readDataBatches(data, flags);
  await sayHowRead(batches, known);
  const answers = Array.from({ length: 3 }, () => new Float64Array(batches.rows));
  const [logProb, standardError, effectiveSize] = answers as [Float64Array, Float64Array, Float64Array];
  let summedOut = 0;
  for await (const batch of batches) {
    const answer = await flow.marginal(batch, {
      columns,
      ...(given === undefined ? {} : { given: given as NonNullable<MarginalOptions["given"]> }),
      ...defined({ draws, seed, engine, wide }),
    });
    logProb.set(answer.logProb, batch.rowsBefore ?? 0);
    standardError.set(answer.standardError, batch.rowsBefore ?? 0);
    effectiveSize.set(answer.effectiveSize, batch.rowsBefore ?? 0);
    summedOut += answer.summedOut;
  }
  if (summedOut > 0)
    warn(
      `${counted(summedOut, "row")} ${summedOut === 1 ? "misses" : "miss"} a cell of a column in which none was missing in the fit: it is summed out`,
    );
  await giveScores({
    table: () => tableFromColumns({ logProb, standardError, effectiveSize }),
    name: "scores",
    summary() {
      const rows = logProb.length;
      const impossible = logProb.filter((value) => value === Number.NEGATIVE_INFINITY).length;
      const mean = logProb.reduce((sum, value) => sum + value, 0) / rows;
      const sizes = new EffectiveSizes();
      sizes.add(effectiveSize);
      return {
        json: {
          columns,
          given: names,
          rows,
          meanLogProb: mean,
          outsideSupport: impossible,
          exact: rows - sizes.estimated,
          estimated: sizes.estimated,
          effectiveSize: sizes.least,
          standardError: standardError.reduce((a, b) => (Number.isFinite(b) ? Math.max(a, b) : a), 0),
          summedOut,
        },
        facts: [
          ["asked", `${columns.join(", ")}${names.length > 0 ? ` given ${names.join(", ")}` : ""}`],
          ["rows", formatCount(rows)],
          ["mean log-density", `${formatLogProb(mean)} nats`],
          ["outside support", formatCount(impossible)],
          ["made", qualityText(sizes, flow, "--draws")],
          ...errorFacts(standardError.filter((_, row) => Number.isFinite(effectiveSize[row]))),
        ],
      };
    },
    out,
    json,
  });
}

/** How far estimates are off. */
function errorFacts(errors: Float64Array): readonly (readonly [string, string])[] {
  if (errors.length === 0) return [];
  const sorted = errors.toSorted();
  const [median, largest] = [sorted[sorted.length >> 1]!, sorted.at(-1)!];
  return [["standard error", `${median.toFixed(4)} nats in the median row, ${largest.toFixed(4)} at most`]];
}

/** Adds the command. */
export function addMarginal(program: Command): void {
  const command = program
    .command("marginal")
    .summary("log-density of some columns, given others")
    .description(
      `Log-density of some columns of a table per row, in nats, given other columns or not, from a fit of mixed columns.

Exact where the other columns can be summed out exactly; else estimated by draws, with standard error and effective size per row.`,
    )
    .argument("<model>", "model to use (.safetensors), fitted by --flow columns")
    .argument("<data>", "table with these columns; - for CSV on standard input")
    .option(
      "--out <file>",
      "table to write: logProb, standardError, effectiveSize; - for CSV on standard output",
    )
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Example:
  pushforward marginal houses.safetensors new.csv --columns price --given rooms,region --out scores.csv`,
    )
    .action(namingTable(1, run));
  addOptionFlags(command, marginalFlags, marginalOptionTable);
  addTableOptions(command);
}
