import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../temporaryFolder.ts";
import { cliPath, quickFlags, sampleCsv } from "./runCli.ts";

const cwd = temporaryFolder();

/** No file of the command line comes to its name: it says so, and waits. */
const neverRenamed = `import fs from "node:fs";
fs.promises.rename = () => {
  process.stderr.write("renaming\\n");
  return new Promise((done) => setTimeout(done, 60_000));
};`;

/** How a command ends that gets a signal each time that a text appears on standard error, and after how many milliseconds. */
async function interrupted(
  args: readonly string[],
  signals: readonly (readonly [text: string, signal: NodeJS.Signals])[],
): Promise<{ readonly ending: number | string; readonly stderr: string; readonly wait: number }> {
  const child = spawn(process.execPath, [cliPath, ...args], {
    cwd,
    env: {
      ...process.env,
      NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(neverRenamed)}"`,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  let sent = 0;
  let at = 0;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    const next = signals[at];
    if (!next || !stderr.includes(next[0])) return;
    at++;
    sent = performance.now();
    child.kill(next[1]);
  });
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  return { ending: signal ?? code!, stderr, wait: performance.now() - sent };
}

const temporaries = (): string[] => readdirSync(cwd).filter((name) => name.endsWith(".tmp"));

describe.skipIf(process.platform === "win32")("a signal", () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "ends a command that computes without a pause: %s",
    async (name) => {
      writeFileSync(
        join(cwd, "endless.mjs"),
        `export const parameters = { x: "real" };
       export const logDensity = () => { process.stderr.write("computing\\n"); for (;;); };`,
      );
      const run = await interrupted(["approximate", "endless.mjs"], [["computing", name]]);
      expect(run).toMatchObject({ ending: name, stderr: "computing\n" });
      expect(run.wait).toBeLessThan(2000);
    },
  );

  it("that comes while a query is answered leaves no answer behind", async () => {
    const folder = join(cwd, "temporary");
    mkdirSync(folder);
    const query = "select a.range * b.range as x from range(100000) a, range(1000) b";
    const child = spawn(process.execPath, [cliPath, "describe", "--query", query], {
      env: { ...process.env, TMPDIR: folder },
      stdio: "ignore",
    });
    await expect.poll(() => readdirSync(folder), { timeout: 30_000 }).not.toEqual([]);
    child.kill("SIGINT");
    expect(await once(child, "exit")).toEqual([null, "SIGINT"]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("that comes while a file is written leaves nothing beside it, and a second one ends a fit that keeps its model", async () => {
    writeFileSync(join(cwd, "d.csv"), sampleCsv(200));
    const describing = ["describe", "d.csv", "--out", "schema.json"];
    expect(await interrupted(describing, [["renaming", "SIGTERM"]])).toMatchObject({ ending: "SIGTERM" });
    expect(temporaries()).toEqual([]);
    const fit = ["fit", "d.csv", "--out", "m.safetensors", ...quickFlags];
    const long = [...fit, "--keep", "--epochs", "100000", "--patience", "100000"];
    const kept = await interrupted(long, [
      ["epoch", "SIGINT"],
      ["renaming", "SIGINT"],
    ]);
    expect(kept).toMatchObject({ ending: "SIGINT" });
    expect(temporaries()).toEqual([]);
  });

  it("is heard by a fit that trains, whose exit code tells which one it was", async () => {
    const fit = [
      "fit",
      "d.csv",
      "--out",
      "m.safetensors",
      ...quickFlags,
      "--epochs",
      "100000",
      "--patience",
      "100000",
    ];
    const run = await interrupted(fit, [["epoch", "SIGTERM"]]);
    expect(run.ending).toBe(143);
    expect(run.stderr).toMatch(/--keep-on-abort writes the best model so far.*no output file was changed\n$/);
    expect(run.wait).toBeLessThan(2000);
  });
});
