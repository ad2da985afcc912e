/** What the tests of documentation share: the repository's files, and a folder in which it is an installed package. */

import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { nodeFlags } from "../nodeFlags.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

/** The repository's root. */
export const root: string = fileURLToPath(new URL("../../", import.meta.url));

/** A text file of the repository. */
export function readText(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** Every Markdown file of the repository's own, relative to the root. */
export function markdownFiles(folder = ""): string[] {
  const skipped = new Set(["node_modules", "dist", "api", "coverage", "reference", "site"]);
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return skipped.has(entry.name) || entry.name.startsWith(".") ? [] : markdownFiles(path);
    return entry.name.endsWith(".md") ? [path] : [];
  });
}

/** The fenced blocks of a Markdown text whose info string is this. */
export function blocks(markdown: string, info: string): string[] {
  return Array.from(markdown.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm))
    .filter(([, own]) => own === info)
    .map(([, , code]) => code!);
}

/** A new folder in which the built package is installed and the demo's table is where the README has it. */
export function userFolder(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules", "pushforward"), "junction");
  symlinkSync(join(root, "demo"), join(folder, "demo"), "junction");
  return folder;
}

/** A folder like {@link userFolder}, but that the demo's table has so many rows only: what takes rows is done sooner. */
export function userFolderWithRows(rows: number): string {
  const folder = userFolder();
  const demo = join(folder, "demo");
  const table = "ramachandran.csv.gz";
  rmSync(demo);
  mkdirSync(demo);
  for (const name of readdirSync(join(root, "demo")))
    if (name !== table) symlinkSync(join(root, "demo", name), join(demo, name));
  const lines = gunzipSync(readFileSync(join(root, "demo", table)))
    .toString()
    .split("\n");
  writeFileSync(join(demo, table), gzipSync(`${lines.slice(0, rows + 1).join("\n")}\n`));
  return folder;
}

/** Runs a command to its end; rejects, with what it wrote on standard error, unless it exits with 0. */
export function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${command} ${args.join(" ")}\n${stderr || error.message}`));
      else resolve(stdout);
    });
  });
}

/** Runs Node to its end, as {@link run} does. */
export function runNode(args: readonly string[], cwd: string): Promise<string> {
  return run(process.execPath, [...nodeFlags, ...args], cwd);
}
