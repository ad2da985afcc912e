/**
 * The profiles of radial maps by name. Nothing else is loaded with them.
 *
 * @module
 */

/** How the push of a `radialMap` falls off with the distance from its center. */
export type RadialProfile = "erf" | "algebraic" | "compact";

/** The profiles, the default of fits first. */
export const radialProfiles: readonly RadialProfile[] = ["algebraic", "erf", "compact"];
