/** Tables in binary formats with bytes changed, cut off or put in: read, or refused in one line and at once. */

import { readdirSync, readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { PushforwardError } from "../../src/errors.ts";
import type { RandomStream } from "../../src/random/philox.ts";
import { readTable } from "../../src/tables/reading/readTable.ts";
import { attackCases, attackSeed, attackStream } from "./attack.ts";

const folder = new URL("../files/", import.meta.url);
const files = (part: string): string[] =>
  readdirSync(new URL(part, folder))
    .filter((name) => /\.(?:parquet|npy|npz)$/.test(name))
    .map((name) => `${part}${name}`);
const sources: readonly [string, Uint8Array][] = [
  ...files("parquet/"),
  ...files("npz/"),
  ...files("reports/"),
].map((name) => [name, new Uint8Array(readFileSync(new URL(name, folder)))]);
const text = new TextEncoder().encode(`a,b\n${"1,2.5\n3,4\n".repeat(30)}`);
const members = Uint8Array.of(...gzipSync(text), ...gzipSync(text.subarray(4)));

/** Values that lengths and counts break on. */
const edges = [0, 1, 2, 0x7f, 0x80, 0xff];

function mutate(bytes: Uint8Array, stream: RandomStream): Uint8Array {
  const changed = bytes.slice();
  const at = (): number => stream.integerBelow(changed.length);
  for (let k = 0; k <= stream.integerBelow(4); k++)
    switch (stream.integerBelow(4)) {
      case 0:
        changed[at()] = edges[stream.integerBelow(edges.length)]!;
        break;
      case 1:
        changed[at()]! ^= 1 << stream.integerBelow(8);
        break;
      case 2: {
        // Lengths of four bytes.
        const start = at();
        changed.fill(stream.integerBelow(2) * 255, start, start + 4);
        break;
      }
      default: {
        const start = at();
        changed.copyWithin(at(), start, start + stream.integerBelow(64));
      }
    }
  return stream.integerBelow(10) === 0 ? changed.subarray(0, at()) : changed;
}

test("whatever the bytes, a table comes out, or one line", async () => {
  const all: readonly [string, Uint8Array][] = [...sources, ["members.csv.gz", members]];
  for (let k = 0; k < attackCases(600); k++) {
    const stream = attackStream("binaryTables", k);
    const [name, bytes] = all[k % all.length]!;
    const where = `seed ${attackSeed}, case ${k}, ${name}`;
    const start = performance.now();
    const found = await readTable(mutate(bytes, stream), { name }).catch((caught: unknown) => caught);
    if (found instanceof Error) {
      if (!(found instanceof PushforwardError)) throw new Error(where, { cause: found });
      expect(found.message, where).not.toContain("\n");
      expect(found.message.length, where).toBeLessThan(1000);
    }
    expect(performance.now() - start, where).toBeLessThan(5000);
  }
});
