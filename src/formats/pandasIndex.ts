/**
 * The columns that pandas writes its index into.
 *
 * @module
 */

/**
 * Names of the index columns.
 * @param text - What pandas says of the table, under the key `pandas` of a file's metadata.
 * @param names - Names of the file's columns.
 */
export function pandasIndex(text: string | undefined, names: Iterable<string>): ReadonlySet<string> {
  const indexNames = new Set<string>();
  try {
    const { index_columns: columns } = JSON.parse(text ?? "{}") as { index_columns?: unknown };
    // An index of consecutive numbers is described, not written: then there is an object in the place of a name.
    if (Array.isArray(columns))
      for (const name of columns) if (typeof name === "string") indexNames.add(name);
  } catch {
    // Whatever it is, it is not what pandas writes.
  }
  for (const name of names) if (/^__index_level_\d+__$/.test(name)) indexNames.add(name);
  return indexNames;
}
