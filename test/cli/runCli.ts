import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { nodeFlags } from "../nodeFlags.ts";

/** The built command line: `npm test` builds before it runs the tests. */
export const cliPath: string = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

/** What a run gave back. */
export interface Run {
  /** As a shell gives it: of a process that a signal ended, 128 and the signal's number. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run it. */
export interface RunOptions {
  /** Text for standard input; without it, standard input is empty. */
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Sends SIGINT as soon as this appears on standard error. */
  readonly interruptAt?: string;
}

/** Runs the built command line with arguments. */
export async function runCli(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const child = spawn(process.execPath, [...nodeFlags, cliPath, ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
  });
  let stdout = "";
  let stderr = "";
  let interrupted = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    if (options.interruptAt !== undefined && !interrupted && stderr.includes(options.interruptAt)) {
      interrupted = true;
      child.kill("SIGINT");
    }
  });
  child.stdin.on("error", () => undefined).end(options.input ?? "");
  const code = await new Promise<number | null>((done) =>
    child.on("close", (exitCode, signal) => done(signal ? 128 + constants.signals[signal] : exitCode)),
  );
  return { code, stdout, stderr };
}

/** Expects a failure: this exit code, nothing on standard output, one line without a stack that matches. */
export function expectFailure(run: Run, code: number, message: RegExp): void {
  expect(run.stderr).toMatch(message);
  expect(run.stderr).toMatch(/^[^\n]+\n$/);
  expect(run.stderr).not.toMatch(/\n\s+at |unexpected error/);
  expect({ code: run.code, stdout: run.stdout }).toEqual({ code, stdout: "" });
}

/** Options that make a fit small and quick. */
export const quickFlags: readonly string[] = [
  ..."--flow nsf --transforms 1 --hidden 8 --epochs 3 --seed 1 --threads 1".split(" "),
];

/** CSV of two correlated columns `x` and `y`, and `c` that shifts both. */
export function sampleCsv(rows: number, seed: number = 1): string {
  const stream = new RandomStream(randomKey(seed));
  let text = "x,y,c\n";
  for (let row = 0; row < rows; row++) {
    const c = stream.normal();
    const x = c + stream.normal();
    text += `${x},${0.5 * x * x + stream.normal()},${c}\n`;
  }
  return text;
}

/** Writes files into a folder. */
export function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
}
