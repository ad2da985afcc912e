/**
 * Whether the metadata of a Parquet file hang together, before they are followed: a schema whose columns have names and known
 * types, and groups of rows with columns of the schema.
 *
 * https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
 *
 * @module
 */

/** A structure of the compact protocol: fields by number, as hyparquet reads them. */
type Structure = Readonly<Record<string, unknown>>;

/** Physical types have numbers below this one. */
const physicalTypes = 8;
/** A schema nested deeper than any that is meant. */
const mostDepth = 100;

const isStructure = (value: unknown): value is Structure =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);

function structures(value: unknown, what: string): readonly Structure[] {
  if (!Array.isArray(value) || !value.every(isStructure)) throw new Error(`its metadata have no ${what}`);
  return value;
}

/** The name of a field for a message. */
function nameOf({ field_4: name }: Structure): string {
  if (!(name instanceof Uint8Array)) throw new Error("a column of its schema has no name");
  const text = new TextDecoder().decode(name);
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text);
}

/**
 * Checks a file's metadata.
 * @param metadata - The structure `FileMetaData`.
 * @throws Error that says what is damaged.
 */
export function checkMetadata(metadata: Structure): void {
  const leaves = countLeaves(structures(metadata.field_2, "schema"));
  structures(metadata.field_4, "groups of rows").forEach(({ field_1: list }, group) => {
    const columns = structures(list, "columns");
    if (columns.length > leaves)
      throw new Error(`group ${group + 1} of rows has ${columns.length} columns, its schema has ${leaves}`);
    for (const { field_3: metadata } of columns)
      if (metadata !== undefined && !(isStructure(metadata) && Array.isArray(metadata.field_3)))
        throw new Error(`a column in group ${group + 1} of rows does not say which it is`);
  });
}

/** Columns of single values in a schema, which is a tree written root first. */
function countLeaves(schema: readonly Structure[]): number {
  let leaves = 0;
  /** How many children are still to come, by depth. */
  const open: { readonly name: string; left: number }[] = [];
  schema.forEach((element, place) => {
    const name = nameOf(element);
    const parent = open.at(-1);
    if (place > 0 && !parent) throw new Error(`its schema has a column ${name} that belongs to nothing`);
    if (parent) parent.left--;
    const { field_5: children, field_1: type } = element;
    if (Number(children ?? 0) > 0) open.push({ name, left: Number(children) });
    else if (place > 0) {
      leaves++;
      if (!(Number.isInteger(type) && (type as number) >= 0 && (type as number) < physicalTypes))
        throw new Error(
          `column ${name} is of a type that Parquet does not have, number ${String(type ?? "none")}`,
        );
    }
    if (open.length > mostDepth) throw new Error(`its schema is nested more than ${mostDepth} deep`);
    while (open.at(-1)?.left === 0) open.pop();
  });
  const unfinished = open.at(-1);
  if (unfinished)
    throw new Error(`its schema ends before the last ${unfinished.left} columns of ${unfinished.name}`);
  return leaves;
}
