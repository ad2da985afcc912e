/**
 * A table of many files: a folder of parts, or a pattern such as `part-*.parquet`.
 *
 * @module
 */

import { DataError, FormatError } from "../../errors.ts";
import { isNode, nodeModule } from "../../platform/platform.ts";
import { bytesOfFile } from "../../platform/storedBytes.ts";
import { fileKind } from "../reading/fileFormat.ts";
import { feedOf, type ReadTableOptions } from "../reading/readTable.ts";
import type { TableBuilder } from "../reading/tableBuilder.ts";
import type { Table } from "../table.ts";
import type { CellFeed, FeedEnd } from "./cellFeed.ts";
import { countedBytes, type FirstPass, firstPass } from "./firstPass.ts";
import { batchesOfFeed, type TableBatches, tableOfBatches } from "./tableBatches.ts";

/** `*` stands for any letters of a file's name, `?` for one. */
function patternOf(name: string): RegExp {
  const escaped = name.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`);
}

/**
 * The files that a path stands for, in the order of their names; undefined where it is the name of one file. Of a folder these are all,
 * but for those that begin with a dot or an underscore, as engines write beside the parts.
 * @throws FormatError where there is none, or a folder in the folder.
 */
export async function tableFiles(path: string): Promise<readonly string[] | undefined> {
  if (!isNode || path === "-") return undefined;
  const fs = nodeModule("node:fs", "").promises;
  const { basename, dirname, join } = nodeModule("node:path", "");
  const status = await fs.stat(path).catch(() => undefined);
  const isPattern = !status && /[*?]/.test(basename(path)) && !/[*?]/.test(dirname(path));
  if (!status?.isDirectory() && !isPattern) return undefined;
  const folder = isPattern ? dirname(path) : path;
  const pattern = isPattern ? patternOf(basename(path)) : /^[^._]/;
  const entries = await fs.readdir(folder, { withFileTypes: true }).catch(() => []);
  const parts = entries.filter(({ name }) => pattern.test(name));
  const inner = parts.find((entry) => entry.isDirectory());
  const fault = inner
    ? `holds a folder, "${inner.name}", and a table is made of files`
    : parts.length === 0
      ? isPattern
        ? "fits no file"
        : "is a folder without files"
      : undefined;
  if (fault !== undefined)
    throw new FormatError(
      {
        problem: `"${path}" ${fault}`,
        expected: "files of one table",
        received: inner ? "a folder" : "none",
        remedy: inner ? `name the files, as in "${join(path, "part-*.parquet")}"` : undefined,
      },
      undefined,
      path,
    );
  return parts.map(({ name }) => join(folder, name)).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** A file as a source of cells, which is opened when its turn has come. */
function fileFeed(path: string, options: ReadTableOptions, count: (bytes: number) => void): CellFeed {
  const kind = options.format ? undefined : fileKind(path);
  return {
    name: path,
    async *run(begin, from) {
      const named = { ...options, name: path };
      const format = options.format ?? kind!.format;
      let feed: CellFeed | undefined;
      if (kind?.compressed) {
        const { gunzip } = await import("../../formats/gzip.ts");
        const { readFileBytes } = await import("../../platform/files.ts");
        const packed = await readFileBytes(path, options);
        count(packed.length);
        feed = await feedOf(format, await gunzip(packed, path, options.limits), named);
      } else {
        const file = await bytesOfFile(path);
        if (!file)
          throw new FormatError({
            where: `cannot read "${path}"`,
            problem: "it is not a file that can be read more than once",
            expected: "a file",
            received: "another thing",
          });
        feed = await feedOf(format, countedBytes(file, count), named);
      }
      if (!feed)
        throw new FormatError({
          where: path,
          problem: `.${format} is read from one file alone`,
          expected: "text, Parquet or Arrow",
          received: format,
        });
      return yield* feed.run(begin, from);
    },
  };
}

const named = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(", ");

/** Sources of one table after the other, as one. What it has read once, it can pass. */
function jointFeed(feeds: readonly CellFeed[], name: string): CellFeed {
  /** Rows of those that were read to their ends. */
  const counts = new Map<CellFeed, number>();
  let columns: readonly string[] | undefined;
  return {
    name,
    async *run(begin, from = 0) {
      const remarks: string[] = [];
      let first: FeedEnd | undefined;
      let joint: { readonly builder: TableBuilder; readonly names: readonly string[] } | undefined;
      for (const feed of feeds) {
        const before: number = joint?.builder.rows ?? 0;
        const known = counts.get(feed);
        if (columns && known !== undefined && before + known <= from) {
          joint ??= { builder: begin(columns), names: columns };
          joint.builder.passRows(known);
          continue;
        }
        const end = yield* feed.run((names) => {
          joint ??= { builder: begin(names), names };
          columns ??= names;
          if (names.length !== joint.names.length || names.some((each, i) => each !== joint!.names[i]))
            throw new DataError(
              {
                problem: `${feed.name} has the columns ${named(names)}, and ${feeds[0]!.name} has ${named(joint.names)}`,
                expected: "the same columns in the same order in all files",
                received: "others",
              },
              { file: feed.name },
            );
          return joint.builder;
        }, from - before);
        counts.set(feed, joint!.builder.rows - before);
        first ??= end;
        remarks.push(...end.remarks);
      }
      return { ...first, remarks: [...new Set(remarks)] };
    },
  };
}

/** A table of files, in batches. */
export async function batchesOfFiles(
  files: readonly string[],
  name: string,
  options: ReadTableOptions,
  onFirstPass?: (read: FirstPass) => void,
): Promise<TableBatches> {
  const { stat } = nodeModule("node:fs", "").promises;
  // One that cannot be looked at is refused when its turn has come.
  const sizes = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  const pass = firstPass(
    sizes.reduce((sum, size) => sum + size, 0),
    onFirstPass,
  );
  const feeds = files.map((file) => fileFeed(file, options, pass.add));
  return await pass.during(() => batchesOfFeed(jointFeed(feeds, name), options));
}

/** The table of many files, read at once; undefined where the path is the name of one. */
export async function tableOfParts(path: string, options: ReadTableOptions): Promise<Table | undefined> {
  const files = await tableFiles(path);
  return files && (await tableOfBatches(await batchesOfFiles(files, options.name ?? path, options)));
}
