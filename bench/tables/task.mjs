/** A table under one frozen schema: its rows as cells, in files that the peers read. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, readTable, tableToObjects } from "../../dist/index.js";
import { writeSchema } from "../../dist/tables.js";
import { rowsOf, selectedRows } from "./rows.mjs";

/** The cell that a value stands for: a level its place, a date-time its milliseconds, a missing one NaN. */
export function cellOf({ name, levels, kind }, value) {
  if (value === null || value === undefined || Number.isNaN(value)) return Number.NaN;
  if (levels) {
    const place = levels.findIndex((level) => String(level) === String(value));
    if (place < 0) throw new Error(`${name}: ${value} is none of its levels.`);
    return place;
  }
  if (kind === "date-time") return typeof value === "number" ? value : Date.parse(value);
  return Number(value);
}

/** Cells of a table's rows, row by row. */
export function cellsOfTable(table, columns) {
  const out = new Float64Array(table.rows * columns.length);
  tableToObjects(table).forEach((row, i) => {
    columns.forEach((own, j) => {
      out[i * columns.length + j] = cellOf(own, row[own.name]);
    });
  });
  return out;
}

/** Twelve digits that differ where schemas do: log-densities compare under one schema alone. */
function digestOf(columns) {
  return createHash("sha256").update(JSON.stringify(columns)).digest("hex").slice(0, 12);
}

/** Writes cells as a peer reads them. */
export function writeCells(folder, name, cells) {
  writeFileSync(join(folder, `${name}.bin`), new Uint8Array(cells.buffer));
}

/**
 * Reads a table, takes at most `rows` of it, and splits off a fifth for testing.
 * @returns The tables, the schema of what is fitted, and the folder of the files.
 */
export async function makeTask({ name, target, exclude = [] }, { file, folder, rows, seed }) {
  const table = await readTable(file);
  const { train, test: held, all } = selectedRows(table, { rows, seed, test: 0.2 });
  const found = describe(all).schema;
  const schema = {
    columns: found.columns.map((own) => (exclude.includes(own.name) ? { ...own, use: "exclude" } : own)),
  };
  const known = cellsOfTable(
    train,
    schema.columns.filter(({ use }) => use === "fit"),
  );
  const fitted = schema.columns.filter(({ use }) => use === "fit");
  const columns = fitted.map(({ missing: _, ...own }, j) =>
    train.rows > 0 && known.some((cell, i) => i % fitted.length === j && Number.isNaN(cell))
      ? { ...own, missing: true }
      : own,
  );
  // A cell that is missing where none was in the rows of training has no probability under any model: such rows are not tested.
  const cells = cellsOfTable(held, columns);
  const test = rowsOf(held, (row) =>
    columns.every(({ missing }, j) => missing || !Number.isNaN(cells[row * columns.length + j])),
  );
  mkdirSync(folder, { recursive: true });
  await writeSchema(schema, join(folder, "schema.json"));
  writeFileSync(join(folder, "task.json"), JSON.stringify({ name, target, seed, columns }));
  writeCells(folder, "train", cellsOfTable(train, columns));
  writeCells(folder, "test", cellsOfTable(test, columns));
  const kinds = {};
  for (const { kind } of columns) kinds[kind] = (kinds[kind] ?? 0) + 1;
  const leftOut = held.rows - test.rows;
  return { name, folder, schema, columns, kinds, digest: digestOf(columns), train, test, leftOut };
}
