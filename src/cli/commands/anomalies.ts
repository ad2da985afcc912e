/**
 * `pushforward anomalies`: which rows are strange, and which columns are to blame.
 *
 * @module
 */

import { basename } from "node:path";
import type { Command } from "commander";
import type { Anomalies, AnomaliesOptions, Anomaly } from "../../entries/diagnostics.ts";
import { UsageError } from "../../entries/errors.ts";
import { anomaliesOptionTable } from "../../entries/options.ts";
import type { Flow, Table } from "../../index.ts";
import { anomaliesFlags } from "../flags/anomaliesFlags.ts";
import { addOptionFlags, chosenOptions } from "../flags/optionFlags.ts";
import { defined, positiveInteger } from "../options.ts";
import {
  checkOneOutput,
  checkTableOutput,
  counted,
  formatCount,
  print,
  printCsv,
  printJson,
  sayBound,
  warn,
} from "../output.ts";
import {
  addTableOptions,
  namingTable,
  readData,
  readDataBatches,
  readRows,
  sayHowRead,
  type TableFlags,
} from "../tableOptions.ts";

interface AnomaliesFlags extends TableFlags, Omit<AnomaliesOptions, "calibration" | "signal" | "onWarning"> {
  readonly calibration?: string | undefined;
  readonly top: number;
  readonly out?: string | undefined;
  readonly json?: boolean | undefined;
}

async function run(first: string, second: string | undefined, flags: AnomaliesFlags): Promise<void> {
  const { out, json, top, calibration } = flags;
  const data = second ?? first;
  checkOneOutput(out, json);
  if (second === undefined && /\.safetensors$/i.test(first))
    throw new UsageError({
      problem: `"${first}" is a model`,
      expected: "a table",
      received: "a model alone",
      remedy: `name the table after it, as in pushforward anomalies ${first} new.csv`,
    });
  if (out !== undefined)
    checkTableOutput(
      out,
      [first, second, calibration].filter((each) => each !== undefined),
    );
  const { anomaliesTable } = await import("../../entries/diagnostics.ts");
  const { load, writeTable } = await import("../../index.ts");
  const { calibration: _, ...chosen } = chosenOptions<AnomaliesOptions>(flags, anomaliesFlags);
  const options: AnomaliesOptions = {
    ...chosen,
    ...(calibration === undefined ? {} : { calibration: await readRows(calibration, flags) }),
    onWarning: warn,
  };
  const source = data === "-" ? "standard input" : basename(data);
  if (second !== undefined) return await besideModel(await load(first), data, source, options, flags);
  const { anomalies } = await import("../../entries/diagnostics.ts");
  const found = await anomalies(await readData(data, flags), options);
  if (out === "-") return await printCsv(anomaliesTable(found));
  if (out !== undefined) await writeTable(anomaliesTable(found), out);
  const shown = found.ranking.slice(0, top).map((place) => found.rows[place]!);
  await give({ ...found, rows: shown }, found.rows.length, source, flags);
}

/** By a model, batch by batch: the strangest rows and a batch are in memory. */
async function besideModel(
  flow: Flow,
  data: string,
  source: string,
  options: AnomaliesOptions,
  flags: AnomaliesFlags,
): Promise<void> {
  const { out, top } = flags;
  sayBound(flow);
  const { anomaliesTable, anomalyBatches, StrangestRows } = await import("../../entries/diagnostics.ts");
  const { writeBatches } = await import("../../entries/tables.ts");
  const batches = await readDataBatches(data, flags);
  await sayHowRead(batches, flow.columns);
  const found = await anomalyBatches(flow, batches, options);
  const strangest = new StrangestRows(top);
  let discovered = 0;
  const isDiscovery = (row: Anomaly): boolean => row.pValue <= (found.discoveryBound ?? -1);
  const marked = (rows: readonly Anomaly[]): readonly Anomaly[] =>
    found.discoveryBound === undefined
      ? rows
      : rows.map((row) => ({ ...row, isDiscovery: isDiscovery(row) }));
  // Which rows are discoveries is known when all have been seen: then they are written in a second pass.
  if (options.fdr !== undefined) for await (const _ of found);
  const tables = async function* (): AsyncGenerator<Table> {
    for await (const part of found) {
      const rows = marked(part);
      discovered += rows.filter((row) => row.isDiscovery).length;
      strangest.add(rows);
      const discoveries = found.discoveryBound === undefined ? undefined : discovered;
      yield anomaliesTable({ ...found, rows, ranking: [], discoveries });
    }
  };
  if (out === "-") return await printCsv(tables());
  if (out !== undefined) await writeBatches(tables(), out);
  else for await (const _ of tables());
  const { columns, measures, bound, against, calibrationRows } = found;
  const rows = strangest.rows;
  const facts = { columns, against, calibrationRows, ...defined({ measures, bound }) };
  const discoveries = options.fdr === undefined ? {} : { discoveries: discovered };
  const ranking = rows.map(({ row }) => row - 1);
  await give({ rows, ranking, ...facts, ...discoveries }, batches.rows, source, flags);
}

