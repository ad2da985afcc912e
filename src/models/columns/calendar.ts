/**
 * What later columns see of a moment beside where it lies: time of day, day of the week, season. Each comes round, so that they are cosines and
 * sines of it and of its double.
 *
 * @module
 */

/** The parts of the calendar. */
export const calendarParts = ["day", "week", "year"] as const;

/** What a moment comes round in. */
export type CalendarPart = (typeof calendarParts)[number];

/** Numbers that stand for a part. */
const numbersPerPart = 4;

const millisecondsPerDay = 86_400_000;

/** Lengths of turns in milliseconds; a year is the mean one of the Gregorian calendar. */
export const turns: Readonly<Record<CalendarPart, number>> = {
  day: millisecondsPerDay,
  week: 7 * millisecondsPerDay,
  year: 365.2425 * millisecondsPerDay,
};

/** Number of features of some parts. */
export const calendarFeatures = (parts: readonly CalendarPart[]): number => numbersPerPart * parts.length;

/** Writes the features of a moment, in milliseconds since 1970 UTC. */
export function encodeCalendar(
  parts: readonly CalendarPart[],
  moment: number,
  features: Float64Array,
  start: number,
): void {
  parts.forEach((part, i) => {
    const turn = moment / turns[part];
    const angle = 2 * Math.PI * (turn - Math.floor(turn));
    features.set(
      [Math.cos(angle), Math.sin(angle), Math.cos(2 * angle), Math.sin(2 * angle)],
      start + numbersPerPart * i,
    );
  });
}

/**
 * The parts that say something of moments: those that are longer than the step they are recorded at, and come round within their range. Nothing
 * can be learnt of a season from a part of a year.
 */
export function calendarOf(step: number, first: number, last: number): readonly CalendarPart[] {
  return calendarParts.filter((part) => 2 * step <= turns[part] && last - first >= 2 * turns[part] * 0.9);
}
