import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runInProcess } from "./runInProcess.ts";

const folder = mkdtempSync(join(tmpdir(), "pushforward-simplex-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("shares are fitted, sampled and scored on the command line", async () => {
  const run = (...args: string[]) => runInProcess(args, { cwd: folder });
  const rows = Array.from({ length: 40 }, (_, i) => {
    const [sand, silt] = [10 + ((7 * i) % 31), 20 + ((11 * i) % 37)];
    return `${sand},${silt},${100 - sand - silt}`;
  });
  writeFileSync(join(folder, "soil.csv"), `sand,silt,clay\n${rows.join("\n")}\n`);
  const how = ["fit", "soil.csv", "--flow", "gaussian", "--out", "m.safetensors"];
  const plain = await run(...how);
  expect(plain.stderr).toContain(
    'leave "clay" out with --columns, or fit the density of all shares on their simplex with --simplex sand,silt,clay of fit',
  );
  const unknown = await run(...how, "--simplex", "sand,silt,mud");
  expect(unknown.code).not.toBe(0);
  expect(unknown.stderr).toContain("mud");
  expect((await run(...how, "--simplex", "sand,silt,clay")).code).toBe(0);
  expect((await run("inspect", "m.safetensors")).stdout.replaceAll(/[\s│]+/g, " ")).toContain(
    "sand + silt + clay = 100, density with respect to all columns but clay",
  );
  const compared = await run("compare", "soil.csv", "--flows", "gaussian,kde", "--simplex", "sand,silt,clay");
  expect(compared.stdout).toMatch(/gaussian +-\d/);
  const read = await run("information", "soil.csv", "--simplex", "sand,silt,clay", "--json", "--folds", "2");
  expect(JSON.parse(read.stdout)).toMatchObject({
    totalCorrelation: { value: 0 },
    columns: ["sand", "silt", "clay"],
  });
  const { stdout } = await run("sample", "m.safetensors", "-n", "50");
  const [head, ...drawn] = stdout.trim().split("\n");
  expect(head).toBe("sand,silt,clay");
  expect(drawn.length).toBe(50);
  for (const line of drawn) {
    const shares = line.split(",").map(Number);
    expect(shares.every((share) => Number.isInteger(share) && share > 0)).toBe(true);
    expect(shares.reduce((a, b) => a + b)).toBe(100);
  }
});
