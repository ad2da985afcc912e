/** Names and cells that a terminal would obey, or that break a line, are escapes wherever they are shown to people. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { FormatError, oneLine, plainLines } from "../../src/errors.ts";
import { readTable } from "../../src/tables/reading/readTable.ts";
import { runInProcess } from "./runInProcess.ts";

const folder = mkdtempSync(join(tmpdir(), "pushforward-text-"));
afterAll(() => rmSync(folder, { recursive: true }));

const names = ['a\u001b[31mred\n"x', "b\u0007\u202eturned\u2028", "word\u001b]0;title\u0007\r\n"];
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come.
const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/;

test("a letter that is not seen is written as JavaScript has it, and line feeds of a text stay", () => {
  expect(oneLine("a\n\t\u001b[1m\u202e ü ∑ 漢")).toBe("a\\n\\t\\u001b[1m\\u202e ü ∑ 漢");
  expect(plainLines("a\n\u0007b\n")).toBe("a\n\\u0007b\n");
});

test("errors, warnings and summaries of every command are plain lines", async () => {
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const rows = Array.from(
    { length: 30 },
    (_, i) => `${Math.sin(3 * i)},${Math.cos(5 * i * i)},${quoted(`w\u001b[2J${i % 3}\n`)}`,
  );
  writeFileSync(join(folder, "t.csv"), `${names.map(quoted).join(",")}\n${rows.join("\n")}\n`);
  const fit = ["fit", "t.csv", "--flow", "gaussian", "--out", "m.safetensors"];
  for (const [args, lines] of [
    [fit, 1],
    [["describe", "t.csv"], 0],
    [["inspect", "m.safetensors"], 0],
    [["information", "t.csv", "--folds", "2"], 1],
    [["logprob", "m.safetensors", "t.csv", "--out", "s.csv"], 1],
    [[...fit, "--columns", "c"], 1],
    [[...fit, "--columns", names[2]!], 1],
    [["fit", "no\u001b[31m\nfile.csv", "--out", "m.safetensors"], 1],
    [[...fit.slice(0, -1), "no\u001b[31m\nfolder/m.safetensors"], 1],
    [["fit", "t.csv", "--flow", "\u001b[31m\n"], 1],
  ] as const) {
    const { stdout, stderr } = await runInProcess([...args], { cwd: folder });
    expect(`${stdout}${stderr}`, args.join(" ")).not.toMatch(obeyed);
    expect(stderr.split("\n").length - 1, `${args.join(" ")}: ${stderr}`).toBe(lines);
    // What belongs to one column stands in one line.
    if (args[0] === "describe") expect(stdout).toContain('  a\\u001b[31mred\\n"x ');
  }
});

test("messages of the library are one line", async () => {
  const error = await readTable(`${folder}/no\nfile.csv`).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(FormatError);
  expect((error as Error).message).toContain("no\\nfile.csv");
});
