/**
 * The data of the workloads, in files that every worker reads: numbers in the machine's byte order, row-major.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { normals } from "./workers/normals.mjs";

/** Files that are made when first asked for, in a folder of their own. */
export class Data {
  #folder = mkdtempSync(join(tmpdir(), "pushforward-bench-"));
  #files = new Map();

  /**
   * Rows about as wide as standardized ones, each feature bent by the one before it; float32.
   * @param {number} features
   * @param {number} rows
   */
  rows(features, rows) {
    return this.#file(`rows-${features}-${rows}.f32`, () => {
      const values = normals(rows * features, features);
      for (let i = 0; i < values.length; i++)
        if (i % features > 0) values[i] = 0.7 * values[i] + 0.6 * Math.tanh(values[i - 1]);
      return Float32Array.from(values);
    });
  }

  /**
   * The same rows as angles, from -pi to pi; float32.
   * @param {number} features
   * @param {number} rows
   */
  angles(features, rows) {
    return this.#file(`angles-${features}-${rows}.f32`, () => {
      const { buffer, byteOffset, length } = readFileSync(this.rows(features, rows));
      const values = new Float32Array(buffer.slice(byteOffset, byteOffset + length));
      return values.map((value) => Math.atan2(Math.sin(value), Math.cos(value)));
    });
  }

  /**
   * The demo's table, float64: the rows that `fit` holds out for validation with seed 0 (as many as `held` says),
   * then the others. This library gets them in their own order, and holds out the same.
   */
  async demo() {
    const { column, readTable } = await import("../dist/index.js");
    const { randomKey, RandomStream, split } = await import("../dist/random.js");
    const table = await readTable(fileURLToPath(new URL("../demo/ramachandran.csv.gz", import.meta.url)));
    const columns = ["phi", "psi"];
    const lists = columns.map((name) => column(table, name));
    const take = (order) => Float64Array.from(order.flatMap((row) => lists.map((list) => list[row])));
    const all = Array.from({ length: table.rows }, (_, row) => row);
    const order = new RandomStream(split(randomKey(0), "split")).permutation(table.rows);
    return {
      columns,
      rows: table.rows,
      held: Math.round(0.1 * table.rows),
      data: this.#file("demo.f64", () => take(all)),
      split: this.#file("demo-split.f64", () => take(Array.from(order))),
    };
  }

  /** Removes the files. */
  remove() {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #file(name, make) {
    const path = this.#files.get(name) ?? join(this.#folder, name);
    if (!this.#files.has(name)) writeFileSync(path, make());
    this.#files.set(name, path);
    return path;
  }
}
