/**
 * Schemas in files: JSON, to read, to change and to give to a fit.
 *
 * @module
 */

import { unreadable } from "../../errors.ts";
import { checkArgument, text } from "../../options.ts";
import { readFileBytes, writeFileAtomically } from "../../platform/files.ts";
import { checkSchema } from "./checkSchema.ts";
import type { TableSchema } from "./columnSchema.ts";

/**
 * Writes a schema as JSON, whole or not at all.
 * @throws UsageError for what is not a schema, FormatError if it cannot be written.
 */
export async function writeSchema(schema: TableSchema, path: string): Promise<void> {
  checkSchema("writeSchema", schema);
  checkArgument("writeSchema", "path", path, text);
  await writeFileAtomically(path, new TextEncoder().encode(`${JSON.stringify(schema, undefined, 2)}\n`));
}

/**
 * Reads a schema; what `pushforward describe --json` prints has one, too.
 * @throws FormatError for a file that is not there or not JSON, UsageError for what is not a schema.
 */
export async function readSchema(path: string): Promise<TableSchema> {
  checkArgument("readSchema", "path", path, text);
  const content = new TextDecoder().decode(await readFileBytes(path));
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch {
    throw unreadable(path, "is not JSON", {
      expected: "a schema",
      received: "other text",
      remedy: "writeSchema writes one of what describe finds",
    });
  }
  const schema = (json as { schema?: unknown } | null)?.schema ?? json;
  checkSchema(path, schema);
  return schema;
}
