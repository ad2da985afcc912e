/**
 * Duplicate keys in JSON, which `JSON.parse` drops silently.
 *
 * @module
 */

/** Place after the string that starts at `start` (a quotation mark), in valid JSON. */
export function endOfString(json: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const code = json.charCodeAt(at);
    if (code === 0x22 /* " */ || Number.isNaN(code)) return at + 1;
    at += code === 0x5c /* \ */ ? 2 : 1;
  }
}

/**
 * The first key that an object of the text holds twice (in whatever spelling: `"a"` and `"\u0061"` are one
 * key), at any depth; undefined if there is none. The text must be valid JSON, up to bare words. One pass;
 * no regular expression, because those overflow their stack on strings of many megabytes.
 */
export function duplicateKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === 0x7b /* { */) open.push(new Set());
    else if (code === 0x7d /* } */) open.pop();
    else if (code === 0x22 /* " */) {
      const end = endOfString(json, at);
      let next = end;
      while (json.charCodeAt(next) <= 0x20) next++;
      if (json.charCodeAt(next) === 0x3a /* : */) {
        const key = JSON.parse(json.slice(at, end)) as string;
        const keys = open.at(-1);
        if (keys?.has(key)) return key;
        keys?.add(key);
      }
      at = end - 1;
    }
  }
  return undefined;
}
