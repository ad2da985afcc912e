import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../temporaryFolder.ts";
import { writeFiles } from "./runCli.ts";
import { runInProcess } from "./runInProcess.ts";

const cwd = temporaryFolder();
const colors = ["red", "green", "blue"];
const lines = Array.from(
  { length: 60 },
  (_, i) => `${i + 1},${colors[(i * i) % 3]},${(i * 7919) % 61},${i % 5 ? (i * 31) % 17 : ""}`,
);

it("says kinds, missing cells and values of a table", async () => {
  writeFiles(cwd, { "t.csv": `id,color,size,score\n${lines.join("\n")}\n${lines[3]}\n` });
  const { code, stdout, stderr } = await runInProcess(["describe", "t.csv"], { cwd });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(
    /^t\.csv: 61 rows, 4 columns\n\n {2}column +kind +missing +values\n {2}id +integer +1 to 60, median 30\n/,
  );
  expect(stdout).toMatch(/\n {2}color +categorical +green \d+, red \d+\n/);
  expect(stdout).toMatch(/\n {2}score +integer +12 +0 to 16, median \d+\n/);
  expect(stdout).toMatch(/\n {2}1 row equals an earlier one: row 61 equals row 4\n/);
  expect((await runInProcess(["describe", "t.csv", "--figure", "t.html"], { cwd })).code).toBe(0);
  const page = readFileSync(join(cwd, "t.html"), "utf8");
  expect(page).toMatch(/^<!doctype html>\n.*<title>t\.csv<\/title>/);
  for (const word of ["categorical", "missing 20 %", "61 rows, 4 columns"]) expect(page).toContain(word);
  const wrong = await runInProcess(["describe", "t.csv", "--figure", "t.gif"], { cwd });
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringMatching(/^--figure must end in \.svg/) });
  const json = JSON.parse((await runInProcess(["describe", "t.csv", "--json"], { cwd })).stdout);
  expect(json.schema.columns[1]).toEqual({
    name: "color",
    kind: "categorical",
    use: "fit",
    levels: ["green", "red"],
  });
});
