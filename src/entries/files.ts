/**
 * Files, before there is work: whether one can be written, whether two names are one file, what a name says of its content; and what a
 * process that ends leaves of those that it writes.
 *
 * @module pushforward/files
 */

export { checkWritable, isSameFile } from "../platform/files.ts";
export { removeTemporaryFiles, watchTemporaryFiles } from "../platform/temporaryFiles.ts";
export { type FileKind, fileKind } from "../tables/reading/fileFormat.ts";
