import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../temporaryFolder.ts";
import { runInProcess } from "./runInProcess.ts";

const cwd = temporaryFolder();
const fixtures = join(import.meta.dirname, "../files/parity");

it("imports a model of Python, which is then scored as any other", async () => {
  const { config, rows, given, logProb } = JSON.parse(
    readFileSync(join(fixtures, "zuko-NSF-1.json"), "utf8"),
  ) as {
    readonly config: object;
    readonly rows: number[][];
    readonly given: number[][];
    readonly logProb: number[];
  };
  copyFileSync(join(fixtures, "zuko-NSF-1.safetensors"), join(cwd, "nsf.safetensors"));
  writeFileSync(join(cwd, "nsf.json"), JSON.stringify(config));
  const names = ["--columns", "a,b,c", "--given", "dose"];
  // The config is the file of the same name, if no other is named.
  const args = ["import", "nsf.safetensors", "--from", "zuko", "--out", "model.safetensors", ...names];
  const { code, stdout, stderr } = await runInProcess(args, { cwd });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/from +zuko 1\.6, NSF\n +columns +a, b, c\n +given +dose\n/);
  const lines = rows.map((row, i) => [...row, ...given[i]!].join(","));
  writeFileSync(join(cwd, "rows.csv"), `a,b,c,dose\n${lines.join("\n")}\n`);
  const scored = await runInProcess(["logprob", "model.safetensors", "rows.csv", "--out", "-"], { cwd });
  expect(scored).toMatchObject({ code: 0 });
  const scores = scored.stdout.trim().split("\n").slice(1).map(Number);
  expect(scores.length).toBe(logProb.length);
  logProb.forEach((value, i) => expect(scores[i]).toBeCloseTo(value, 8));

  writeFileSync(join(cwd, "wrong.json"), JSON.stringify({ ...config, class: "zuko.flows.NFS" }));
  const wrong = await runInProcess([...args, "--config", "wrong.json"], { cwd });
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toMatch(
    /^importModel: config is zuko\.flows\.NFS, which is not imported, did you mean NSF\?\.?\n$/,
  );
});

it("trains an imported model further", async () => {
  const lines = Array.from({ length: 60 }, (_, i) =>
    [1 + Math.sin(5 * i), Math.cos(3 * i), Math.sin(7 * i) - 1, Math.cos(11 * i)].join(","),
  );
  writeFileSync(join(cwd, "further.csv"), `a,b,c,dose\n${lines.join("\n")}\n`);
  const train = async (...flags: string[]) =>
    await runInProcess(["fit", "further.csv", "--from", "model.safetensors", "--epochs", "5", ...flags], {
      cwd,
    });
  const first = await train("--out", "further.safetensors", "--lr", "0.01", "--threads", "1");
  expect({ code: first.code, stderr: first.stderr }).toMatchObject({ code: 0 });
  expect(first.stdout).toMatch(/\n +columns +a, b, c\n +given +dose\n/);
  expect(first.stdout).toMatch(/\n +started from +model\.safetensors, validation -\d\S+ nats per row\n/);
  const { stdout } = await train("--out", "further.safetensors", "--lr", "0.01", "--threads", "1", "--json");
  const { startLogProb, validationLogProb } = JSON.parse(stdout) as Record<string, number>;
  expect(validationLogProb).toBeGreaterThan(startLogProb!);
  const refused = await train("--out", "other.safetensors", "--transforms", "2");
  expect(refused).toMatchObject({ code: 2, stdout: "" });
  expect(refused.stderr).toMatch(
    /^--transforms is the model's own: training that starts at a model keeps its structure and its columns; leave out --transforms, or leave out --from and fit anew\.?\n$/,
  );
  const lost = await train("--out", "model.safetensors");
  expect(lost).toMatchObject({ code: 2, stdout: "" });
  expect(lost.stderr).toMatch(/^--from and --out both name "model\.safetensors"/);
});
