/**
 * Columns that are angles: which may be such, by the range of their values, and what their period is.
 *
 * @module
 */

/** The smallest and the largest number of a column. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** Kinds of angles, with what they are called; the first has the period that most have. */
export const angleKinds = {
  "angle:360": "angle in degrees",
  "angle:6.283185307179586": "angle in radians",
  "angle:24": "hour of the day",
} as const;

/** A kind of angle. */
export type AngleKind = keyof typeof angleKinds;

/** The period of a kind of angle, such as 360; undefined for other kinds. */
export const periodOf = (kind: string): number | undefined =>
  kind.startsWith("angle:") ? Number(kind.slice("angle:".length)) : undefined;

/** Rounding of angles that were written with few digits, such as 3.142. */
const slack = 0.001;

/**
 * What numbers of this range may be as angles: those that lie in one turn, from 0 or around it, and fill more than half of it. Hours begin
 * at 0, and fill more of it: many numbers are small.
 */
export function angleOf({ low, high }: Range): AngleKind | undefined {
  const fits = (kind: AngleKind, share: number, isCentered: boolean): boolean => {
    const period = periodOf(kind)!;
    const most = period * (1 + slack);
    const isWithin = (low >= 0 && high <= most) || (isCentered && low >= -most / 2 && high <= most / 2);
    return isWithin && high - low > share * period;
  };
  if (fits("angle:6.283185307179586", 0.5, true)) return "angle:6.283185307179586";
  if (fits("angle:24", 0.75, false)) return "angle:24";
  return fits("angle:360", 0.5, true) ? "angle:360" : undefined;
}

/** What there is to say of a column that is taken for an angle: nothing where its values are within one turn. */
export function beyondOneTurn({ low, high }: Range, kind: string): string {
  const period = periodOf(kind);
  if (period === undefined || high - low <= period * (1 + slack)) return "";
  const short = (value: number): string => String(Number(value.toPrecision(4))).replace("-", "−");
  return `Its values go from ${short(low)} to ${short(high)}, more than one turn of ${short(period)}: whole turns are taken off them. Leave it out if it is no angle.`;
}
