/**
 * The kinds that a model file may name: the library's, and those that users have registered.
 *
 * @module
 */

import { FormatError, UsageError } from "../errors.ts";
import { modelKinds, otherKinds } from "./kinds.ts";

const libraryKinds: ReadonlySet<string> = /* @__PURE__ */ new Set<string>([...modelKinds, ...otherKinds]);
const registered: Set<string> = /* @__PURE__ */ new Set();

/**
 * Refuses a name that is one of the library's kinds, or empty.
 * @throws {@link UsageError} that says what to do.
 */
export function checkOwnKind(where: string, subject: string, kind: string): void {
  if (kind !== "" && !libraryKinds.has(kind)) return;
  throw new UsageError({
    where,
    problem: `${subject} is ${kind === "" ? "empty" : `${JSON.stringify(kind)}, one of the library's own`}`,
    expected: "a name of your own",
    received: JSON.stringify(kind),
    remedy: "give yours another name",
  });
}

/**
 * Makes the kind of a user's architecture known.
 * @throws {@link UsageError} for one of the library's.
 */
export function registerKind(kind: string): void {
  checkOwnKind("register", "a name in architectures", kind);
  registered.add(kind);
}

/**
 * Refuses a kind that is not known, of a model file.
 * @throws {@link FormatError} that says how to register it.
 */
export function checkKnownKind(kind: string): void {
  if (libraryKinds.has(kind) || registered.has(kind)) return;
  const name = JSON.stringify(kind);
  throw new FormatError({
    problem: `it is of the kind ${name}, which this version does not know`,
    expected: "a kind of the library's or one that is registered",
    received: name,
    remedy: `if it is your own, name it before the model is saved or read: register({ architectures: [${name}] })`,
  });
}
