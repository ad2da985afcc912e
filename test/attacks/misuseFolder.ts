/** A folder with tables, models and files that are not what their names say, for those who misuse them. */

import { mkdirSync } from "node:fs";
import { afterAll, beforeAll } from "vitest";
import { type Flow, fit, type Table, tableFromColumns, writeTable } from "../../src/index.ts";
import { writeFiles } from "../cli/runCli.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const count = 40;
const wave = (shift: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.sin(i + shift) + i / 50);
const table = tableFromColumns({ x: wave(0), y: wave(1), c: wave(2.5) });

/**
 * Makes the folder before the tests of a file, and is in it while they run.
 * @param onFitted - Called with its two models.
 */
export function misuseFolder(
  onFitted?: (flows: { readonly flow: Flow; readonly conditional: Flow }) => void,
): {
  readonly table: Table;
} {
  const folder = temporaryFolder();
  const before = process.cwd();
  beforeAll(async () => {
    process.chdir(folder);
    const { flow } = await fit(table, { flow: "gaussian", columns: ["x", "y"] });
    const small = { flow: "realnvp", transforms: 1, hidden: [4], epochs: 1, threads: 1 } as const;
    const { flow: conditional } = await fit(table, { ...small, columns: ["x", "y"], given: ["c"] });
    onFitted?.({ flow, conditional });
    await flow.save("xy.safetensors");
    await conditional.save("xy-c.safetensors");
    await writeTable(table, "data.csv");
    mkdirSync("folder.safetensors");
    writeFiles(folder, {
      "text.csv": "x,y\n1,2\noops,3\n",
      "random.safetensors": "what is this?",
      "notes.txt": "x\n1\n",
      "density.mjs": "export const parameters = { mu: 'real' };",
    });
  });
  afterAll(() => process.chdir(before));

  return { table };
}
