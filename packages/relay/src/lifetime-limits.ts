/**
 * Bounds of the relay's end.
 * @module
 */

/** How long a signal lets sessions go elsewhere before they are ended, in ms; with nobody connected it takes none of it. */
export const DRAIN_MS: number = 1000;

/** How long closing waits for the last words of sessions to be sent, in ms. */
export const CLOSE_MS: number = 300;
