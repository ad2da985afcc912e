/**
 * The errors of the library, which `pushforward` has too, and what errors of the system mean: for a program that tells them before it
 * has loaded anything else.
 *
 * @module pushforward/errors
 */

export {
  AbortedError,
  DataError,
  FormatError,
  NumericalError,
  PushforwardError,
  ShapeError,
  UsageError,
} from "../errors.ts";
export { oneLine, plainLines } from "../oneLine.ts";
export { checkAddressLimit } from "../platform/addressSpace.ts";
export { isOutOfMemory, reasonOf } from "../platform/platform.ts";
