/**
 * A model that is served: the flow of its file, and what is made of it once.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { AnomalyScorer } from "../../entries/diagnostics.ts";
import { FormatError, reasonOf } from "../../entries/errors.ts";
import type { Flow, FlowDescription, Table } from "../../index.ts";
import { Batcher } from "./batcher.ts";
import type { Metrics } from "./metrics.ts";
import {
  type Cell,
  type RequestSchemas,
  type RowColumns,
  requestSchemas,
  rowColumns,
  type ScoreChoices,
} from "./rowSchemas.ts";
import { tableMaker } from "./tableMaker.ts";

/** Rows that wait for one model at most. */
const mostWaiting = 2 ** 20;

/** A version of a model. */
export interface ModelVersion {
  readonly name: string;
  /** The first 16 hexadecimal digits of the SHA-256 of its file. */
  readonly version: string;
  readonly flow: Flow;
  readonly description: FlowDescription;
  readonly columns: RowColumns;
  readonly schemas: RequestSchemas;
  /** A row that it may be asked for; none where it must be given something. */
  readonly example: readonly Cell[] | undefined;
  /** Rows of cells as a table. */
  tableOf(rows: readonly (readonly Cell[])[]): Table;
  /** Log-densities of rows, together with those of other requests. */
  score(
    rows: readonly (readonly Cell[])[],
    choices: Omit<ScoreChoices, "byColumn">,
    deadline: number,
  ): Promise<Float64Array>;
  /** What scores anomalies, made when it is first asked for. */
  scorer(): Promise<AnomalyScorer>;
}

/** What a server does with its models. */
export interface HostOptions {
  readonly metrics: Metrics;
  /** Rows that a request has at most. */
  readonly mostRows: number;
  /** Says what happens, a line each. */
  readonly log: (line: string) => void;
}

/** A version, of the bytes of a file. */
async function versionOf(
  name: string,
  path: string,
  version: string,
  bytes: Uint8Array,
  { metrics, mostRows }: HostOptions,
): Promise<ModelVersion> {
  const { load } = await import("../../index.ts");
  let flow: Flow;
  try {
    flow = await load(bytes);
  } catch (error) {
    // Bytes have no name: the message calls them "the model".
    (error as Error).message = `"${path}": ${(error as Error).message}`;
    throw error;
  }
  const { description } = flow;
  const columns = rowColumns(description);
  const tableOf = tableMaker(columns);
  const example = await exampleOf(flow);
  const batchers = new Map<string, Batcher<readonly Cell[]>>();
  let scorer: Promise<AnomalyScorer> | undefined;
  return {
    name,
    version,
    flow,
    description,
    columns,
    schemas: requestSchemas(columns, mostRows),
    example,
    tableOf,
    async score(rows, choices, deadline) {
      const { missing = columns.mixed ? "marginal" : "empty", unseen } = choices;
      const key = `${missing} ${unseen}`;
      let batcher = batchers.get(key);
      if (!batcher) {
        batcher = new Batcher({
          mostWaiting,
          score: (together) =>
            flow.logProb(tableOf(together), { missing, ...(unseen === undefined ? {} : { unseen }) }),
          onPass: (count, requests) => {
            metrics.batchRows.add({ model: name }, count);
            metrics.batchRequests.add({ model: name }, requests);
          },
        });
        batchers.set(key, batcher);
      }
      return await batcher.score(rows, deadline);
    },
    scorer() {
      scorer ??= import("../../entries/diagnostics.ts").then(({ anomalyScorer }) => anomalyScorer(flow));
      return scorer;
    },
  };
}

/** A row that the model may be asked for; none where it must be given something. */
async function exampleOf(flow: Flow): Promise<readonly Cell[] | undefined> {
  if (flow.given.length > 0) return undefined;
  const { tableToObjects } = await import("../../index.ts");
  const [row] = tableToObjects(await flow.sample(1));
  return flow.columns.map((name): Cell => {
    const cell = row![name]!;
    return Number.isNaN(cell) ? null : cell;
  });
}

/** Compiles what a first request needs, so that it does not wait for it. */
async function warmUp({ example: cells, columns, score }: ModelVersion): Promise<void> {
  if (!cells) return;
  await score([cells], {}, Number.POSITIVE_INFINITY);
  if (columns.mixed) return;
  // Where seven digits are not enough, rows are scored once more in float64, by another program.
  const farOut = cells.map((cell) => (cell === null ? null : 1e4 * (Number(cell) + 1)));
  await score([farOut], {}, Number.POSITIVE_INFINITY);
}

/** A model that is served, whichever version of its file is there. */
export class HostedModel {
  readonly name: string;
  readonly path: string;
  readonly #options: HostOptions;
  #current: ModelVersion | undefined;
  #loading: Promise<void> = Promise.resolve();

  constructor(name: string, path: string, options: HostOptions) {
    this.name = name;
    this.path = path;
    this.#options = options;
  }

  /** The version that answers from now on. Whoever has one already goes on with it. */
  get current(): ModelVersion {
    return this.#current!;
  }

  /**
   * Loads the file, and puts it in the place of what was there once it can answer.
   * @throws FormatError if it cannot be read, or is not a model.
   */
  async load(): Promise<"loaded" | "same"> {
    const { metrics } = this.#options;
    let bytes: Uint8Array;
    try {
      bytes = await readFile(this.path);
    } catch (error) {
      throw new FormatError({
        problem: `"${this.path}": ${reasonOf(error)}`,
        expected: "a model file",
        received: reasonOf(error),
      });
    }
    const version = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
    if (this.#current?.version === version) return "same";
    const next = await versionOf(this.name, this.path, version, bytes, this.#options);
    await warmUp(next);
    if (this.#current) metrics.models.forget({ model: this.name, version: this.#current.version });
    metrics.models.set({ model: this.name, version }, 1);
    this.#current = next;
    return "loaded";
  }

  /** Loads the file anew; where it cannot, the version that is there goes on. One after the other. */
  async reload(): Promise<void> {
    const { metrics, log } = this.#options;
    const before = this.#loading;
    this.#loading = (async () => {
      await before;
      try {
        if ((await this.load()) === "same") return;
        metrics.reloads.add({ model: this.name, outcome: "loaded" });
        log(`${this.name}: version ${this.current.version} answers from now on`);
      } catch (error) {
        metrics.reloads.add({ model: this.name, outcome: "failed" });
        log(`${this.name}: ${(error as Error).message} Version ${this.current.version} goes on.`);
      }
    })();
    await this.#loading;
  }
}
