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
/** What each column depends on. */
export const parents: OptionFlag = {
  flag: "--parents",
  value: "graph",
  help: "what each column depends on, such as 'wage=age,education;hours=age', or a .json file of it",
  usual: "all before it",
  read: parentsByColumn,
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

/** `wage=age,education;hours=age`, or a JSON file of names with lists of names. The library checks them. */
export function parentsByColumn(option: string): OptionParser<Readonly<Record<string, readonly string[]>>> {
  return (text) => {
    if (/\.json$/i.test(text))
      return jsonFile(
        option,
        text,
        "parents",
        'it holds what each column depends on: { "wage": ["age"] }',
      ) as Record<string, string[]>;
    const entries = text.split(";").map((part): [string, string[]] => {
      const at = part.indexOf("=");
      const own = part
        .slice(at + 1)
        .split(",")
        .map((name) => name.trim());
      return [at < 0 ? "" : part.slice(0, at).trim(), own.join("") === "" ? [] : own];
    });
    const twice = entries.find(([name], i) => entries.findIndex(([other]) => other === name) < i)?.[0];
    if (entries.some(([name, own]) => name === "" || own.includes("")))
      throw new UsageError({
        subject: option,
        expected: "columns with what they depend on, such as 'wage=age,education;hours=age'",
        received: JSON.stringify(text),
      });
    if (twice !== undefined)
      throw new UsageError({
        problem: `${option} names "${twice}" twice`,
        expected: "each name once",
        received: `"${twice}" twice`,
        remedy: "name it once",
      });
    return Object.fromEntries(entries);
  };
}

/** A schema in a JSON file; what `describe --json` prints has one, too. The library checks it. */
export function schemaFile(option: string): OptionParser<unknown> {
  return (path) => {
    const json = jsonFile(option, path, "a schema", "pushforward describe DATA --out FILE writes a schema");
    return (json as { readonly schema?: unknown } | null)?.schema ?? json;
  };
}

/** What a JSON file holds. */
function jsonFile(option: string, path: string, what: string, remedy: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as { readonly code?: string };
    throw new FormatError({
      where: option,
      problem: `"${path}" ${code === "ENOENT" ? "is not there" : `cannot be read (${code})`}`,
      expected: `a file of ${what}`,
      received: String(code),
      remedy,
    });
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new FormatError({
      where: option,
      problem: `"${path}" is not JSON`,
      expected: `${what} in JSON`,
      received: "other text",
      remedy,
    });
  }
}
