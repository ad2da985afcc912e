/**
 * The command line among processes: kills, interrupts, readers that go away, disks that are full, limits. Whatever comes, it ends,
 * says so in one line, and leaves files whole.
 */

import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { lstatSync, readdirSync, readFileSync, statSync, symlinkSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { cliPath, quickFlags, runCli, sampleCsv } from "../cli/runCli.ts";
import { runInProcess } from "../cli/runInProcess.ts";
import { nodeFlags } from "../nodeFlags.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { attackCases, attackStream } from "./attack.ts";

const cwd = temporaryFolder();
const at = (name: string): string => join(cwd, name);
const node = process.execPath;

/** Runs a line of the shell, in which `$P` is the command line. It is killed, and fails, after a minute. */
function shell(line: string): SpawnSyncReturns<string> {
  const env = { ...process.env, P: [node, ...nodeFlags, cliPath].join(" ") };
  return spawnSync("bash", ["-c", line], {
    cwd,
    env,
    encoding: "utf8",
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
}

/** One line that is no accident. */
const isOneLine = (text: string): boolean =>
  /^[^\n]+\n$/.test(text) && !/unexpected error|\n\s+at /.test(text);

const longTable = "--flow nsf --transforms 1 --hidden 8 --epochs 100000 --patience 100000 --threads 1";

beforeAll(async () => {
  writeFileSync(at("d.csv"), sampleCsv(200));
  const made = await runInProcess(["fit", "d.csv", "--out", "m.safetensors", ...quickFlags], { cwd });
  expect(made.code).toBe(0);
  // Columns whose cells are drawn one by one, some of them empty.
  const columns =
    "fit d.csv --flow columns --out c.safetensors --epochs 1 --hidden 8 --members 1 --threads 1";
  expect((await runInProcess(columns.split(" "), { cwd })).code).toBe(0);
  const lines = Array.from(
    { length: 15_000 },
    (_, i) => `${i % 100 === 0 ? "" : i / 15_000},0.5123456789012345,1.0123456789012345`,
  );
  writeFileSync(at("holes.csv"), `x,y,c\n${lines.join("\n")}\n`);
});

describe("a fit that is stopped", () => {
  it("writes its best model with --keep-on-abort, which is --keep without names, and says so", async () => {
    const args = `fit d.csv --out kept.safetensors --keep --json ${longTable}`.split(" ");
    const run = await runCli(args, { cwd, interruptAt: "epoch" });
    expect(run.code).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({ interrupted: true, out: "kept.safetensors" });
    expect((await runInProcess(["inspect", "kept.safetensors"], { cwd })).code).toBe(0);
  });

  it("says how to keep it without", async () => {
    const args = `fit d.csv --out none.safetensors ${longTable}`.split(" ");
    const run = await runCli(args, { cwd, interruptAt: "epoch" });
    expect(run.code).toBe(130);
    expect(run.stderr).toMatch(
      /--keep-on-abort writes the best model so far; --checkpoint and --resume go on/,
    );
    expect(readdirSync(cwd)).not.toContain("none.safetensors");
  });

  it.each(Array.from({ length: attackCases(1) }, (_, i) => i))(
    "goes on with --resume to the bytes of a whole one, through links, after kills at any time: %i",
    async (index) => {
      const stream = attackStream("kills", index);
      const fit =
        `fit d.csv --epochs 30 --patience 30 --seed ${index} ${longTable.replace(/--epochs.*\d+ /, "")}`.split(
          " ",
        );
      const started = performance.now();
      const whole = await runCli([...fit, "--out", "whole.safetensors"], { cwd });
      const whileIt = performance.now() - started;
      expect(whole.code).toBe(0);
      symlinkSync(`real-${index}.checkpoint`, at(`link-${index}.checkpoint`));
      const resumed = [
        ...fit,
        "--checkpoint",
        `link-${index}.checkpoint`,
        "--resume",
        "--out",
        "again.safetensors",
      ];
      for (let kill = 0; kill < 2; kill++) {
        const child = spawn(node, [...nodeFlags, cliPath, ...resumed], { cwd, stdio: "ignore" });
        setTimeout(() => child.kill("SIGKILL"), (0.1 + 0.7 * stream.uniform()) * whileIt);
        await once(child, "exit");
      }
      // What a process that has ended leaves of a file that is written again.
      writeFileSync(at(".again.safetensors.999999999-0.tmp"), "cut off");
      const last = await runCli(resumed, { cwd });
      expect(last.code).toBe(0);
      expect(readFileSync(at("again.safetensors")).equals(readFileSync(at("whole.safetensors")))).toBe(true);
      expect(lstatSync(at(`link-${index}.checkpoint`)).isSymbolicLink()).toBe(true);
      expect(readdirSync(cwd).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    },
  );
});

describe("output that is written while its process is killed", () => {
  it.each([
    ["sample m.safetensors -n 100000 --seed 1", "s.csv"],
    ["sample m.safetensors -n 100000 --seed 1", "s.parquet"],
    ["impute c.safetensors holes.csv --seed 1", "i.csv"],
  ])("%s --out %s is what was there or the whole", async (command, out) => {
    const args = [...command.split(" "), "--out", out];
    writeFileSync(at(out), "old");
    const child = spawn(node, [...nodeFlags, cliPath, ...args], { cwd, stdio: "ignore" });
    const exit = once(child, "exit");
    const temporaries = (): string[] => readdirSync(cwd).filter((name) => name.startsWith(`.${out}.`));
    const isWriting = (): boolean =>
      statSync(at(out)).size !== 3 ||
      temporaries().some((name) => (statSync(at(name), { throwIfNoEntry: false })?.size ?? 0) > 0);
    while (child.exitCode === null && !isWriting()) await new Promise((resolve) => setTimeout(resolve, 2));
    child.kill("SIGKILL");
    await exit;
    const left = readFileSync(at(out));
    const again = await runInProcess(args, { cwd });
    expect(again).toMatchObject({ code: 0 });
    const whole = readFileSync(at(out));
    expect(left.equals(Buffer.from("old")) || left.equals(whole)).toBe(true);
    expect(whole.length).toBeGreaterThan(5e5);
    expect(temporaries()).toEqual([]);
  });
});

describe("a command that is killed as its file changes", () => {
  it.each([
    ["fit d.csv --flow gaussian", "killed.safetensors"],
    ["export m.safetensors --to wasm", "killed.wasm"],
    ["sample m.safetensors -n 20000 --seed 1", "killed.csv"],
  ])("%s --out %s leaves what was there or the whole", async (command, out) => {
    const args = [...command.split(" "), "--out", out];
    const isTemporary = (name: string | null): boolean => name?.startsWith(`.${out}.`) === true;
    const sizeOf = (name: string): number => statSync(at(name), { throwIfNoEntry: false })?.size ?? 0;
    expect(await runInProcess(args, { cwd })).toMatchObject({ code: 0 });
    const whole = readFileSync(at(out));
    /** When it is killed, of a file that has just changed: as it writes, as all is written and goes to the disk, as the name changes. */
    const moments: readonly ((name: string | null) => boolean)[] = [
      // An empty one comes first, to see whether the folder can be written.
      (name) => isTemporary(name) && (seen.add(name!).size > 1 || sizeOf(name!) > 0),
      (name) => isTemporary(name) && sizeOf(name!) === whole.length,
      (name) => name === out,
    ];
    const seen = new Set<string>();
    // The first kills of the commands are at different moments, by the lengths of the names.
    for (let kill = 0; kill < attackCases(2); kill++) {
      writeFileSync(at(out), "old");
      seen.clear();
      const isDue = moments[(kill + out.length) % moments.length]!;
      const child = spawn(node, [...nodeFlags, cliPath, ...args], { cwd, stdio: "ignore" });
      const exit = once(child, "exit");
      let isMet = false;
      const watcher = watch(cwd, (_, name) => {
        if (isMet || child.pid === undefined || !isDue(name)) return;
        isMet = child.kill(kill % 2 === 0 ? "SIGKILL" : "SIGTERM");
      });
      await exit;
      watcher.close();
      const left = readFileSync(at(out));
      expect(left.equals(Buffer.from("old")) || left.equals(whole), `kill ${kill}`).toBe(true);
    }
    expect(await runInProcess(args, { cwd })).toMatchObject({ code: 0 });
    expect(readFileSync(at(out)).equals(whole)).toBe(true);
    expect(readdirSync(cwd).filter(isTemporary)).toEqual([]);
  });
});

describe("readers that go away", () => {
  it("of standard error are ignored, of standard output end it, without a loop", () => {
    // The fit writes many lines of progress to nobody; its model is the same.
    const fit = shell(`$P fit d.csv --out e.safetensors ${quickFlags.join(" ")} 2> >(head -c 1 > /dev/null)`);
    expect({ status: fit.status, stderr: fit.stderr }).toEqual({ status: 0, stderr: "" });
    expect(readFileSync(at("e.safetensors")).equals(readFileSync(at("m.safetensors")))).toBe(true);
    const sample = shell("$P sample m.safetensors -n 300000 | head -c 1; exit $PIPESTATUS");
    expect({ status: sample.status, stderr: sample.stderr }).toEqual({ status: 0, stderr: "" });
    const closed = shell("$P fit absent.csv --out e.safetensors 2>&-");
    expect(closed.status).toBe(1);
  });
});

describe("disks that are full", () => {
  it.each(["sample m.safetensors -n 5", "--help"])("%s says so", (command) => {
    const run = shell(`$P ${command} > /dev/full`);
    expect(run.status).toBe(1);
    expect(run.stderr).toMatch(/^cannot write to standard output: the disk is full/);
    expect(isOneLine(run.stderr)).toBe(true);
  });

  it("leave what a file held", async () => {
    symlinkSync("/dev/full", at("full.csv"));
    const run = await runInProcess(["sample", "m.safetensors", "-n", "5", "--out", "full.csv"], { cwd });
    expect(run).toMatchObject({ code: 1, stderr: expect.stringMatching(/"full\.csv": the disk is full/) });
    expect(isOneLine(run.stderr)).toBe(true);
    // A limit on the size of files stands for a disk that fills up half way.
    writeFileSync(at("old.csv"), "old");
    const limited = shell("ulimit -f 8; $P sample m.safetensors -n 5000 --out old.csv");
    expect(limited.status).toBe(1);
    expect(limited.stderr).toMatch(/"old\.csv": the file would be larger than is allowed/);
    expect(readFileSync(at("old.csv"), "utf8")).toBe("old");
    expect(readdirSync(cwd).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});

describe.skipIf(process.platform === "win32")("what is waited for in vain", () => {
  it.each([
    ["a pipe that nobody writes", "fit pipe.csv --out e.safetensors"],
    ["a pipe that nobody reads", "sample m.safetensors -n 3 --out pipe.csv"],
    ["standard input that nobody ends", "fit - --out e.safetensors"],
  ])("%s is left at the first Ctrl-C", async (_, args) => {
    spawnSync("mkfifo", [at("pipe.csv")]);
    const child = spawn(node, [...nodeFlags, cliPath, ...args.split(" ")], { cwd });
    let stderr = "";
    child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    child.kill("SIGINT");
    const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
    // On a machine that is so busy that it has not begun, the signal itself ends it.
    expect([code, signal]).toEqual(code === null ? [null, "SIGINT"] : [130, null]);
    if (code !== null) expect(stderr).toMatch(/no output file was changed\n$/);
  });
});

describe("paths and links", () => {
  it("that lead nowhere are one line that names them", async () => {
    symlinkSync("round", at("round"));
    for (const [args, message] of [
      ["logprob m.safetensors d.csv/x.csv", /"d\.csv\/x\.csv": a part of the path is a file/],
      ["logprob round d.csv", /"round": its symbolic links lead in a circle/],
      [`logprob ${"n".repeat(300)} d.csv`, /the name is too long/],
      [`fit d.csv --out ${"n".repeat(300)}.safetensors`, /^--out: .*the name is too long; choose a shorter/],
      ["fit d.csv --out d.csv/m.safetensors", /^--out: .*a part of the path is a file/],
      ["fit d.csv --out e.safetensors --checkpoint round", /^--checkpoint: .*lead in a circle/],
    ] as const) {
      const run = await runInProcess(args.split(" "), { cwd });
      expect(run.stderr).toMatch(message);
      expect(isOneLine(run.stderr)).toBe(true);
      expect(run.code).toBe(1);
    }
  });

  it("to an input are not overwritten, and checkpoint and model are two files", async () => {
    symlinkSync("d.csv", at("input.csv"));
    const input = await runInProcess("logprob m.safetensors d.csv --out input.csv".split(" "), { cwd });
    expect(input).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/is an input, which would be lost/),
    });
    const both = await runInProcess("fit d.csv --out e.safetensors --checkpoint ./e.safetensors".split(" "), {
      cwd,
    });
    expect(both).toMatchObject({ code: 2, stderr: expect.stringMatching(/give them two names/) });
  });
});
