/**
 * Which encoding bytes that are not UTF-8 are likely to have: a guess for a message, not to read by.
 *
 * @module
 */

import { pairedEncoding } from "./pairedEncodings.ts";

/** Bytes that are looked at, from the first that is not ASCII on. */
const lookedAt = 2 ** 16;

/**
 * Encodings of East Asia, in which letters are pairs of bytes, in the order in which they are tried, and letters that
 * text of theirs has: the same bytes are text in several.
 */
const pairedEncodings = [
  ["shift_jis", /./],
  ["euc-jp", /[\u3040-\u30ff]/],
  ["euc-kr", /[\uac00-\ud7a3]/],
  ["gb18030", /./],
  ["big5", /./],
] as const;

/** UTF-16 or UTF-32 without a mark: every second, or three of four bytes are zero in text of mostly ASCII. */
function wideEncoding(bytes: Uint8Array): string | undefined {
  const zeros = [0, 0, 0, 0];
  const length = Math.min(bytes.length, 4096) & ~3;
  for (let at = 0; at < length; at++) if (bytes[at] === 0) zeros[at % 4]!++;
  const share = zeros.map((count) => (4 * count) / Math.max(1, length));
  const [a = 0, b = 0, c = 0, d = 0] = share;
  if (b > 0.9 && c > 0.9 && (a > 0.9 || d > 0.9)) return "utf-32";
  if (b > 0.8 && d > 0.8 && a < 0.1) return "utf-16le";
  if (a > 0.8 && c > 0.8 && b < 0.1) return "utf-16be";
  return undefined;
}

/** Whether letters of a script stand in pairs of bytes that the encoding knows, and are usual ones. */
function fitsPaired(bytes: Uint8Array, label: string, has: RegExp): boolean {
  let text: string;
  try {
    text = new TextDecoder(label, { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return false;
  }
  const letters = Array.from(text).filter((letter) => letter > "\u007f");
  const usual = text.match(/[\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff5e]/gu) ?? [];
  return has.test(usual.join("")) && usual.length > 0.95 * letters.length;
}

const isLetter = (byte: number): boolean => /[a-z]/i.test(String.fromCharCode(byte)) && byte < 128;

/** The likely encoding by its WHATWG label, `utf-32`, or undefined where the bytes look like no text. */
export function likelyEncoding(bytes: Uint8Array): string | undefined {
  const wide = wideEncoding(bytes);
  if (wide !== undefined) return wide;
  const first = Math.max(
    0,
    bytes.findIndex((byte) => byte > 127),
  );
  const sample = bytes.subarray(first, first + lookedAt);
  let high = 0;
  let control = 0;
  let runs = 0;
  let inWords = 0;
  let capitals = 0;
  for (let at = 0; at < sample.length; at++) {
    const byte = sample[at]!;
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13) control++;
    if (byte < 128) continue;
    high++;
    if (byte >= 0xc0) capitals++;
    if (at > 0 && sample[at - 1]! >= 128) continue;
    runs++;
    let end = at + 1;
    while (end < sample.length && sample[end]! >= 128) end++;
    const before = first + at > 0 ? bytes[first + at - 1]! : 32;
    if (end - at === 1 || (end - at === 2 && (isLetter(before) || isLetter(sample[end] ?? 32)))) inWords++;
  }
  // Text has no control characters; those of a compressed or binary file are a tenth of it.
  if (control > 0.005 * sample.length) return undefined;
  const likely = pairedEncoding(sample);
  if (likely !== undefined) return likely;
  // Letters of the west stand in words of ASCII, those of other scripts in words of their own.
  if (inWords > 0.5 * runs) return "windows-1252";
  const paired = pairedEncodings.find(([label, has]) => fitsPaired(sample, label, has));
  if (paired !== undefined) return paired[0];
  return capitals > 0.8 * high ? "windows-1251" : "windows-1252";
}
