/**
 * Samples in batches, so that they need not be in memory at once.
 *
 * @module
 */

import { checkArgument, checkedOptions, refuse, wholeNumber } from "../../options.ts";
import { namingRows } from "../../tables/batches/rowNumbers.ts";
import type { Table } from "../../tables/table.ts";
import type { Flow } from "../flow.ts";
import { type GivenValue, type SampleOptions, sampleOptionTable } from "../flowOptions.ts";

/** Rows of a batch. */
const batchRows = 2 ** 15;

/** What some rows are given, of what all are given. */
function givenOf(
  given: NonNullable<SampleOptions["given"]>,
  from: number,
  to: number,
): Readonly<Record<string, GivenValue>> {
  const isList = (value: GivenValue): value is Float64Array =>
    Array.isArray(value) || ArrayBuffer.isView(value);
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, isList(value) ? value.slice(from, to) : value]),
  );
}

/**
 * Draws rows in batches: together they are what `flow.sample` draws. A batch is drawn when it is asked for, so that one alone is in memory.
 * Rows that are drawn together (of mixed columns given some of these, or `complete`) come in one batch.
 *
 * @param n - Rows in all, 0 or more; of 0 there is one batch, of none.
 * @throws As `flow.sample`, while the batches are asked for.
 * @example await writeBatches(sampleBatches(flow, 1e8, { seed: 1 }), "samples.csv");
 */
export function sampleBatches(flow: Flow, n: number, options: SampleOptions = {}): AsyncIterable<Table> {
  if (typeof (flow as Partial<Flow> | null | undefined)?.sample !== "function")
    refuse("sampleBatches", "flow", "a flow as `fit` and `load` give it", flow);
  checkArgument("sampleBatches", "n", n, wholeNumber("an integer, 0 or more", 0));
  const { given = {}, rowsBefore = 0, ...how } = checkedOptions("sampleBatches", options, sampleOptionTable);
  for (const [name, value] of Object.entries(given)) {
    const { length } = Object(value) as { readonly length?: number };
    if (typeof value !== "string" && length !== undefined && length !== n)
      refuse(
        "sampleBatches",
        `given[${JSON.stringify(name)}]`,
        `one value for each of the ${n} rows`,
        length,
      );
  }
  const isTogether = how.complete || Object.keys(given).some((name) => flow.columns.includes(name));
  return {
    async *[Symbol.asyncIterator]() {
      const size = isTogether ? Math.max(1, n) : batchRows;
      for (let from = 0; from === 0 || from < n; from += size) {
        const to = Math.min(n, from + size);
        const someGiven = options.given === undefined ? {} : { given: givenOf(given, from, to) };
        yield await namingRows(
          (row) => row + from,
          () => flow.sample(to - from, { ...how, ...someGiven, rowsBefore: rowsBefore + from }),
        );
      }
    },
  };
}
