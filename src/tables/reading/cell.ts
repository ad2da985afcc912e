/**
 * One cell of text: a number, a missing value, or text.
 *
 * @module
 */

/** Digits with at most one point and a decimal exponent; no hexadecimal, no thousands separators. */
const numberPattern = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const infinityWords = /^([+-]?)(?:inf(?:inity)?|1\.#inf)$/i;

/**
 * What pandas takes for missing, in whatever capitals: empty, NA, N/A, #N/A, #N/A N/A, #NA, <NA>, NULL, None, NaN,
 * -NaN, and what C of Windows prints: 1.#IND, -1.#QNAN. Also the payloads that C prints, as in -nan(ind).
 */
const missingWords =
  /^(?:#?n\/?a|#n\/a n\/a|<na>|null|none|[+-]?nan(?:\(\w*\))?|[+-]?1\.#(?:ind|[qs]nan))?$/i;

/**
 * The number that a cell holds: NaN if it is missing ({@link isMissingCell}), an infinity for `inf` and `Infinity`,
 * undefined if it is text. Blanks around it are ignored. Numbers are read strictly: `1e-3`, `+1`, `.5` and `5.` are
 * numbers; `12abc`, `0x10` and `1,000` are not (see `dressOf`).
 */
export function parseCell(cell: string): number | undefined {
  const text = cell.trim();
  if (numberPattern.test(text)) return Number(text);
  if (missingWords.test(text)) return Number.NaN;
  const infinity = infinityWords.exec(text);
  if (infinity) return infinity[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return undefined;
}

/** Marks of missing values beside the usual ones. A mark that is a number also stands for equal numbers: -999, -999.0. */
export interface MissingMarks {
  readonly texts: ReadonlySet<string>;
  readonly numbers: ReadonlySet<number>;
}

/** How many of some numbers are not missing, and the place of the first that is neither 0 nor 1; -1 where there is none. */
export function numbersIn(values: Float64Array): { readonly count: number; readonly firstOther: number } {
  let [missing, firstOther] = [0, -1];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) missing++;
    else if (firstOther < 0 && value !== 0 && value !== 1) firstOther = i;
  }
  return { count: values.length - missing, firstOther };
}

/** The largest magnitude up to which a double tells each whole number from the next. */
export const mostExact: number = Number.MAX_SAFE_INTEGER;

/**
 * Whether the number that a cell was read as says less than its text: `overflow` where it is beyond all doubles, so that it
 * became an infinity; `rounded` for a whole number that no double is, and for one so small that it became 0. A double that
 * is printed as the text has it lost nothing, and digits after the point are rounded as a matter of course.
 */
export function lossOf(cell: string, value: number): "overflow" | "rounded" | undefined {
  if (Number.isNaN(value) || (Math.abs(value) <= mostExact && value !== 0)) return undefined;
  if (!Number.isFinite(value)) return infinityWords.test(cell.trim()) ? undefined : "overflow";
  if (value === 0) return /^[^eE]*[1-9]/.test(cell) ? "rounded" : undefined;
  // Digits before an exponent are those of a measurement.
  if (/\d[eE][+-]?\d/.test(cell)) return undefined;
  const exact = BigInt(Math.abs(value)).toString();
  const digits = cell.replace(/\D/g, "").replace(/^0+/, "").slice(0, exact.length);
  return digits === exact || digits === String(Math.abs(value)) ? undefined : "rounded";
}

const [trueWord, falseWord] = [/^true$/i, /^false$/i];
const yesWords = /^(?:true|yes|on|[ty])$/i;
const noWords = /^(?:false|no|off|[fn])$/i;

/** The truth value that a text is a word for; undefined for other texts. `isAsked` says that yes, no and the like are such words. */
export function truthOf(text: string, isAsked: boolean): boolean | undefined {
  if ((isAsked ? yesWords : trueWord).test(text)) return true;
  return (isAsked ? noWords : falseWord).test(text) ? false : undefined;
}

/** Whether a cell is empty or one of the usual marks of a missing value, such as NA, null or NaN. */
export function isMissingCell(cell: string): boolean {
  return missingWords.test(cell.trim());
}

/** A cell for a message: quoted, on one line, at most 40 characters of it. */
export function quoteCell(text: string): string {
  const short = text.length > 40 ? `${text.slice(0, 40)}...` : text;
  return JSON.stringify(short);
}
