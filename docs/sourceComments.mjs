// What comments of the sources say, as Markdown for the pages that are made of them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const sources = fileURLToPath(new URL("../src", import.meta.url));

/** Text of a source file, named by its path in src without its ending. */
export function sourceText(file) {
  return readFileSync(join(sources, `${file}.ts`), "utf8");
}

/** A comment without its stars. */
export function commentText(comment) {
  return comment.replaceAll(/^\s*\/\*\*\s?|\s*\*\/\s*$/g, "").replaceAll(/^ *\* ?/gm, "");
}

/** A comment of a source as Markdown: without its stars, its tags, and what a page would take for HTML. */
export function commentAsMarkdown(comment) {
  return commentText(comment)
    .replaceAll(/^@(module|see|throws|cost|example)[\s\S]*$/gm, "")
    .replaceAll(/\{@link ([^}]+)\}/g, "`$1`")
    .split("\n")
    .map((line) => (/^ {4}/.test(line) ? line : line.replaceAll("<", "&lt;")))
    .join("\n")
    .trim();
}

/** What a source file opens with: the mathematics of what it defines. */
export function headOf(file) {
  const head = sourceText(file).match(/^\/\*\*[\s\S]*?\*\//);
  if (!head) throw new Error(`src/${file}.ts does not open with a comment`);
  return commentAsMarkdown(head[0]);
}

/** The docstring of an exported function, with its stars; undefined where the file has no such function. */
export function docstringIn(text, name) {
  const at = text.indexOf(`export function ${name}(`);
  return at < 0 ? undefined : text.slice(text.lastIndexOf("/**", at), text.lastIndexOf("*/", at) + 2);
}
