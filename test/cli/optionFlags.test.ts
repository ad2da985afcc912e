/** The flags of the command line follow from the library's tables of options. */

import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { approximateFlags } from "../../src/cli/flags/approximateFlags.ts";
import {
  compareFlags,
  fitFlags,
  informationFlags,
  logProbFlags,
  sampleFlags,
} from "../../src/cli/flags/flagTables.ts";
import type { OptionFlag } from "../../src/cli/flags/optionFlags.ts";
import { readFlags } from "../../src/cli/flags/readFlags.ts";
import { compareOptionTable } from "../../src/diagnostics/compare/compareOptions.ts";
import { informationOptionTable } from "../../src/diagnostics/informationOptions.ts";
import { fitOptionTable } from "../../src/fitting/fitOptions.ts";
import { approximateOptionTable } from "../../src/fitting/variational/approximateOptionTable.ts";
import { type FitOptions, fit, load, readTable } from "../../src/index.ts";
import { logProbOptionTable, sampleOptionTable } from "../../src/models/flowOptions.ts";
import type { OptionKind } from "../../src/options.ts";
import { readTableOptionTable } from "../../src/tables/readTableOptions.ts";

import { temporaryFolder } from "../temporaryFolder.ts";
import { sampleCsv, writeFiles } from "./runCli.ts";
import { runInProcess } from "./runInProcess.ts";

type Flags = Readonly<Record<string, OptionFlag | undefined>>;
type Kinds = Readonly<Record<string, OptionKind>>;

/** Each command, its flags, the library's options, and those of them without a flag that text could hold. */
const commands: readonly (readonly [string, Flags, Kinds, readonly string[]])[] = [
  ["fit", fitFlags, fitOptionTable, []],
  ["compare", compareFlags, compareOptionTable, []],
  ["information", informationFlags, informationOptionTable, []],
  ["approximate", approximateFlags, approximateOptionTable, []],
  // One row of numbers costs no threads, and models are float32.
  ["logprob", logProbFlags, logProbOptionTable, ["precision", "threads", "seed"]],
  ["sample", sampleFlags, sampleOptionTable, ["engine", "precision", "threads"]],
  // The extension says the format, and the path is the name.
  ["reading", readFlags, readTableOptionTable, ["format", "name"]],
];

test.each(commands)(
  "every option of %s that text can hold has a flag, and no two have the same",
  (_, flags, kinds, without) => {
    const missing = Object.entries(kinds)
      .filter(([name, { type }]) => type && !flags[name])
      .map(([name]) => name);
    expect(missing).toEqual(without);
    const names = Object.values(flags).flatMap((flag) => (flag ? [flag.flag] : []));
    expect(new Set(names).size).toBe(names.length);
  },
);

test.each(commands)("a flag of %s has a value unless the option is true or false", (_, flags, kinds) => {
  for (const [name, flag] of Object.entries(flags))
    if (flag) expect([name, flag.value === undefined]).toEqual([name, kinds[name]!.type === "flag"]);
});

describe("what single kinds take", () => {
  const folder = temporaryFolder();
  writeFiles(folder, { "data.csv": sampleCsv(120) });
  const fits: readonly (readonly [flags: string, options: FitOptions])[] = [
    ["--flow mixture --components 2", { flow: "mixture", components: 2 }],
    ["--flow kde --bandwidth 0.3", { flow: "kde", bandwidth: 0.3 }],
    [
      "--flow gaussianization --rotation pca --marginal histogram --layers 2 --knots 8 --step 0.3",
      { flow: "gaussianization", rotation: "pca", marginal: "histogram", layers: 2, knots: 8, step: 0.3 },
    ],
    [
      "--flow dual-ascent --maps radial --profile erf --points-in-ball 30 --steps 2 --validation 0",
      { flow: "dual-ascent", maps: "radial", profile: "erf", pointsInBall: 30, steps: 2, validation: 0 },
    ],
    [
      "--flow realnvp --transforms 1 --hidden 4 --epochs 1 --weight-decay 0.1 --threads 1",
      { flow: "realnvp", transforms: 1, hidden: [4], epochs: 1, weightDecay: 0.1, threads: 1 },
    ],
  ];
  it.each(fits)("is said by flags as by options: fit %s", async (flags, options) => {
    const [data, out] = ["data.csv", "m.safetensors"].map((name) => join(folder, name)) as [string, string];
    const run = await runInProcess(["fit", data, "--out", out, "--columns", "x,y", ...flags.split(" ")]);
    expect([run.code, run.stderr.includes("must")]).toEqual([0, false]);
    const { flow } = await fit(await readTable(data), { ...options, columns: ["x", "y"] });
    expect((await load(out)).toBytes()).toEqual(flow.toBytes());
  });
});
