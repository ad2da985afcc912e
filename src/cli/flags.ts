/**
 * Messages of the library name its options; people at the command line have flags. Here one becomes the other.
 *
 * @module
 */

import { replaceOptionTexts } from "../entries/options.ts";
import { flagTables } from "./flags/flagTables.ts";

/** A value as a shell takes it: in quotation marks where the shell would take it apart or fill something in. */
function quoted(value: string): string {
  if (/^[\w.:+=,/-]+$/.test(value)) return value;
  return /[$`\\"!]/.test(value) ? `'${value.replaceAll("'", "'\\''")}'` : `"${value}"`;
}

function flagValue(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.map(String).join(",");
  if (typeof value === "object" && value !== null)
    return Object.entries(value)
      .map(([key, each]) => `${key}=${Array.isArray(each) ? each.join("+") : String(each)}`)
      .join(",");
  return name === "budget" ? `${String(value)}s` : String(value);
}

/** The flag that stands for an option, with its value. */
function flagOf(name: string, value: unknown): string | undefined {
  const flag = flagTables.find((table) => Object.hasOwn(table, name))?.[name]?.flag.slice(2);
  if (flag === undefined) return undefined;
  if (value === undefined || value === true) return `--${flag}`;
  return value === false ? `--no-${flag}` : `--${flag} ${quoted(flagValue(name, value))}`;
}

/** What a message of the library begins with: its function, and an option or a member of one. */
const blamedOption =
  /^(?:fit|compare|evaluate|anomalies|information|approximate|sample|logProb|marginal|quantile|cdf|impute|readTable): ([a-z]\w*)(?:\.(\w+))?(?= )/i;

/** A message of the library with flags in place of options. */
export const withFlags = (message: string): string =>
  replaceOptionTexts(message, flagOf).replace(blamedOption, (start, name: string, member?: string) => {
    const flag = flagOf(name, undefined);
    return flag === undefined ? start : `${flag}${member === undefined ? "" : ` ${member}`}`;
  });
