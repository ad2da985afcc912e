/**
 * Numbers in another dress: with a percent sign, a currency, a unit, separators between thousands, a decimal comma,
 * parentheses or a trailing minus for negative ones, the marks by which spreadsheets keep text, or other characters
 * for minus and digits.
 *
 *     "$11,036.80"  "12 %"  "5.5 kg"  "1 822"  "1'234.50"  "1_000"  "1.234,56"  "(1.3)"  "3.2-"  "'1.2"  '="1.2"'  "−3"
 *     "1.5D+03"  "12'500.-"  "007"
 *
 * One cell does not always tell what it means: "1,234" is 1234 with a comma between thousands and 1.234 with a decimal
 * comma. Both readings are given, and the column decides.
 *
 * @module
 */

/** What a cell means. */
export interface DressedNumber {
  /** The number if decimals follow a point; undefined where that cannot be. */
  readonly point: number | undefined;
  /** The number if decimals follow a comma; undefined where that cannot be. */
  readonly comma: number | undefined;
  /** What it is a number of: `percent`, `currency:$`, `unit:kg`, or empty. All cells of a column should agree. */
  readonly measure: string;
  /** Whether there are separators between thousands under the reading with a decimal point. */
  readonly thousands: boolean;
  /** Negative by parentheses, as in accounting. */
  readonly parentheses: boolean;
  /** Negative by a minus that follows. */
  readonly trailingMinus: boolean;
  /** Marked as text: `'1.2`, `="1.2"`. */
  readonly textNumber: boolean;
  /** A whole number after zeros that a number does not need, as codes have them: `02134`. */
  readonly leadingZeros: boolean;
}

/** Cells longer than this are prose. */
const longest = 64;

const fullWidth = /[\uff01-\uff5e]/g;
const otherMinus = /[\u2010-\u2013\u2212\ufe58\ufe63]/g;
/** No-break, figure, thin and narrow no-break blanks. */
const otherBlank = /[\u00a0\u2000-\u200a\u202f\u205f\u3000]/g;
const otherApostrophe = /[\u2018\u2019\u02bc]/g;

/** Currencies that are written with letters; those with a symbol are recognized by it. */
const currencyCodes =
  "USD|EUR|GBP|JPY|CHF|CAD|AUD|NZD|CNY|RMB|HKD|SGD|SEK|NOK|DKK|PLN|CZK|HUF|RUB|INR|BRL|MXN|ZAR|KRW|TRY|ILS|" +
  "TWD|THB|IDR|PHP|MYR|VND|AED|SAR|EGP|NGN|KES|UAH|RON|BGN|ISK|ARS|CLP|COP|PEN";
/** Shorter ones, which are not read before a digit: US5 and CA90210 are codes. */
const currencyWords = "US|CA|AU|Rs\\.?|Fr\\.?|kr\\.?|zł|Kč|Ft";
const currencyPattern = new RegExp(
  `^(?:(?:[A-Z]{1,3})?\\p{Sc}|(?:${currencyCodes})(?!\\p{L})|(?:${currencyWords})(?![\\p{L}\\d]))`,
  "u",
);
const wholeCurrency = new RegExp(
  `^(?:(?:[A-Z]{1,3})?\\p{Sc}[A-Z]{0,3}|${currencyCodes}|${currencyWords})$`,
  "u",
);
const percentPattern = /^(?:[%\u066a]|percent|pct\.?)$/i;

