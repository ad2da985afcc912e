/** What the tests of the page share: a visit to it, and what is read there. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser, Locator, Page } from "playwright-core";
import { expect, vi } from "vitest";
import { type Shift, shiftsOf } from "../layoutShifts.mjs";
import type { serve } from "../serve.mjs";

/** `npm run test:browsers` runs the same in Firefox. */
export const isFirefox: boolean = process.env.BROWSER === "firefox";

/** A browser with the page open, for all tests that need no page of their own. */
export interface Visit {
  readonly browser: Browser;
  readonly host: Awaited<ReturnType<typeof serve>>;
  readonly page: Page;
  /** What the first visit has asked its host for, until it was trained. */
  readonly firstRequests: readonly string[];
  /** A folder for files, removed at the end. */
  readonly folder: string;
  /** Opens the page by a link; without a service worker, which would fetch all that there is. */
  open(link: string, size?: readonly [number, number]): Promise<Page>;
}

/** What has moved on a page by itself; nothing in a browser that does not count it. */
export async function moved(page: Page): Promise<readonly Shift[]> {
  // Shifts are told behind their frame.
  await page.waitForTimeout(100);
  return await shiftsOf(page);
}

/** How long the page may take on a machine that does other work, too, and how often it is asked. */
export const patience = { timeout: 30_000, interval: 100 };

const axe = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

/**
 * Waits until each flow on the page has come to its end: that of what is chosen now, as the page says from the moment of the choice. It asks
 * from outside: Firefox does not promise frames to a page that it takes for hidden.
 */
export async function trained(page: Page): Promise<void> {
  const isTrained = (): Promise<boolean> =>
    page.evaluate(() => {
      const phases = Array.from(
        document.querySelectorAll("figcaption .note"),
        ({ textContent }) => textContent,
      );
      return phases.length > 0 && phases.every((phase) => phase === "done");
    });
  await vi.waitFor(async () => expect(await isTrained()).toBe(true), { timeout: 90_000, interval: 100 });
}

/** A number of the page, whose minus is a true one. */
export async function numberOf(page: Page, selector: string): Promise<number> {
  return Number((await page.locator(selector).first().textContent())!.replace("−", "-"));
}

/** A digest of what the first picture shows. A worker draws it: wait for what is expected. */
export async function pictureOf(page: Page): Promise<string> {
  const picture = await page.evaluate(() =>
    document.querySelector<HTMLCanvasElement>(".picture canvas")!.toDataURL(),
  );
  return createHash("sha256").update(picture).digest("hex");
}

/** The same, once nothing that was asked for before is still to be drawn. */
export async function settledPictureOf(page: Page): Promise<string> {
  for (let last = "", next = await pictureOf(page); ; last = next, next = await pictureOf(page)) {
    if (next === last) return next;
    await page.waitForTimeout(500);
  }
}

/** Types over what is in a field, key by key: by WebDriver BiDi `fill` leaves what was there. */
export async function write(field: Locator, text: string): Promise<void> {
  await field.focus();
  await field.page().keyboard.press("ControlOrMeta+A");
  await field.page().keyboard.type(text);
}

/** What a button gives to download. Firefox announces the downloads of a page without the number that Playwright asks for. */
export async function downloadOf(page: Page, name: string): Promise<Buffer> {
  const button = page.getByRole("button", { name });
  if (!isFirefox) {
    const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
    return readFileSync(await download.path());
  }
  await page.evaluate(() => {
    const create = URL.createObjectURL.bind(URL);
    (globalThis as unknown as { offered: Promise<Blob> }).offered = new Promise((resolve) => {
      URL.createObjectURL = (blob: Blob) => {
        URL.createObjectURL = create;
        resolve(blob);
        return create(blob);
      };
    });
  });
  await button.click();
  const bytes = await page.evaluate(async () => {
    const blob = await (globalThis as unknown as { offered: Promise<Blob> }).offered;
    return Array.from(new Uint8Array(await blob.arrayBuffer()));
  });
  return Buffer.from(bytes);
}

/** Drops a file on the page. */
export function drop(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  return page.evaluate(
    ([of, numbers]) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(numbers)], of));
      dispatchEvent(new DragEvent("drop", { dataTransfer: data }));
    },
    [name, Array.from(bytes)] as const,
  );
}

/** What axe has to say of a page, in light and dark. */
export async function findings(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found: string[] = [];
  for (const theme of ["Dark", "Light"]) {
    // Of another theme only the colors are others.
    const { violations } = await page.evaluate(
      (options) =>
        (globalThis as unknown as { axe: typeof import("axe-core") }).axe.run(
          // Of many rows that are alike the first.
          { exclude: [".strange tbody tr:nth-child(n + 4)"] },
          options,
        ),
      {
        resultTypes: ["violations" as const],
        ...(theme === "Light" ? { runOnly: ["color-contrast"] } : {}),
      },
    );
    found.push(...violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`));
    await page.getByRole("button", { name: theme, exact: true }).click();
  }
  return found;
}
