import type { Browser } from "playwright-core";

export declare const remedy: string;
export declare function findFirefox(): string | undefined;
export declare function launchFirefox(): Promise<Browser>;
