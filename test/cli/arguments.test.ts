import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../temporaryFolder.ts";
import { expectFailure, runCli, sampleCsv, writeFiles } from "./runCli.ts";
import { runInProcess } from "./runInProcess.ts";

const cwd = temporaryFolder();
writeFiles(cwd, { "data.csv": sampleCsv(30) });

/** A call that is wrong, and what is said about it. */
const wrongCalls: readonly (readonly [args: string, message: RegExp])[] = [
  [
    "",
    /^no command given; the commands are describe, fit, logprob, sample, evaluate, anomalies, divergence, marginal, quantile, cdf, impute, import, export, verify, serve, inspect, information, plot, compare, approximate; see pushforward --help\.$/m,
  ],
  ["fti data.csv", /^there is no command "fti" \(did you mean fit\?\); see pushforward --help/],
  [
    "explain m.safetensors data.csv",
    /^there is no command "explain" \(what you look for may be logprob --by-column, or anomalies\); see/,
  ],
  ["--verison", /^there is no option --verison \(did you mean --version\?\)/],
  ["fit --out m.safetensors", /^the argument "data" is missing; see pushforward fit --help/],
  ["fit data.csv", /^--out <file> is required; see pushforward fit --help/],
  ["fit data.csv more.csv --out m.safetensors", /^too many arguments for "fit": expected 1, got 2/],
  [
    "fit data.csv --out m.safetensors --colums x",
    /^there is no option --colums \(did you mean --columns\?\)/,
  ],
  ["fit data.csv --out m.bin", /^--out must end in \.safetensors \(a model\), got "m\.bin"\./],
  ["fit data.csv --out m.safetensors --lr -1", /^--lr must be a positive number, got "-1"\./],
  ["fit data.csv --out m.safetensors --lr 1e-3x", /^--lr must be a positive number, got "1e-3x"\./],
  ["fit data.csv --out m.safetensors --lr 0", /^--lr must be a positive number/],
  ["fit data.csv --out m.safetensors --epochs -5", /^--epochs must be a positive integer, got "-5"\./],
  ["fit data.csv --out m.safetensors --epochs 2.5", /^--epochs must be a positive integer, got "2\.5"\./],
  ["fit data.csv --out m.safetensors --batch 0", /^--batch must be a positive integer/],
  ["fit data.csv --out m.safetensors --transforms many", /^--transforms must be a positive integer/],
  [
    "fit data.csv --out m.safetensors --hidden 128,,128",
    /^--hidden must be positive integers of at most 8192, such as 64,64, got/,
  ],
  [
    "fit data.csv --out m.safetensors --hidden -8",
    /^--hidden must be positive integers of at most 8192, such as 64,64, got/,
  ],
  ["fit data.csv --out m.safetensors --patience -1", /^--patience must be a positive integer/],
  ["fit data.csv --out m.safetensors --threads 0", /^--threads must be a positive integer/],
  ["fit data.csv --out m.safetensors --seed 1.5", /^--seed must be an integer, got "1\.5"\./],
  [
    "fit data.csv --out m.safetensors --validation 1",
    /^--validation must be a share of the rows, at least 0 and below 1/,
  ],
  ["fit data.csv --out m.safetensors --ema 1", /^--ema must be at least 0 and below 1, got "1"\./],
  [
    "fit data.csv --out m.safetensors --flow nsfar",
    /^--flow must be realnvp, maf, nsf, nsf-ar, planar, .* dual-ascent or sphere, got "nsfar"; did you mean nsf-ar\?/,
  ],
  [
    "fit absent.csv --out m.safetensors --flow gaussian --epochs 3",
    /^--epochs means nothing for --flow gaussian, which is fitted without gradients; leave it out\./,
  ],
  [
    "fit absent.csv --out m.safetensors --flow kde --checkpoint c.bin",
    /^--checkpoint means nothing for --flow kde/,
  ],
  [
    "fit data.csv --out m.safetensors --flow mixture --given c",
    /^--given: mixture fits the joint density of all its columns and cannot condition on some; use --flow nsf-ar/,
  ],
  ["fit data.csv --out m.safetensors --engine gpu", /^--engine must be wasm or reference, got "gpu"\./],
  ["fit data.csv --out m.safetensors --precision half", /^--precision must be float32 or float64/],
  [
    "fit data.csv --out m.safetensors --missing ignore",
    /^--missing must be error, drop, marginal or outcome/,
  ],
  ["fit data.csv --out m.safetensors --columns x,x", /^--columns names "x" twice/],
  [
    "fit data.csv --out m.safetensors --columns x,y --given y",
    /^column "y" is in both --columns and --given/,
  ],
  [
    "fit data.csv --out m.safetensors --columns x,y --weights y",
    /^column "y" is in both --columns and --weights/,
  ],
  ["fit data.csv --out m.safetensors --resume", /^--resume needs --checkpoint FILE/],
  [
    "fit data.csv --out m.safetensors --columns x,z",
    /^--columns: data\.csv has no column "z"; the columns are: x, y, c\./,
  ],
  ["fit data.csv --out m.safetensors --given d", /^--given: data\.csv has no column "d"/],
  ["fit data.csv --out m.safetensors --weights w", /^--weights: data\.csv has no column "w"/],
  [
    "fit data.csv --out m.safetensors --dequantize w",
    /^--dequantize: there is no dequantize any more: .* --flow columns/,
  ],
  ["compare data.csv --dequantize all", /^--dequantize: there is no dequantize any more/],
  [
    "fit data.xlsx --out m.safetensors",
    /^"data\.xlsx" has the extension \.xlsx, which is not a table format/,
  ],
  ["compare", /^the argument "data" is missing; see pushforward compare --help/],
  [
    "compare data.csv --flows kde,gausian",
    /^--flows must be realnvp, .* got "gausian"; did you mean gaussian\?/,
  ],
  ["compare data.csv --flows kde,kde", /^--flows names "kde" twice/],
  ["compare data.csv --folds 1", /^--folds must be a whole number from 2, got "1"\./],
  ["compare data.csv --folds 31", /^--folds must be at most the number of rows, 30, got 31\./],
  ["compare data.csv --folds 5 --test 0.3", /^--test and --folds exclude each other/],
  ["compare data.csv --test 0", /^--test must be a share of the rows between 0 and 1, got "0"\./],
  ["compare data.csv --columns x,z", /^--columns: data\.csv has no column "z"/],
  ["compare data.csv --columns x --weights x", /^column "x" is in both --columns and --weights/],
  ["logprob m.safetensors", /^the argument "data" is missing/],
  ["logprob m.safetensors data.csv --out scores.xlsx", /^--out: "scores\.xlsx" has the extension \.xlsx/],
  ["logprob m.safetensors data.csv --out data.csv", /^--out "data\.csv" is an input, which would be lost/],
  ["logprob m.safetensors data.csv --out - --json", /^--out - and --json both want standard output/],
  ["information", /^the argument "data" is missing/],
  ["information x.csv --between a", /^--between must be groups of columns such as a,b:c, got "a"\./],
  ["sample m.safetensors", /^-n <rows> is required/],
  ["sample m.safetensors -n -5", /^-n must be a whole number from 1, got "-5"\./],
  ["sample m.safetensors -n 1e400", /^-n must be a whole number from 1/],
  ["sample m.safetensors -n 5 --given c", /^--given must be such as "c=1\.5,d=2", got "c"\./],
  ["sample m.safetensors -n 5 --given c=1,c=2", /^--given sets "c" twice/],
  ["sample m.safetensors -n 5 --out samples", /^--out: "samples" has no extension/],
  [
    "plot m.safetensors --out figure.pdf",
    /^--out must end in \.svg or \.png or \.html \(a figure\), got "figure\.pdf"\./,
  ],
];

