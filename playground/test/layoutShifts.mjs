/**
 * What moves on a page by itself: layout shifts as Chromium counts them, but those of the half second behind a click or a key.
 *
 * @module
 */

/** Notes them, from before the page begins; where a browser does not count them there are none. */
export function watchShifts() {
  globalThis.shifts = [];
  if (!PerformanceObserver.supportedEntryTypes.includes("layout-shift")) return;
  /** What moved, as a selector, and its text. */
  const named = ({ node, previousRect: before, currentRect: after }) => {
    const element = node instanceof Element ? node : node?.parentElement;
    if (!element) return "something that is gone";
    const names = [element.parentElement, element].map((each) =>
      each ? [each.localName, ...each.classList].join(".") : "",
    );
    const moved = [before, after].map(({ x, y }) => `${Math.round(x)},${Math.round(y)}`).join(" to ");
    return `${names.join(" > ")} "${(node.textContent ?? "").slice(0, 40)}" from ${moved}`;
  };
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources } of list.getEntries())
      if (!hadRecentInput) globalThis.shifts.push({ value, of: sources.map(named).join("; ") });
  }).observe({ type: "layout-shift", buffered: true });
}

/** Those so far: how much of the window moved by how much of it, and what. */
export const shiftsOf = (page) => page.evaluate(() => globalThis.shifts);
