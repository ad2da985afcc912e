/**
 * Flags that say what the columns of a table are.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { FormatError, UsageError } from "../../entries/errors.ts";
import type { OptionParser } from "../options.ts";
import type { OptionFlag } from "./optionFlags.ts";

/** What the columns are. */
export const schema: OptionFlag = {
  flag: "--schema",
  value: "file",
  help: "what the columns are, as describe --out writes it",
  usual: "found out",
  read: schemaFile,
};
/** Kinds of single columns. */
export const kinds: OptionFlag = {
  flag: "--kind",
  value: "kinds",
  help: "kinds of columns, such as age=integer,shift=angle:24",
  usual: "found out",
  read: kindsByColumn,
};
/** Columns that are left out. */
export const exclude: OptionFlag = {
  flag: "--exclude",
  value: "names",
  help: "columns to leave out",
  usual: "none",
};

/** `age=integer,shift=angle:24`: the kind begins after the last `=` of a part. */
export function kindsByColumn(option: string): OptionParser<Readonly<Record<string, string>>> {
  return (text) => {
    const kinds = new Map<string, string>();
    let open = "";
    for (const part of text.split(",")) {
      const whole = open + part;
      const at = whole.lastIndexOf("=");
      // A name may hold a comma.
      open = at < 0 ? `${whole},` : "";
      if (at < 0) continue;
      const name = whole.slice(0, at).trim();
      if (kinds.has(name))
        throw new UsageError({
          problem: `${option} names "${name}" twice`,
          expected: "each name once",
          received: `"${name}" twice`,
          remedy: "name it once",
        });
      kinds.set(name, whole.slice(at + 1).trim());
    }
    if (open !== "" || kinds.size === 0 || kinds.has(""))
      throw new UsageError({
        subject: option,
        expected: "kinds of columns such as age=integer,shift=angle:24",
        received: JSON.stringify(text),
      });
    return Object.fromEntries(kinds);
  };
}

/** A schema in a JSON file; what `describe --json` prints has one, too. The library checks it. */
export function schemaFile(option: string): OptionParser<unknown> {
  return (path) => {
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      const { code } = error as { readonly code?: string };
      throw new FormatError({
        where: option,
        problem: `"${path}" ${code === "ENOENT" ? "is not there" : `cannot be read (${code})`}`,
        expected: "a file of a schema",
        received: String(code),
        remedy: "pushforward describe DATA --out FILE writes one",
      });
    }
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      throw new FormatError({
        where: option,
        problem: `"${path}" is not JSON`,
        expected: "a schema in JSON",
        received: "other text",
        remedy: "pushforward describe DATA --out FILE writes a schema",
      });
    }
    return (json as { readonly schema?: unknown } | null)?.schema ?? json;
  };
}
