import { vi } from "vitest";
import { buildProgram, failureOf } from "../../src/cli/program.ts";
import type { Run } from "./runCli.ts";

const stops = ["SIGINT", "SIGTERM"] as const;

/** What may listen to signals: it has something to keep, and hears them while the event loop runs. */
const mayListen = ["fit"];

let isRunning = false;

/**
 * Runs the command line in this process, from its source: what a process would write and its exit code. It costs what the command
 * does, without the start of a process in which all code runs for the first time. Signals, standard input, closed pipes and how a
 * process ends need `runCli`. Calls must follow one another: they share the streams and the working directory.
 */
export async function runInProcess(
  args: readonly string[],
  { cwd = process.cwd() }: { readonly cwd?: string } = {},
): Promise<Run> {
  if (isRunning)
    throw new Error("another command runs in this process: await it first, without it.concurrent");
  isRunning = true;
  let stdout = "";
  let stderr = "";
  const written =
    (add: (text: string) => void) =>
    (text: unknown, ...rest: unknown[]) => {
      add(String(text));
      const done = rest.at(-1);
      if (typeof done === "function") done();
      return true;
    };
  const spies = [
    vi.spyOn(process.stdout, "write").mockImplementation(written((text) => (stdout += text))),
    vi.spyOn(process.stderr, "write").mockImplementation(written((text) => (stderr += text))),
  ];
  // Node writes these past the stream.
  const onWarning = ({ name, message }: Error): void => void (stderr += `${name}: ${message}\n`);
  process.on("warning", onWarning);
  let listened = false;
  const onListener = (name: string): void => {
    if (stops.includes(name as NodeJS.Signals & (typeof stops)[number])) listened = true;
  };
  process.on("newListener", onListener);
  const [folderBefore, codeBefore] = [process.cwd(), process.exitCode];
  const program = buildProgram("0.0.0");
  let code = 0;
  try {
    process.chdir(cwd);
    process.exitCode = undefined;
    await program.parseAsync(args, { from: "user" });
    code = Number(process.exitCode ?? 0);
  } catch (error) {
    const failure = failureOf(error, program, args);
    if (failure) stderr += `${failure.line}\n`;
    code = failure?.exitCode ?? 0;
  } finally {
    // Warnings come a turn later.
    await new Promise(setImmediate);
    for (const spy of spies) spy.mockRestore();
    process.off("warning", onWarning);
    process.off("newListener", onListener);
    process.chdir(folderBefore);
    process.exitCode = codeBefore;
    isRunning = false;
  }
  if (listened && !mayListen.includes(args[0]!))
    throw new Error(
      `${args[0]} listens to signals, which no long work hears: let the system end the process`,
    );
  return { stdout, stderr, code };
}
