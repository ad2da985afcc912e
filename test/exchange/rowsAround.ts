import type { Flow, Table } from "../../src/index.ts";

/** Rows of a flow, and some that are far out or infinite. */
export async function rowsAround(flow: Flow): Promise<Table> {
  const rows = 60;
  const conditions = Object.fromEntries(
    flow.given.map((name, i) => [name, Array.from({ length: rows }, (_, row) => Math.sin(row + i))]),
  );
  const given = flow.given.length > 0 ? { given: conditions } : {};
  const table = await flow.sample(rows, { seed: 5, continuous: true, ...given });
  const values = table.values.slice();
  const width = table.columns.length;
  const first = flow.given.length;
  for (let i = first; i < width; i++) {
    values[i]! *= 3;
    values[width + i]! *= -20;
  }
  values[2 * width + first] = Number.POSITIVE_INFINITY;
  values[3 * width + first] = -1e300;
  return { ...table, values };
}
