/** Most tests of the command line run it in their own process. Here the built one, as a process, says and writes the same. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildProgram } from "../../src/cli/program.ts";
import { root } from "../docs/project.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { type Run, runCli, sampleCsv, writeFiles } from "./runCli.ts";
import { runInProcess } from "./runInProcess.ts";

const [built, here] = [temporaryFolder(), temporaryFolder()];
const constant = `x\n${"1\n".repeat(20)}`;
for (const folder of [built, here])
  writeFiles(folder, { "data.csv": sampleCsv(60), "constant.csv": constant });

/** A call of each command, its exit code, and the files that it writes. */
const calls: readonly (readonly [line: string, code: number, files: readonly string[]])[] = [
  ["describe data.csv", 0, []],
  ["fit data.csv --out m.safetensors --columns x,y --flow gaussian", 0, ["m.safetensors"]],
  ["logprob m.safetensors data.csv --out scores.csv", 0, ["scores.csv"]],
  ["sample m.safetensors -n 5 --seed 1", 0, []],
  ["evaluate m.safetensors data.csv --threads 1", 0, []],
  ["anomalies data.csv --columns x,y --no-logprob", 0, []],
  ["divergence m.safetensors m.safetensors --draws 100", 0, []],
  ["marginal m.safetensors data.csv --columns x", 2, []],
  ["quantile m.safetensors --column x", 2, []],
  ["cdf m.safetensors --column x --at 1", 2, []],
  ["impute m.safetensors data.csv", 2, []],
  [
    `import ${root}/demo/zuko-nsf.safetensors --from zuko --out imported.safetensors`,
    0,
    ["imported.safetensors"],
  ],
  ["export m.safetensors --to json --out m.json", 0, ["m.json"]],
  ["verify m.safetensors m.json data.csv", 0, []],
  ["serve m.safetensors --host 0.0.0.0", 2, []],
  ["inspect m.safetensors --json", 0, []],
  ["information data.csv --columns x --folds 2 --rows 30", 0, []],
  ["plot m.safetensors data.csv --out figure.svg", 0, ["figure.svg"]],
  ["compare data.csv --flows gaussian", 0, []],
  ["compare constant.csv --flows gaussian", 1, []],
  [
    "approximate --density -x^2 --parameters x=real --steps 20 --samples s.csv -n 5 --seed 1 --threads 1",
    0,
    ["s.csv"],
  ],
  ["fit data.csv --out m.safetensors --lr -1", 2, []],
];

/** Times differ from run to run, and with them the width of their column. */
const withoutTimes = ({ stdout, ...rest }: Run): Run => ({
  ...rest,
  stdout: stdout
    .replaceAll(/ +/g, " ")
    .replaceAll(/ [\d.]+ s\b/g, " TIME")
    .replace(/rows per second [\d,]+/, ""),
});

test("every command is called", () => {
  const names = buildProgram("0.0.0").commands.map((command) => command.name());
  expect([...new Set(calls.map(([line]) => line.split(" ")[0]))].toSorted()).toEqual(names.toSorted());
});

test.each(calls)("pushforward %s", async (line, code, files) => {
  const args = line.split(" ");
  const process = await runCli(args, { cwd: built });
  expect(process.code).toBe(code);
  expect(withoutTimes(await runInProcess(args, { cwd: here }))).toEqual(withoutTimes(process));
  for (const name of files)
    expect(readFileSync(join(here, name)).equals(readFileSync(join(built, name))), name).toBe(true);
});
