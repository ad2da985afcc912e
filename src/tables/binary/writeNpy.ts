/**
 * Writes tables as NumPy's `.npy`, whole or in batches.
 *
 * @module
 */

import { DataError } from "../../errors.ts";
import { npyElements, npyHeader } from "../../formats/npy.ts";
import { concatenate } from "../../platform/packedBytes.ts";
import { ScratchFile } from "../../platform/scratchFile.ts";
import type { Table } from "../table.ts";
import { withSameColumns } from "./steadyColumns.ts";

/**
 * The table's numbers as a .npy file: float64, little-endian, C order, shape (rows, columns), version 1.0.
 * Column names have no place in the format and are lost.
 * @throws DataError for a table with a column of text.
 */
export function writeNpy(table: Table): Uint8Array {
  checkNumbers(table);
  return concatenate([npyHeader(table.rows, table.columns.length), npyElements(table.values)]);
}

/** Bytes of elements that are read at a time. */
const pieceBytes = 2 ** 22;

/**
 * The file of {@link writeNpy} of a table in batches, in pieces. How many rows there are stands at its beginning, so that the numbers of all batches
 * are kept in a file without a name until the last one is there.
 * @param folder - Where they are kept, asked when they begin; that of temporary files for none.
 * @throws DataError for a batch with a column of text, or with other columns than the first; FormatError where there is no room.
 */
export async function* npyPieces(
  batches: AsyncIterable<Table>,
  folder: () => string | undefined,
): AsyncGenerator<Uint8Array> {
  const numbers = ScratchFile.open(folder(), 0);
  try {
    let rows = 0;
    let columns = 0;
    for await (const batch of withSameColumns(batches)) {
      checkNumbers(batch);
      columns = batch.columns.length;
      numbers.append(npyElements(batch.values));
      rows += batch.rows;
    }
    yield npyHeader(rows, columns);
    for (let from = 0; from < numbers.size; from += pieceBytes) {
      const piece = new Uint8Array(Math.min(pieceBytes, numbers.size - from));
      numbers.read(piece, from);
      yield piece;
    }
  } finally {
    numbers.close();
  }
}

function checkNumbers({ texts }: Table): void {
  const text = texts?.[0];
  if (!text) return;
  throw new DataError(
    {
      problem: `column "${text.name}" holds text, which .npy has no place for`,
      expected: "columns of numbers",
      received: "text",
      remedy: "choose columns of numbers, or write .csv, .jsonl, .parquet or .arrow",
    },
    { column: text.name },
  );
}
