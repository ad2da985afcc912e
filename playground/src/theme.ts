/**
 * Light or dark: as the system has it, until somebody chooses.
 *
 * @module
 */

import { effect, type Signal, signal } from "@preact/signals";

export type Theme = "light" | "dark";

const dark = matchMedia("(prefers-color-scheme: dark)");

function stored(): Theme | undefined {
  try {
    const theme = localStorage.getItem("theme");
    return theme === "light" || theme === "dark" ? theme : undefined;
  } catch {
    // Storage may be forbidden: then the choice lasts as long as the page.
    return undefined;
  }
}

/** The theme of the page. */
export const theme: Signal<Theme> = signal(stored() ?? (dark.matches ? "dark" : "light"));

dark.addEventListener("change", ({ matches }) => {
  if (!stored()) theme.value = matches ? "dark" : "light";
});
effect(() => {
  document.documentElement.dataset.theme = theme.value;
});

/** Changes to the other theme, and keeps it for the next visit. */
export function switchTheme(): void {
  theme.value = theme.value === "dark" ? "light" : "dark";
  try {
    localStorage.setItem("theme", theme.value);
  } catch {
    // As above.
  }
}

/** Whether the visitor asks for less motion. */
export const wantsStillness = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;
