import { vi } from "vitest";
import { buildProgram, failureOf } from "../../src/cli/program.ts";

/** Runs the command line in this process: what it wrote, what it said of the failure, and its exit code. */
export async function runInProcess(
  args: readonly string[],
): Promise<{ stdout: string; stderr: string; code: number }> {
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
  const stops = ["SIGINT", "SIGTERM"] as const;
  const listening = stops.map((name) => process.listeners(name));
  const program = buildProgram("0.0.0");
  try {
    await program.parseAsync(args, { from: "user" });
    return { stdout, stderr, code: 0 };
  } catch (error) {
    const failure = failureOf(error, program, args);
    return { stdout, stderr: `${stderr}${failure?.line ?? ""}`, code: failure?.exitCode ?? 0 };
  } finally {
    for (const spy of spies) spy.mockRestore();
    stops.forEach((name, i) => {
      for (const listener of process.listeners(name))
        if (!listening[i]!.includes(listener)) process.off(name, listener);
    });
  }
}
