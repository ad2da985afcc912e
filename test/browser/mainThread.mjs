/**
 * What the main thread of a page in Chromium does in one piece, from a trace: of the processor, which says the same however
 * much else the machine does, and by the clock.
 *
 * @module
 */

const mark = "whose main thread";

/**
 * Does something with a page, and gives what came of it and the tasks of its main thread meanwhile, in milliseconds.
 *
 * `untilMark` is what all threads of the page took until the page's own `performance.mark` of that name.
 */
export async function mainThreadOf(page, act) {
  const browser = page.context().browser();
  await browser.startTracing(page, { categories: ["toplevel", "devtools.timeline", "blink.user_timing"] });
  let result;
  let bytes;
  try {
    result = await act();
    // The browser has pages of its own: ours is where this was said.
    await page.evaluate((name) => performance.mark(name), mark);
  } finally {
    bytes = await browser.stopTracing();
  }
  const { traceEvents } = JSON.parse(bytes.toString());
  const { pid, tid } = traceEvents.find(({ name }) => name === mark);
  const ofPage = traceEvents.filter(
    (event) => event.pid === pid && event.ph === "X" && event.name.endsWith("RunTask"),
  );
  return {
    result,
    tasks: ofPage
      .filter((event) => event.tid === tid)
      .map(({ dur, tdur = 0 }) => ({ clock: dur / 1000, processor: tdur / 1000 })),
    untilMark(name) {
      const at = traceEvents.find((event) => event.pid === pid && event.name === name)?.ts;
      return ofPage.reduce((sum, { ts, tdur = 0 }) => sum + (ts < at ? tdur / 1000 : 0), 0);
    },
  };
}
