/**
 * Wide SIMD by default: a flag of V8 under which all WebAssembly of the process is compiled. So it is tried in a process of its own,
 * which may end as it likes, and turned on here once it has passed. What a trial has found is kept in the user's folder of caches, for
 * this version, Node and processor.
 *
 * @module
 */

import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { cpus, homedir } from "node:os";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { warn } from "../output.ts";

/** What trials have found: why wide SIMD is not to be used, null where it may, and how many trials there were. */
interface Verdict {
  readonly obstacle: string | null;
  readonly trials: number;
}

/** A trial that fails may have had a busy machine: it is repeated, this many times in all. */
const mostTrials = 3;
/** Machines whose verdicts are kept. */
const mostVerdicts = 20;
/** Commands that train. */
const trainingCommands = ["fit", "compare", "information", "anomalies", "approximate"];
/** Rows that are drawn, and bytes of a table that is read, from which on wide SIMD gains more than its start costs. */
const manyRows = 100_000;
const largeFile = 8e6;
/** Milliseconds after which a trial has failed; it takes a fifth of a second. */
const patience = 10_000;
/** Bytes that a file of verdicts has at most. */
const mostBytes = 100_000;

/** Where the library is, for the trial, and its version. */
export interface WideSimdOptions {
  readonly version: string;
  /** The module of `pushforward/engines`. */
  readonly library: URL;
  /** The file of verdicts. */
  readonly cache?: string | undefined;
}

/** Decides on wide SIMD before a command runs that can have it and does not refuse it. */
export async function chooseWideSimd(command: Command, options: WideSimdOptions): Promise<void> {
  if (!command.options.some((option) => option.attributeName() === "wide")) return;
  const asked: unknown = command.getOptionValue("wide");
  if (asked === false || command.getOptionValue("engine") === "reference") return;
  // Without it the library says what is missing, if it is asked for.
  if (Number(process.versions.node.split(".")[0]) < 22 || typeof WebAssembly === "undefined") return;
  if (!asked && !isLong(command)) return;
  const obstacle = await obstacleOf(options);
  if (obstacle === null) (await import("../../entries/engines.ts")).trustWideSimd();
  else if (asked) warn(`Wide SIMD was asked for, and is not used: ${obstacle}.`);
  command.setOptionValue("wide", obstacle === null);
}

/** Whether a command computes long enough: starting threads and compiling take a tenth of a second more with the flag. */
function isLong(command: Command): boolean {
  if (trainingCommands.includes(command.name())) return true;
  if (Number(command.getOptionValue("n")) >= manyRows) return true;
  return command.args.some((path) => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) >= largeFile);
}

/** Why wide SIMD is not to be used here; null where it may. By a trial, unless its outcome is known. */
export async function obstacleOf({
  version,
  library,
  cache = cacheFile(),
}: WideSimdOptions): Promise<string | null> {
  const machine = [version, process.version, process.versions.v8, process.arch, cpus()[0]?.model ?? ""].join(
    " ",
  );
  const verdicts = readVerdicts(cache);
  const known = verdicts[machine];
  if (known && (known.obstacle === null || known.trials >= mostTrials)) return known.obstacle;
  const obstacle = await tryElsewhere(library);
  const { [machine]: _, ...others } = verdicts;
  const kept = Object.entries(others).slice(1 - mostVerdicts);
  writeVerdicts(cache, {
    ...Object.fromEntries(kept),
    [machine]: { obstacle, trials: (known?.trials ?? 0) + 1 },
  });
  return obstacle;
}

function cacheFile(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  const usual =
    process.platform === "win32"
      ? LOCALAPPDATA
      : process.platform === "darwin"
        ? join(homedir(), "Library", "Caches")
        : undefined;
  return join(XDG_CACHE_HOME || usual || join(homedir(), ".cache"), "pushforward", "wideSimd.json");
}

/** What is in the file; nothing where it is absent, damaged or another's. */
function readVerdicts(file: string): Readonly<Record<string, Verdict>> {
  try {
    const read: unknown = JSON.parse(readFileSync(file, "utf8"));
    const entries = Object.entries(read as Record<string, Partial<Verdict> | null>).filter(
      ([, verdict]) =>
        Number.isInteger(verdict?.trials) &&
        (verdict!.obstacle === null || typeof verdict!.obstacle === "string"),
    );
    return Object.fromEntries(entries) as Record<string, Verdict>;
  } catch {
    return {};
  }
}

function writeVerdicts(file: string, verdicts: Readonly<Record<string, Verdict>>): void {
  const text = JSON.stringify(verdicts, null, 2);
  if (text.length > mostBytes) return;
  try {
    mkdirSync(dirname(file), { recursive: true });
    const temporary = `${file}.${process.pid}.tmp`;
    writeFileSync(temporary, `${text}\n`);
    renameSync(temporary, file);
  } catch {
    // Without it, the next command makes the trial again.
  }
}

/** The trial in a process of its own: what the library finds, or how the process ended. */
async function tryElsewhere(library: URL): Promise<string | null> {
  const program = `const { enableWideSimd } = await import(${JSON.stringify(library.href)});
process.stdout.write(JSON.stringify((await enableWideSimd()) ?? null));`;
  const { execFile } = await import("node:child_process");
  return await new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--input-type=module", "--eval", program],
      { timeout: patience, killSignal: "SIGKILL" },
      (error, stdout) => {
        if (error) return resolve(`its trial failed (${error.signal ?? `exit code ${error.code}`})`);
        try {
          const obstacle: unknown = JSON.parse(stdout);
          resolve(obstacle === null ? null : String(obstacle));
        } catch {
          resolve("its trial said nothing");
        }
      },
    );
  });
}
