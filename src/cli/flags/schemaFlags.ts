/**
 * The flag that says of which kinds columns are.
 *
 * @module
 */

import { UsageError } from "../../entries/errors.ts";
import type { OptionParser } from "../options.ts";

/** `age=integer,shift=angle:24`: the kind begins after the last `=` of a part. */
export function kindsByColumn(option: string): OptionParser<Readonly<Record<string, string>>> {
  return (text) => {
    const found = new Map<string, string>();
    let open = "";
    for (const part of text.split(",")) {
      const whole = open + part;
      const at = whole.lastIndexOf("=");
      // A name may hold a comma.
      open = at < 0 ? `${whole},` : "";
      if (at < 0) continue;
      const name = whole.slice(0, at).trim();
      if (found.has(name)) throw new UsageError(`${option} names "${name}" twice; name it once.`);
      found.set(name, whole.slice(at + 1).trim());
    }
    if (open !== "" || found.size === 0 || found.has(""))
      throw new UsageError(
        `${option} must be kinds of columns such as age=integer,shift=angle:24, got ${JSON.stringify(text)}.`,
      );
    return Object.fromEntries(found);
  };
}
