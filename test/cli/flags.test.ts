/** Messages of the library name options; at the command line they name flags. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { withFlags } from "../../src/cli/flags.ts";
import { optionText } from "../../src/optionText.ts";

test.each([
  ["columns", undefined, "`columns`", "--columns"],
  ["missing", "drop", '`missing: "drop"`', "--missing drop"],
  ["columns", ["x", "y"], '`columns: ["x", "y"]`', "--columns x,y"],
  ["missingMarks", ["?"], '`missingMarks: ["?"]`', '--na "?"'],
  ["missingMarks", ["$NA", "it's"], '`missingMarks: ["$NA", "it\'s"]`', "--na '$NA,it'\\''s'"],
  ["parse", { "a b": "percent" }, '`parse: { "a b": "percent" }`', '--parse "a b=percent"'],
  [
    "parse",
    { x: ["unit:m", "decimal-comma"] },
    '`parse: { "x": ["unit:m", "decimal-comma"] }`',
    "--parse x=unit:m+decimal-comma",
  ],
  ["parse", { "a`b": "text" }, '`parse: { "a\\u0060b": "text" }`', "--parse 'a`b=text'"],
  ["limits", { columns: 7 }, '`limits: { "columns": 7 }`', "--limit columns=7"],
  ["header", false, "`header: false`", "--no-header"],
  ["header", true, "`header: true`", "--header"],
  ["budget", 480, "`budget: 480`", "--budget 480s"],
  ["learningRate", undefined, "`learningRate`", "--lr"],
])("%s: %o", (name, value, inLibrary, atCommandLine) => {
  const text = optionText(name, value);
  expect(text).toBe(inLibrary);
  expect(withFlags(`pass ${text}, or ${text}.`)).toBe(`pass ${atCommandLine}, or ${atCommandLine}.`);
});

test("words between backquotes that are not options stay", () => {
  for (const message of ["`tau` is negative", "a cell `x: 3 m`", "`constructor`", "an odd ` alone"])
    expect(withFlags(message)).toBe(message);
});

test("no message of the library names a flag of the command line", () => {
  const source = join(import.meta.dirname, "../../src");
  const flags = /["'`(\s]--(?!no-)(?:[a-z]+-)*[a-z]{2,}\b/;
  // Flags of Node, and of its engine.
  const ofNode = /--(?:jitless|input-type|allow-worker|disable-wasm-trap-handler|experimental-wasm|no-exp)/;
  const found = readdirSync(source, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !/^cli\b/.test(file))
    .flatMap((file) =>
      readFileSync(join(source, file), "utf8")
        .split("\n")
        .filter((line) => !/^\s*(?:\*|\/\*|\/\/)/.test(line) && /["'`]/.test(line))
        .filter((line) => flags.test(line) && !ofNode.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    );
  expect(found).toEqual([]);
});
