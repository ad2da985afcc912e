/** American spelling, in comments and in prose. Names in code keep theirs: model files hold some. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { markdownFiles, readText, root } from "./project.ts";

/** British endings and words, each with what is written here. */
const british: readonly (readonly [RegExp, string])[] = [
  [/\b(re|off|epi)?centr(e|es|ed|ing)\b/i, "center"],
  [/\bneighbour/i, "neighbor"],
  [/\bcolour/i, "color"],
  [/\bbehaviour/i, "behavior"],
  [/\bfavour/i, "favor"],
  [/\bjudgement/i, "judgment"],
  [/\blicence/i, "license"],
  [/\b(un)?(modell|labell|travell|cancell)(ed|ing)\b/i, "one l"],
  [
    /\b\w+(al|ial|ar|or|er|im|gn|rd|ym)is(e|es|ed|ing|ation|ations)\b(?<!\b(compr|superv|adv|dev|rev|prem|exerc|surpr|prom|prec|ra|no|ar|enterpr)is\w*)/i,
    "z",
  ],
  [/\banalys(e|ed|ing)\b/i, "analyze"],
  [/\b(grey|artefact|catalogue|programme)\b/i, "gray, artifact, catalog, program"],
];

/** The prose of a Markdown text: what is neither in a block of code nor in backticks. */
function proseOf(markdown: string): string {
  return markdown.replaceAll(/^(`{3,}).*\n[\s\S]*?^\1$/gm, "").replaceAll(/`[^`\n]*`|\]\([^)]*\)/g, "");
}

/** The comments of a source, without what stands in backticks. */
function commentsOf(source: string): string {
  const comments = source.match(/\/\*\*[\s\S]*?\*\/|(?<=^|\s)\/\/ .*$/gm) ?? [];
  return comments.join("\n").replaceAll(/`[^`\n]*`|\{@link [^}]*\}|https?:\S*|\w+\.(ts|mjs|md)\b/g, "");
}

/** What a text spells in the British way. */
function britishIn(text: string): string[] {
  return british.flatMap(([pattern, american]) => {
    const match = pattern.exec(text);
    return match ? [`${match[0]} (${american})`] : [];
  });
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join(folder, file));
}

test("the patterns see what is British and nothing else", () => {
  expect(britishIn("the centre of normalised colours")).toHaveLength(3);
  expect(britishIn("the center of precise, supervised, otherwise normalized colors")).toEqual([]);
});

test.each(markdownFiles())("%s is in American spelling", (file) => {
  expect(britishIn(proseOf(readText(file)))).toEqual([]);
});

test("comments of sources are in American spelling", () => {
  const wrong = sources("src").flatMap((file) =>
    britishIn(commentsOf(readText(file))).map((word) => `${file}: ${word}`),
  );
  expect(wrong).toEqual([]);
});
