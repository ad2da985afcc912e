/** Plots that compare like with like. */

import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../temporaryFolder.ts";
import { writeFiles } from "./runCli.ts";
import { runInProcess } from "./runInProcess.ts";

const earlier = fileURLToPath(new URL("../files/models/gaussian-spread.safetensors", import.meta.url));
const people = fileURLToPath(new URL("../files/reports/counts-people.csv", import.meta.url));

describe("pushforward plot", () => {
  it("spreads the data as the fit did, and compares rows near a condition with samples there", async () => {
    const cwd = temporaryFolder();
    copyFileSync(people, join(cwd, "people.csv"));
    const run = async (line: string): Promise<{ stdout: string; stderr: string }> => {
      const done = await runInProcess(line.split(" "), { cwd });
      expect(done.code, done.stderr).toBe(0);
      return done;
    };
    const size = "--flow maf --transforms 1 --hidden 4 --epochs 1 --threads 1";
    await run(`fit people.csv --columns age,income --given kids ${size} --out model.safetensors`);
    copyFileSync(earlier, join(cwd, "earlier.safetensors"));
    writeFiles(cwd, { "steps.csv": "x,y\n0,0.25\n0.1,0.5\n-1,-0.25\n" });
    const all = await run("plot earlier.safetensors steps.csv --out all.svg");
    expect(all.stdout).toContain("samples of 2 columns; y: data spread over recorded steps");
    const some = await run("plot model.safetensors people.csv --given kids=2 --out some.svg");
    const rows = readFileSync(people, "utf8")
      .split("\n")
      .filter((line) => line.split(",")[1] === "2").length;
    const figure = readFileSync(join(cwd, "some.svg"), "utf8");
    // Those with two kids, and as many samples of each as make 2,000.
    expect(figure).toContain(`data (${rows} rows)`);
    expect(figure).toContain("given kids = 2");
    expect(some.stdout).toContain(
      `${(rows * Math.ceil(2000 / rows)).toLocaleString("en-US")} samples of 2 columns`,
    );
    // Few rows, or none, agree with it: the nearest.
    await run("plot model.safetensors people.csv --given kids=1.6 --out near.svg");
    expect(readFileSync(join(cwd, "near.svg"), "utf8")).toMatch(/given kids (= 2|from 1 to 2)/);
  });
});
