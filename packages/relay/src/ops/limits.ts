/**
 * Every bound of the log: unit last, and what it protects.
 * @module
 */

/** Bytes of one text field, which a peer may have chosen. */
export const LOG_TEXT_BYTES_MAX: number = 256;

/** Bytes of a stack trace or a cause; our own text, but it may quote a peer's. */
export const LOG_STACK_BYTES_MAX: number = 4096;

/** Characters looked at for each byte kept, so that a token is whole when it is hidden; bounds the work on a long text. */
export const LOG_LOOK_AHEAD: number = 64;

/** Fields of one line; more than any caller has. */
export const LOG_FIELDS_MAX: number = 32;

/** Lines of one event and reason per window; beyond it they are counted. A flood must not fill a disk or the loop. */
export const LOG_REPEATS_MAX: number = 200;

/** Lines of one event per window, whatever their reasons: some name what a peer chose, so that each is a new kind. */
export const LOG_EVENT_REPEATS_MAX: number = 1000;

/** Milliseconds of the window that repeats are counted in. */
export const LOG_WINDOW_MS: number = 1000;

/** Kinds of lines that are counted apart; the table starts anew beyond it. */
export const LOG_KINDS_MAX: number = 1024;
