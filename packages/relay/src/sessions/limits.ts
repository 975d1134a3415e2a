/**
 * Bounds of the care for sessions.
 * @module
 */

/** Sessions judged again before the event loop gets a turn; one judgement is a signature, well below a millisecond. */
export const REVIEWS_PER_TURN: number = 16;
