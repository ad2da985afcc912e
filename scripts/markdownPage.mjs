/** What the scripts write into Markdown pages, between marks; the words around them are written by hand. */
import { readFile, writeFile } from "node:fs/promises";
import { relative } from "node:path";

/** A number with a proper minus sign. */
export const minus = (value, digits) => value.toFixed(digits).replace("-", "−");

/** Lines of a Markdown table, columns under each other as the formatter sets them: the first to the left. */
export function markdownTable(head, lines) {
  const widths = head.map((name, i) =>
    Math.max(3, ...[name, ...lines.map((cells) => cells[i])].map((cell) => cell.length)),
  );
  const line = (cells) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(" | ")} |`;
  const rule = widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(head), line(rule), ...lines.map(line)];
}

/** Replaces what is between two marks of a page, `<!-- NAME: ... -->` and `<!-- end of NAME -->`. */
export async function writeBetween(path, name, text) {
  const page = await readFile(path, "utf8");
  const start = page.indexOf("-->", page.indexOf(`<!-- ${name}:`)) + 3;
  const end = page.indexOf(`<!-- end of ${name} -->`);
  if (start < 3 || end < start) throw new Error(`${path} has no marks for ${name}.`);
  console.log(`${relative(process.cwd(), path)}: ${name}`);
  await writeFile(path, `${page.slice(0, start)}\n\n${text}\n\n${page.slice(end)}`);
}
