import type { Page } from "playwright-core";

/** A shift: how much of the window moved by how much of it, and what. */
export interface Shift {
  readonly value: number;
  readonly of: string;
}

export function watchShifts(): void;
export function shiftsOf(page: Page): Promise<readonly Shift[]>;
