/** What tables and their columns are called. */

/** The name of a file without its end, and without the one before it where it is compressed. */
export const stemOf = (name: string): string => name.replace(/\.gz$/i, "").replace(/\.\w{1,11}$/, "");

/** More names than so many say no more. */
const mostNamed = 8;

/** Names one after the other; of many the first, and how many others there are. */
export const listed = (names: readonly string[]): string =>
  names.length <= mostNamed + 1
    ? names.join(", ")
    : `${names.slice(0, mostNamed).join(", ")} and ${names.length - mostNamed} others`;
