import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { modelKinds } from "../../src/architectures/kinds.ts";
import { runInProcess } from "../cli/runInProcess.ts";
import {
  blocks,
  markdownFiles,
  readText,
  root,
  run,
  runNode,
  userFolder,
  userFolderWithRows,
} from "./project.ts";

/** What a block says that it prints, in order. */
function promised(code: string): string[] {
  return Array.from(code.matchAll(/\/\/ prints ([^:\n]*)/g), ([, value]) => value!.trim());
}

/** What a module has printed, line by line, or why it ended. */
interface Result {
  readonly printed?: readonly string[];
  readonly error?: string;
}

/** Modules that are still to be run, and results of those that were, by path. */
const modules: string[] = [];
const results = new Map<string, Result>();

/** Runs all modules one after another in one process, where code that several need is warm, and waits until it ends by itself. */
beforeAll(async () => {
  const runner = join(root, "test/docs/runBlocks.mjs");
  const found = JSON.parse(await runNode([runner, ...modules], root)) as Result[];
  expect(found.length).toBe(modules.length);
  for (const [i, path] of modules.entries()) results.set(path, found[i]!);
}, 600_000);

/** Declares that each block runs and prints what it says: `[name, code]`. */
function blocksRun(named: readonly (readonly [string, string])[]): void {
  const written = named.map(([name, code]) => {
    // The blocks use no syntax of TypeScript alone, so that they run on Node 20.
    const path = join(userFolder(), "block.mjs");
    writeFileSync(path, code);
    modules.push(path);
    return [name, code, path] as const;
  });
  test.each(written)("%s", (_, code, path) => {
    expect(results.get(path)).toEqual({ printed: promised(code) });
  });
}

/** What makes examples short: how well they fit is no matter here, as long as all of them is gone through. */
const shorter = [
  [/\bepochs: \d+/g, "epochs: 2"],
  [/\b20_000\b/g, "6_000"],
  [/\blength: 2000\b/g, "length: 600"],
  [/\b3000 \* pixels\b/g, "600 * pixels"],
  [/\b500 \* pixels\b/g, "100 * pixels"],
] as const;

describe("every example runs, and the process of all that runs ends by itself", () => {
  const examples = readdirSync(join(root, "examples")).filter((name) => name.endsWith(".js"));
  const folder = join(userFolderWithRows(800), "examples");
  mkdirSync(folder);
  for (const entry of readdirSync(join(root, "examples"), { withFileTypes: true }))
    if (entry.isDirectory())
      symlinkSync(join(root, "examples", entry.name), join(folder, entry.name), "junction");
  for (const name of examples) {
    const code = shorter.reduce(
      (text, [long, short]) => text.replaceAll(long, short),
      readText(`examples/${name}`),
    );
    writeFileSync(join(folder, name), code);
    modules.push(join(folder, name));
  }
  test("there are examples", () => expect(examples.length).toBeGreaterThanOrEqual(3));
  test.each(examples)("%s", (name) => {
    const { error, printed } = results.get(join(folder, name))!;
    expect(error).toBeUndefined();
    expect(printed!.length).toBeGreaterThan(0);
    expect(printed!.join("\n")).not.toMatch(/NaN|undefined/);
  });
});

describe("every runnable block of Markdown runs, and prints what it says", () => {
  const all = markdownFiles().flatMap((file) =>
    blocks(readText(file), "ts runnable").map((code, i) => [`${file}, block ${i + 1}`, code] as const),
  );
  test("the README has one", () => expect(all.some(([name]) => name.startsWith("README.md"))).toBe(true));
  blocksRun(all);
});

test("the README's commands are among those of the page that is run", () => {
  const commands = (path: string, info: string): string[] =>
    blocks(readText(path), info)
      .join("\n")
      .split("\n")
      .filter((line) => line.startsWith("npx "))
      .map((line) => line.replace(/ --epochs \d+$/, ""));
  const run = commands("docs/command-line.md", "sh runnable");
  const shown = commands("README.md", "sh");
  expect(shown.length).toBeGreaterThan(3);
  for (const command of shown) expect(run).toContain(command);
});

describe("every page of a kind of flow has an example that runs", async () => {
  const path = join(root, "docs/flows/pageOfKind.mjs");
  const { exampleOf } = (await import(path)) as { exampleOf: (page: unknown) => string };
  const { kindPages } = (await import(join(root, "docs/flows/kindPages.mjs"))) as {
    kindPages: readonly { readonly kind: string }[];
  };
  test("every kind has a page", () =>
    expect(kindPages.map(({ kind }) => kind).toSorted()).toEqual([...modelKinds].toSorted()));
  blocksRun(kindPages.map((page) => [page.kind, exampleOf(page)]));
});

describe("every runnable block of shell commands runs", () => {
  const all = markdownFiles().flatMap((file) =>
    blocks(readText(file), "sh runnable").map((code, i) => [`${file}, block ${i + 1}`, code] as const),
  );
  test("there is one", () => expect(all.length).toBeGreaterThan(0));
  test.each(all)("%s", async (_, code) => {
    const cwd = userFolderWithRows(800);
    const lines = code.split("\n").filter((line) => line.startsWith("npx "));
    expect(lines.filter((line) => /[|<>]|\$\(/.test(line))).toEqual([]);
    // The shell writes files, and down what it would call; that then runs in this process, where code is warm (`cli/program.test.ts`
    // has the process do the same).
    await run("bash", ["-euc", `npx() { printf '%s\\0' "$@" $'\\n' >> .calls; }\n${code}`], cwd);
    const calls = readFileSync(join(cwd, ".calls"), "utf8").split("\0\n\0").slice(0, -1);
    expect(calls.length).toBe(lines.length);
    for (const call of calls) {
      const [program, ...args] = call.split("\0");
      expect(program).toBe("pushforward");
      const { code, stderr } = await runInProcess(args, { cwd });
      expect(code, `${args.join(" ")}\n${stderr}`).toBe(0);
    }
  });
});

describe("every part of flows has a page whose example runs", async () => {
  const { parts, programOf } = (await import(join(root, "docs/parts/parts.mjs"))) as {
    parts: readonly { readonly name: string }[];
    programOf: (part: unknown) => string;
  };
  blocksRun(parts.map((part) => [part.name, programOf(part)]));
});
