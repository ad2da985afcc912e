import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { markdownFiles, readText, root } from "./project.ts";

/** The anchor that a heading gets. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .trim()
    .replaceAll(" ", "-");
}

/** Targets of the links and images of a text, code left out. */
function targets(markdown: string): string[] {
  const prose = markdown.replaceAll(/^```.*\n[\s\S]*?^```$/gm, "").replaceAll(/`[^`\n]*`/g, "");
  return Array.from(prose.matchAll(/\]\(<?([^)\s>]+)>?\)/g), ([, target]) => target!);
}

test.each(markdownFiles())("%s has no dead relative link", (file) => {
  const dead = targets(readText(file)).filter((target) => {
    if (/^[a-z]+:/i.test(target)) return false;
    const [path, anchor] = target.split("#") as [string, string | undefined];
    const at = path === "" ? file : join(dirname(file), path);
    if (!existsSync(join(root, at))) return true;
    if (anchor === undefined) return false;
    const headings = Array.from(readText(at).matchAll(/^#+ (.*)$/gm), ([, heading]) => anchorOf(heading!));
    return !headings.includes(anchor);
  });
  expect(dead).toEqual([]);
});

test("no document names a path of one machine", () => {
  for (const file of markdownFiles())
    expect(readText(file), file).not.toMatch(/(^|[\s"'`(])\/(home|tmp|work|root|Users)\//);
});
