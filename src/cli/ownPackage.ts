/**
 * A module of the user's can import `pushforward`, or a subpath of it, wherever it lies: the name stands for the package that
 * runs, and not for what a `node_modules` folder near the module happens to hold, so that there is one copy of it in the process.
 *
 * @module
 */

import * as nodeModule from "node:module";

type Resolved = { readonly url: string; readonly shortCircuit?: boolean };
type Resolve = (name: string, context: object, next: (name: string, context: object) => Resolved) => Resolved;

/** What Node's hooks are called with in a thread of their own: a module without imports, so that it can be a data URL. */
const hooksSource = `
let own;
export const initialize = ({ parentURL }) => { own = parentURL; };
export const resolve = (name, context, next) =>
  next(name, /^pushforward(\\/|$)/.test(name) ? { ...context, parentURL: own } : context);
`;

let isDone = false;

/**
 * From now on `pushforward` and its subpaths are found as the built command line finds them: a module of a package may import the
 * package by its name.
 *
 * @param parentURL - URL of a module of the package.
 */
export function resolveOwnPackage(parentURL: string): void {
  if (isDone) return;
  isDone = true;
  // Newer versions of Node run hooks in the same thread, and give up the older way.
  const { registerHooks } = nodeModule as { registerHooks?: (hooks: { resolve: Resolve }) => void };
  if (registerHooks) {
    registerHooks({
      resolve: (name, context, next) =>
        next(name, /^pushforward(\/|$)/.test(name) ? { ...context, parentURL } : context),
    });
    return;
  }
  nodeModule.register(`data:text/javascript,${encodeURIComponent(hooksSource)}`, { data: { parentURL } });
}