/** Letters, with exponents and up to three further words: `kg`, `m/s^2`, `km h-1`, `°C`, `years old`. */
const unitPattern =
  /^[\p{L}°′″‰‱µ](?:[\p{L}\p{M}°µ²³⁻¹·⋅/*^.]|[\p{L}^-][2-9]|-1)*(?: [\p{L}°](?:[\p{L}\p{M}°µ²³⁻¹·⋅/*^.]|[\p{L}^-][2-9]|-1)*){0,3}$/u;

const numberCore = /^(?:\d(?:[\d.,'_ ]*\d)?\.?|[.,]\d+)(?:[eE][+-]?\d+)?(?!\d)/;
/** Fortran's exponent of double precision, after a number with a point: other digits with a D are codes. */
const fortran = /^(\d*[.,]\d*)[dD]([+-]?\d+)$/;
/** The dash that stands for no cents: `12.-`, `5,--`. */
const noCents = /(?<=\d)[.,]-{1,2}(?=$|[ \p{L}\p{Sc}])/u;

/** Whole numbers of codes: `02134`, `007`. */
export const leadingZerosPattern: RegExp = /^0\d+$/;

/** Whether a number is written as codes are; the first character tells of most that they are not. */
export function hasLeadingZeros(cell: string): boolean {
  const first = cell.charCodeAt(0);
  return (first === 48 || first <= 32) && leadingZerosPattern.test(cell.trim());
}

/** The digits of an integer part without its separators; undefined where these are not between thousands. */
function ungrouped(integer: string, separators: string): string | undefined {
  if (/^\d*$/.test(integer)) return integer;
  const separator = /\D/.exec(integer)![0];
  if (!separators.includes(separator)) return undefined;
  const groups = integer.split(separator);
  // A leading zero stands for no thousand: 0,123 has a decimal comma.
  if (!/^[1-9]\d{0,2}$/.test(groups[0]!)) return undefined;
  const rest = groups.slice(1);
  if (rest.every((group) => /^\d{3}$/.test(group))) return groups.join("");
  // India: 12,34,567.
  const isIndian =
    separator === "," && rest.length > 1 && groups[0]!.length < 3 && /^\d{3}$/.test(rest[rest.length - 1]!);
  return isIndian && rest.slice(0, -1).every((group) => /^\d{2}$/.test(group)) ? groups.join("") : undefined;
}

function readCore(core: string, decimal: "." | ","): { value: number; grouped: boolean } | undefined {
  const [, digits, exponent = ""] = /^(.*?)([eE][+-]?\d+)?$/.exec(core)!;
  const parts = digits!.split(decimal);
  if (parts.length > 2) return undefined;
  const [integer = "", fraction = ""] = parts;
  if (!/^\d*$/.test(fraction) || (integer === "" && fraction === "")) return undefined;
  const whole = ungrouped(integer, decimal === "." ? ",'_ " : ".'_ ");
  if (whole === undefined || (whole !== integer && exponent !== "")) return undefined;
  return { value: Number(`${whole}.${fraction}${exponent}`), grouped: whole !== integer };
}

/** A text without the marks by which spreadsheets say that it is text. */
function withoutTextMark(text: string): string {
  const formula = /^=\s*"(.*)"$/.exec(text) ?? /^"(.*)"$/.exec(text);
  if (formula) return formula[1]!.trim();
  const apostrophe = /^'(.*?)'?$/.exec(text);
  return apostrophe ? apostrophe[1]!.trim() : text;
}

/**
 * The number that a cell of text means, or undefined if it is none. A plain number is one, too. O(length).
 *
 * @example dressOf("$11,036.80")?.point // 11036.8
 */
export function dressOf(cell: string): DressedNumber | undefined {
  if (cell.length > longest || !/[\d\uff10-\uff19]/.test(cell)) return undefined;
  let text = cell
    .replace(fullWidth, (letter) => String.fromCharCode(letter.charCodeAt(0) - 0xfee0))
    .replace(otherMinus, "-")
    .replace(otherBlank, " ")
    .replace(otherApostrophe, "'")
    .trim();
  const bare = withoutTextMark(text);
  const textNumber = bare !== text;
  text = bare;
  let sign: string | undefined;
  let measure = "";
  let parentheses = false;
  for (;;) {
    const first = text[0]!;
    const currency = currencyPattern.exec(text);
    if ((first === "-" || first === "+") && sign === undefined && !parentheses) {
      sign = first;
      text = text.slice(1).trimStart();
    } else if (currency && measure === "") {
      measure = `currency:${currency[0].trim()}`;
      text = text.slice(currency[0].length).trimStart();
    } else if (first === "%" && measure === "") {
      measure = "percent";
      text = text.slice(1).trimStart();
    } else if (first === "(" && !parentheses && sign === undefined) {
      const [, inner, after] = /^\(([^()]*)\)(.*)$/.exec(text) ?? [];
      if (inner === undefined) return undefined;
      parentheses = true;
      text = `${inner}${after}`.trim();
    } else break;
    if (text === "") return undefined;
  }
  text = text.replace(fortran, "$1e$2").replace(noCents, "");
  const core = numberCore.exec(text)?.[0];
  if (core === undefined) return undefined;
  let rest = text.slice(core.length).trim();
  let trailingMinus = false;
  const minus = /^-\s*(?=$|\p{Sc})|(?<=^|\p{Sc})\s*-$/u.exec(rest);
  if (minus && sign === undefined && !parentheses) {
    trailingMinus = true;
    rest = rest.replace(minus[0], "").trim();
  }
  if (rest !== "") {
    if (measure !== "") return undefined;
    if (percentPattern.test(rest)) measure = "percent";
    else if (wholeCurrency.test(rest)) measure = `currency:${rest}`;
    // "12e" is half of a number, "0x10" one in another base, "2. Married" the second of a list.
    else if (unitPattern.test(rest) && !/^(?:e|x\d.*)$/i.test(rest) && !core.endsWith("."))
      measure = `unit:${rest}`;
    else return undefined;
  }
  const point = readCore(core, ".");
  const comma = readCore(core, ",");
  if (!point && !comma) return undefined;
  const factor = sign === "-" || parentheses || trailingMinus ? -1 : 1;
  return {
    point: point && factor * point.value,
    comma: comma && factor * comma.value,
    measure,
    thousands: point?.grouped ?? false,
    parentheses,
    trailingMinus,
    textNumber,
    leadingZeros: !textNumber && leadingZerosPattern.test(core),
  };
}