describe("a wrong call", () => {
  it.each(wrongCalls)("ends with code 2 and one line: pushforward %s", async (args, message) => {
    const run = await runInProcess(args.split(" ").filter(Boolean), { cwd });
    expectFailure(run, 2, message);
  });

  it("is found before the data is read", async () => {
    const run = await runInProcess("fit absent.csv --out m.safetensors --lr -1".split(" "), { cwd });
    expectFailure(run, 2, /^--lr must be/);
  });
});

describe("help", () => {
  it.each(["", "describe", "fit", "logprob", "sample", "inspect", "information", "plot"])(
    "shows an example: pushforward %s --help",
    async (command) => {
      const run = await runInProcess([...command.split(" ").filter(Boolean), "--help"]);
      expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: "" });
      expect(run.stdout).toMatch(/^Usage: pushforward/);
      expect(run.stdout).toMatch(new RegExp(`Example:\n  pushforward ${command || "fit"} `));
    },
  );

  it("loads no heavy module: the library and the figures are loaded when they are needed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "pushforward-help-"));
    await runCli(["--help"], { env: { NODE_V8_COVERAGE: folder } });
    const loaded = readdirSync(folder).flatMap((file) =>
      (
        JSON.parse(readFileSync(join(folder, file), "utf8")) as { result: readonly { url: string }[] }
      ).result.map(({ url }) => url),
    );
    rmSync(folder, { recursive: true });
    expect(loaded.filter((url) => url.endsWith("/dist/cli.js"))).toHaveLength(1);
    expect(loaded.filter((url) => /\/dist\/(index|figure|src-)/.test(url))).toEqual([]);
  });

  it("comes with a version", async () => {
    expect((await runCli(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("PUSHFORWARD_DEBUG=1", () => {
  it("adds the stack to the line", async () => {
    const run = await runCli("fit data.csv --out m.safetensors --lr -1".split(" "), {
      cwd,
      env: { PUSHFORWARD_DEBUG: "1" },
    });
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/^--lr must be .*\n[\s\S]*\n {4}at /);
  });
});
