/**
 * Numbers of JSON as they stand there: `JSON.parse` rounds them to doubles without a word.
 *
 * @module
 */

import { endOfString } from "./duplicateKey.ts";

const number = /-?\d[\d.eE+-]*/y;

/** The text with its numbers in quotation marks. It must be valid JSON, up to bare words. */
export function numbersAsText(json: string): string {
  let out = "";
  let done = 0;
  for (let at = 0; at < json.length; ) {
    const code = json.charCodeAt(at);
    if (code === 0x22 /* " */) {
      at = endOfString(json, at);
      continue;
    }
    number.lastIndex = at;
    const numbers =
      code === 0x2d /* - */ || (code >= 0x30 && code <= 0x39) ? number.exec(json)?.[0] : undefined;
    if (numbers !== undefined) {
      out += `${json.slice(done, at)}"${numbers}"`;
      done = at + numbers.length;
    }
    at += numbers?.length ?? 1;
  }
  return out + json.slice(done);
}
