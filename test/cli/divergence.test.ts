import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../temporaryFolder.ts";
import { writeFiles } from "./runCli.ts";
import { runInProcess } from "./runInProcess.ts";

const cwd = temporaryFolder();
const run = (line: string) => runInProcess(line.split(" "), { cwd });
/** Numbers without a pattern that have the mean 0 and the variance 1, nearly. */
const noise = (i: number): number => Math.sqrt(12) * (((i * 0.618033988749895) % 1) - 0.5);

beforeAll(async () => {
  const table = (shift: number, color: (i: number) => string): string =>
    `x,color\n${Array.from({ length: 400 }, (_, i) => `${noise(i) + shift},${color(i)}`).join("\n")}\n`;
  writeFiles(cwd, {
    "p.csv": table(0, (i) => ["red", "blue", "green"][i % 3]!),
    "q.csv": table(1, (i) => ["red", "blue"][i % 2]!),
  });
  for (const name of ["p", "q"]) {
    const fit = `fit ${name}.csv --seed 1 --threads 1 --out`;
    expect(await run(`${fit} ${name}.safetensors --flow gaussian --columns x`)).toMatchObject({ code: 0 });
    expect(
      await run(`${fit} ${name}-mixed.safetensors --flow columns --members 1 --epochs 2 --hidden 8`),
    ).toMatchObject({
      code: 0,
    });
  }
});

describe("pushforward divergence", () => {
  it("gives the divergence in nats, with its standard error", async () => {
    const { code, stdout, stderr } = await run("divergence p.safetensors q.safetensors --json --seed 3");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { mean, standardError, draws, impossible } = JSON.parse(stdout);
    // Two normals whose means are one deviation apart.
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * standardError + 0.02);
    expect({ draws, impossible }).toEqual({ draws: 10_000, impossible: 0 });
    const words = await run("divergence p.safetensors q.safetensors --draws 400");
    expect(words.stdout).toMatch(
      /^ {2}divergence +KL\(p\.safetensors \|\| q\.safetensors\)\n {2}mean +0\.\d+ nats per row\n {2}standard error +0\.0\d+\n {2}samples +400 of p\.safetensors\n$/,
    );
  });

  it("says where rows of the one cannot be under the other", async () => {
    const { stdout, stderr } = await run("divergence p-mixed.safetensors q-mixed.safetensors --draws 300");
    expect(stderr).toMatch(/samples of p are impossible under q, such as row \d+: .*green/);
    expect(stdout).toMatch(/mean +infinite: \d+ samples of 300 cannot be under q-mixed\.safetensors\n/);
    expect(stdout).toMatch(/mean of the others +-?\d\.\d+ nats per row\n/);
  });

  it("gives the ratio at each row of a table", async () => {
    const { code, stdout } = await run("divergence p.safetensors q.safetensors p.csv --out ratio.csv");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /rows +400\n {2}with a finite ratio +400\n {2}their mean +0\.\d+ nats per row\n {2}above 0 +\d+\n/,
    );
    const ratios = readFileSync(join(cwd, "ratio.csv"), "utf8").trim().split("\n");
    expect(ratios[0]).toBe("logRatio");
    // log p - log q falls with x: 1/2 - x for unit variances.
    const [low, high] = [noise(13), noise(5)];
    expect(Number(ratios[14]) - Number(ratios[6])).toBeCloseTo(high - low, 1);
  });

  it.each([
    ["divergence p.safetensors q-mixed.safetensors", 2, /columns/],
    [
      "divergence p.safetensors q.safetensors --out ratio.csv",
      2,
      /--out is for the ratio at each row of a table/,
    ],
    ["divergence p.safetensors q.safetensors p.csv --draws 100", 2, /--draws is for the divergence/],
    ["divergence p.safetensors q.safetensors --draws 1", 2, /--draws must be a whole number from 2/],
    ["divergence p.safetensors", 2, /the argument "q" is missing/],
  ])("%s", async (line, code, message) => {
    const result = await run(line);
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: "" });
    expect(result.stderr).toMatch(message);
  });
});
