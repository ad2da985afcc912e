/** How long something takes, in words. */

/** Below so many seconds nobody needs to be told. */
const worthSaying = 5;

/** A time in words, as near as one can say it before: "20 seconds", "3 minutes". */
export function about(seconds: number): string {
  if (seconds >= 90) return `${Math.round(seconds / 60)} minutes`;
  const near = seconds >= 10 ? 10 * Math.round(seconds / 10) : Math.max(1, Math.round(seconds));
  return near === 1 ? "1 second" : `${near} seconds`;
}

/** How long the rest of some work may take, by what it took so far; empty where that is not worth saying. */
export function toGo(seconds: number, done: number, of: number): string {
  const left = (seconds * (of - done)) / done;
  return done > 0 && seconds > 1 && left >= 1.5 && seconds + left > worthSaying
    ? `, about ${about(left)} to go`
    : "";
}

/** Seconds that a fit of mixed columns takes for each of them beside its training: on one core, and of a thousand rows or more. */
const perColumn = 0.35;

/** How long a fit of so many mixed columns takes beside its training; empty where that is not worth saying. */
export const besideTraining = (columns: number): string =>
  perColumn * columns > 2 * worthSaying ? about(perColumn * columns) : "";
