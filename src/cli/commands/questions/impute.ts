/**
 * `pushforward impute`: missing cells of a table, drawn given the others.
 *
 * @module
 */

import type { Command } from "commander";
import { UsageError } from "../../../entries/errors.ts";
import type { ImputeOptions } from "../../../entries/options.ts";
import { imputeOptionTable } from "../../../entries/options.ts";
import type { TableBatches } from "../../../entries/tables.ts";
import type { Flow, Table } from "../../../index.ts";
import { addOptionFlags } from "../../flags/optionFlags.ts";
import { imputeFlags } from "../../flags/questionFlags.ts";
import { EffectiveSizes, qualityText } from "../../given.ts";
import { defined } from "../../options.ts";
import {
  checkOneOutput,
  checkTableOutput,
  counted,
  print,
  printCsv,
  printJson,
  remark,
} from "../../output.ts";
import {
  addTableOptions,
  namingTable,
  readDataBatches,
  sayHowRead,
  type TableFlags,
} from "../../tableOptions.ts";

interface ImputeCommandFlags
  extends TableFlags,
    Pick<ImputeOptions, "draws" | "candidates" | "seed" | "engine" | "wide"> {
  readonly out?: string | undefined;
  readonly json?: boolean | undefined;
}

async function run(model: string, data: string, flags: ImputeCommandFlags): Promise<void> {
  const { draws, candidates, seed, engine, wide, out, json } = flags;
  if (out === undefined && json)
    throw new UsageError({
      problem: "--json tells how the cells were filled in",
      expected: "--out beside --json",
      received: "no --out",
      remedy: "give --out a file for the table",
    });
  checkOneOutput(out, json);
  if (out !== undefined) checkTableOutput(out, [model, data]);
  const { load } = await import("../../../index.ts");
  const { writeBatches } = await import("../../../entries/tables.ts");
  const flow = await load(model);
  const batches = await readDataBatches(data, flags);
  await sayHowRead(batches, [...flow.columns, ...flow.given]);
  const filling = new Filling(flow, batches, defined({ draws, candidates, seed, engine, wide }));
  if (out === undefined || out === "-") {
    await printCsv(filling.tables());
    return remark(sentence(filling.filled, filling.quality));
  }
  await writeBatches(filling.tables(), out);
  if (json)
    return await printJson({
      rows: batches.rows,
      draws: filling.draws,
      filled: filling.filled,
      assumed: "missing at random",
      effectiveSize: filling.leastSize,
    });
  const rows = counted(filling.draws * batches.rows, "row");
  await print(`wrote ${rows} to ${out}: ${sentence(filling.filled, filling.quality)}\n`);
}

/** Batches that are filled in, one after the other; of several draws the first table is followed by the next one. */
class Filling {
  filled = 0;
  readonly draws: number;
  readonly #flow: Flow;
  readonly #batches: TableBatches;
  readonly #options: ImputeOptions;
  readonly #sizes = new EffectiveSizes();

  constructor(flow: Flow, batches: TableBatches, options: ImputeOptions) {
    this.#flow = flow;
    this.#batches = batches;
    this.#options = options;
    this.draws = options.draws ?? 1;
  }

  async *tables(): AsyncGenerator<Table> {
    const byDraw: Table[][] = Array.from({ length: this.draws }, () => []);
    for await (const batch of this.#batches) {
      const { tables, filled, effectiveSize } = await this.#flow.impute(batch, this.#options);
      this.filled += filled;
      this.#sizes.add(effectiveSize);
      if (tables.length === 1) yield tables[0]!;
      else
        tables.forEach((table, draw) => {
          byDraw[draw]!.push(table);
        });
    }
    if (this.draws === 1) return;
    const { joinBatches, joinDraws } = await import("../../../entries/tables.ts");
    yield joinDraws(byDraw.map(joinBatches));
  }

  get quality(): string {
    return qualityText(this.#sizes, this.#flow, "--candidates");
  }

  get leastSize(): number {
    return this.#sizes.least;
  }
}

const sentence = (filled: number, quality: string): string =>
  `${counted(filled, "missing cell")} filled in by draws given the other cells of their rows, as if they were missing at random; ${quality}`;

/** Adds the command. */
export function addImpute(program: Command): void {
  const command = program
    .command("impute")
    .summary("fill in missing cells by draws")
    .description(
      `Fill in the missing cells of a table by draws from their distribution given the other cells of the row, from a fit of mixed columns.

Cells are taken to be missing at random: whether one is missing does not depend on its value, once the others are known.
With --draws above 1 the tables follow one another, and the column draw counts them. Other columns are carried along.`,
    )
    .argument("<model>", "model to use (.safetensors), fitted by --flow columns")
    .argument("<data>", "table to fill in; - for CSV on standard input")
    .option("--out <file>", "table to write; its extension tells the format")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Example:
  pushforward impute people.safetensors people.csv --draws 5 --out filled.csv`,
    )
    .action(namingTable(1, run));
  addOptionFlags(command, imputeFlags, imputeOptionTable);
  addTableOptions(command);
}
