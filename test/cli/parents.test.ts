import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runInProcess } from "./runInProcess.ts";

const folder = mkdtempSync(join(tmpdir(), "pushforward-parents-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a graph between columns is typed, or read from a file; its circles are named", async () => {
  const rows = Array.from({ length: 60 }, (_, i) => {
    const [a, b] = [Math.sin(i * i), Math.cos(3 * i)];
    return [a, a * a + 0.1 * b, b + 0.3 * Math.sin(7 * i)].join();
  });
  writeFileSync(join(folder, "t.csv"), `a,b,c\n${rows.join("\n")}\n`);
  writeFileSync(join(folder, "graph.json"), JSON.stringify({ b: ["a"], c: [] }));
  writeFileSync(join(folder, "odd.json"), "b=a");
  const fitted = (parents: string) =>
    runInProcess(
      [
        "fit",
        "t.csv",
        "--epochs",
        "2",
        "--hidden",
        "4",
        "--out",
        "m.safetensors",
        "--json",
        "--parents",
        parents,
      ],
      {
        cwd: folder,
      },
    );
  const logProbs: number[] = [];
  for (const parents of ["b=a;c=", "b = a", "graph.json"]) {
    const { code, stdout, stderr } = await fitted(parents);
    expect(code, stderr).toBe(0);
    logProbs.push((JSON.parse(stdout) as { trainLogProb: number }).trainLogProb);
  }
  expect(new Set(logProbs).size).toBe(1);
  for (const [parents, message] of [
    ["a=b;b=a", '"a" depends on "b" depends on "a"'],
    [
      "a",
      "--parents must be columns with what they depend on, such as 'wage=age,education;hours=age', got \"a\"",
    ],
    ["a=b;a=c", '--parents names "a" twice'],
    ["a=d", '--parents names "d", which is not a fitted column'],
    ["odd.json", '"odd.json" is not JSON'],
    ["gone.json", '"gone.json" is not there'],
  ] as const) {
    const { code, stderr } = await fitted(parents);
    expect(code, parents).not.toBe(0);
    expect(stderr).toContain(message);
  }
});
