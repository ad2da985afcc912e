/**
 * A module of the user's can `import "pushforward"` wherever it lies: the name stands for the package that runs, and not for
 * what a `node_modules` folder near the module happens to hold, so that there is one copy of it in the process.
 *
 * @module
 */

import * as nodeModule from "node:module";

type Resolved = { readonly url: string; readonly shortCircuit?: boolean };
type Resolve = (
  name: string,
  context: unknown,
  next: (name: string, context: unknown) => Resolved,
) => Resolved;

/** What Node's hooks are called with in a thread of their own: a module without imports, so that it can be a data URL. */
const hooksSource = `
let own;
export const initialize = ({ url }) => { own = url; };
export const resolve = (name, context, next) =>
  name === "pushforward" ? { url: own, shortCircuit: true } : next(name, context);
`;

let isDone = false;

/**
 * From now on `import "pushforward"` gives the library at this URL.
 *
 * @param library - URL of the built library, `dist/index.js`.
 */
export function resolveOwnPackage(library: string): void {
  if (isDone) return;
  isDone = true;
  // Newer versions of Node run hooks in the same thread, and give up the older way.
  const { registerHooks } = nodeModule as { registerHooks?: (hooks: { resolve: Resolve }) => void };
  if (registerHooks) {
    registerHooks({
      resolve: (name, context, next) =>
        name === "pushforward" ? { url: library, shortCircuit: true } : next(name, context),
    });
    return;
  }
  nodeModule.register(`data:text/javascript,${encodeURIComponent(hooksSource)}`, { data: { url: library } });
}