/** Prints what was found: the strangest rows, of so many. */
async function give(
  found: Anomalies,
  all: number,
  source: string,
  { json, out }: AnomaliesFlags,
): Promise<void> {
  if (json) return await printJson({ ...found, all });
  await print(
    `${counted(all, "row")} of ${source}, ${counted(found.columns.length, "column")}; the strangest first\n${lines(found.rows)}${summary(found)}${out === undefined ? "" : `all rows: ${out}\n`}`,
  );
}

const formatP = (p: number): string => (p < 0.0001 ? p.toExponential(0) : p.toFixed(4));

/** Cells in columns of equal width; what is to blame stands last. */
function lines(shown: readonly Anomaly[]): string {
  const cells = [
    ["row", "score", "p", "log p", "to blame, and what to expect"],
    ...shown.map(({ row, score, pValue, logProb, blame, expected, isDiscovery }) => [
      `${row}${isDiscovery ? "*" : ""}`,
      score.toFixed(2),
      formatP(pValue),
      logProb?.toFixed(2) ?? "-",
      blame
        .filter(({ column }) => Object.hasOwn(expected, column))
        .slice(0, 3)
        .map(
          ({ column, share }) =>
            `${column} ${Math.round(100 * share)} % (${expected[column] === null ? "none" : formatValue(expected[column]!)})`,
        )
        .join(", "),
    ]),
  ];
  const widths = cells[0]!.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  return cells
    .map(
      (row) =>
        `  ${row.map((cell, i) => (i === row.length - 1 ? cell : cell.padStart(widths[i]!))).join("  ")}\n`,
    )
    .join("");
}

const formatValue = (value: string | number): string =>
  typeof value === "string" ? value : String(Number(value.toPrecision(6)));

const againstWords: Readonly<Record<Anomalies["against"], (rows: string) => string>> = {
  themselves: (rows) =>
    `p: the place of a row among the ${rows}; of ordinary rows P(p <= a) is at most a / (1 - the share of strange ones)`,
  calibration: (rows) =>
    `p: against ${rows} calibration rows; of ordinary rows P(p <= a) is at most a + 1 / (${rows} + 1)`,
  drawn: (rows) =>
    `p: against ${rows} rows drawn from the model, as right as it is; --calibration names ordinary rows`,
};

/** Columns that a line names, of each measure. */
const namedColumns = 6;

/** What log-densities are: of what fit, and with respect to what. */
function densityLine({ measures, bound, against }: Anomalies): string {
  if (measures === undefined) return "";
  const kinds = [...new Set(measures.map(({ measure }) => measure))].map((kind) => {
    const names = measures.filter(({ measure }) => measure === kind).map(({ column }) => column);
    const more = names.length > namedColumns ? ` and ${names.length - namedColumns} more` : "";
    return `${kind} (${names.slice(0, namedColumns).join(", ")}${more})`;
  });
  const fits = against === "themselves" ? "by fits to ordinary rows that have not seen the row, " : "";
  return `log p: ${bound ? "lower bound of the " : ""}log-density in nats, ${fits}with respect to ${kinds.join(" x ")}\n`;
}

function summary({ against, calibrationRows, discoveries, ...found }: Anomalies): string {
  const marked =
    discoveries === undefined ? "" : `*: ${counted(discoveries, "row")} at the rate of false discoveries\n`;
  return `${againstWords[against](formatCount(calibrationRows))}\n${densityLine({ ...found, against, calibrationRows })}${marked}`;
}

/** Adds the command. */
export function addAnomalies(program: Command): void {
  const command = program
    .command("anomalies")
    .summary("which rows are strange, and which columns are to blame")
    .description(
      `Ranks the rows of a table by how strange they are, the strangest first, with the columns to blame and the value that
rows have which are alike in all others. With a table alone its rows are held against each other, and strange ones among
them do no harm; with a model before it, against the model: best one that was fitted to ordinary rows.`,
    )
    .argument(
      "<model or data>",
      "model (.safetensors) and then a table, or a table alone; - for standard input",
    )
    .argument("[data]", "table to look at")
    .option("--out <file>", "table of all rows, in their order; - for CSV on standard output")
    .option("--top <n>", "rows to print", positiveInteger("--top"), 10)
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Examples:
  pushforward anomalies people.csv --out strange.csv
  pushforward anomalies ordinary.safetensors new.csv --calibration more.csv --fdr 0.1`,
    )
    .action((first: string, second: string | undefined, flags: AnomaliesFlags, own: Command) =>
      namingTable<[string, string | undefined, AnomaliesFlags, Command]>(second === undefined ? 0 : 1, run)(
        first,
        second,
        flags,
        own,
      ),
    );
  addOptionFlags(command, anomaliesFlags, anomaliesOptionTable);
  addTableOptions(command);
}
