/** `pushforward logprob` of mixed columns: by column, beside the input, given values, and rows that cannot be. */

import { readFileSync } from "node:fs";
import { beforeAll, expect, it } from "vitest";
import { temporaryFolder } from "../temporaryFolder.ts";
import { writeFiles } from "./runCli.ts";
import { runInProcess } from "./runInProcess.ts";

const cwd = temporaryFolder();
const run = async (line: string): Promise<{ readonly stdout: string; readonly stderr: string }> => {
  const { code, stdout, stderr } = await runInProcess(line.split(" "), { cwd });
  expect({ line, code, stderr }).toEqual({ line, code: 0, stderr });
  return { stdout, stderr };
};
const header = "name,color,size,price,active,cost";
const cells = (i: number): string[] => {
  const color = (i + (i >> 2)) % 3;
  return [
    `p${i}`,
    ["red", "green", "blue"][color]!,
    String(color * 4 + (i % 3)),
    i % 7 === 0 ? "0" : (((i * 7919) % 997) / 10).toFixed(3),
    i % 5 === 0 ? "" : i % 2 ? "True" : "False",
    `"$1,${String(100 + ((i * 31) % 899))}"`,
  ];
};
const lines = Array.from({ length: 150 }, (_, i) => cells(i).join(","));

beforeAll(async () => {
  writeFiles(cwd, {
    "t.csv": `${header}\n${lines.join("\n")}\n`,
    "new.csv": `${header}\n${lines.slice(0, 4).join("\n")}\nq,mauve,3,1,True,"$1,200"\nr,red,-2.5,1,True,"$1,200"\ns,red,,1,True,"$1,200"\n`,
    "clash.csv": `${header},logProb\n${lines[0]},1\n`,
    "few.csv": "size\n3\n4\n",
  });
  const fit = "--epochs 3 --hidden 8 --members 1 --seed 1 --threads 1";
  await run(`fit t.csv --flow columns --columns color,size,price,active --out m.safetensors ${fit}`);
  await run(`fit t.csv --flow columns --columns size --given color --out g.safetensors ${fit}`);
});

const rowsOf = (file: string): string[][] =>
  readFileSync(`${cwd}/${file}`, "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/));

it("a row beyond the table is told with its number, column and cell, and the mean of the rest", async () => {
  const { stdout, stderr } = await run("logprob m.safetensors new.csv");
  expect(stdout).toMatch(/rows +7\n/);
  expect(stdout).toMatch(/mean log-density +minus infinity: 2 rows are impossible\n +mean of the rest +-\d/);
  expect(stdout).toMatch(
    /outside support +2, the first is row 5: "color" is "mauve", which no row of the fit had\n/,
  );
  expect(stderr).toMatch(
    /^warning: column "color" \(row 5\): "mauve" is a level that no row of the fit had \(1 row has such a level\): their log-density is minus infinity; pass --unseen other/m,
  );
  const json = JSON.parse((await run("logprob m.safetensors new.csv --json --by-column")).stdout);
  expect(json).toMatchObject({
    rows: 7,
    missing: 0,
    meanLogProb: null,
    outsideSupport: 2,
    firstImpossible: { row: 5, column: "color", cell: "mauve" },
  });
  const sum = json.columns.reduce(
    (total: number, { meanOutcome = 0, meanValue }: { meanOutcome?: number; meanValue: number }) =>
      total + meanOutcome + meanValue,
    0,
  );
  expect(sum).toBeCloseTo(json.meanLogDensity, 9);
  expect(
    json.columns.map(({ column, measure }: { column: string; measure: string }) => [column, measure]),
  ).toEqual([
    ["color", "counting"],
    ["size", "counting"],
    ["price", "Lebesgue and atoms"],
    ["active", "counting"],
  ]);
});

it("--by-column and --append write what each column adds behind the input as it was", async () => {
  await run("logprob m.safetensors new.csv --by-column --append --unseen other --out scores.csv");
  const [names, ...rows] = rowsOf("scores.csv");
  expect(names).toEqual([
    ...header.split(","),
    "logProb",
    "logProb.color",
    "logProb.size",
    "logProb.price.outcome",
    "logProb.price.value",
    "logProb.active.outcome",
    "logProb.active.value",
  ]);
  const input = rowsOf("new.csv").slice(1);
  expect(rows).toHaveLength(7);
  rows.forEach((row, i) => {
    const own = input[i]!.map((cell) => (/^\d+\.\d*0$/.test(cell) ? String(Number(cell)) : cell));
    expect(row.slice(0, 6)).toEqual(own);
  });
  const [total, ...parts] = rows[4]!.slice(6).map(Number);
  expect(parts.reduce((sum, part) => sum + part)).toBeCloseTo(total!, 9);
  expect(rows[5]![6]).toBe("-Infinity");
  // What misses a cell is scored by the others, and no column adds a part that is its own.
  expect(Number(rows[6]![6])).toBeLessThan(0);
  expect(rows[6]!.slice(7)).toEqual(new Array(6).fill(""));
  await run("logprob m.safetensors new.csv --append --missing drop --out dropped.csv");
  expect(rowsOf("dropped.csv").map(([name]) => name)).toEqual(["name", "p0", "p1", "p2", "p3", "q", "r"]);
});

it("--given says what rows are given, and unknown levels say so", async () => {
  const { stdout } = await run("logprob g.safetensors few.csv --given color=red --out -");
  expect(stdout).toMatch(/^logProb\n-\d+\.\d+\n-\d+\.\d+\n$/);
  const wrong = await runInProcess("logprob g.safetensors few.csv --given color=pink".split(" "), { cwd });
  expect(wrong).toMatchObject({ code: 2, stdout: "" });
  expect(wrong.stderr).toMatch(/given\["color"\] must be one of its levels: blue, green, red, got "pink"/);
  const { stdout: empty } = await run("logprob g.safetensors new.csv --json");
  expect(JSON.parse(empty)).toMatchObject({ rows: 7, missing: 1, outsideSupport: 1 });
});

it.each([
  [
    "logprob m.safetensors clash.csv --append --out x.csv",
    2,
    /^--append: the table has a column "logProb" already; rename it/,
  ],
])("%s", async (line, code, message) => {
  const result = await runInProcess(line.split(" "), { cwd });
  expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: "" });
  expect(result.stderr).toMatch(message);
});
