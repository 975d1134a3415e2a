/**
 * Whether a setting can change while the relay runs, in the words of the reference page.
 * @module
 */

/** Sockets are bound once. */
export const RELOAD_SOCKET: string = "no: the socket is bound at start";

/** Read once, since running sessions depend on it. */
export const RELOAD_START: string = "no: sessions that run depend on it";

/** Read once, since links to other relays depend on it. */
export const RELOAD_LINKS: string = "no: links to other relays depend on it";

/** Certificates are looked at again; where they are is read once. */
export const RELOAD_FILES: string = "content: yes, the files are watched; place: no";

/** Read again for every dial; where they are is read once. */
export const RELOAD_DIAL: string = "content: yes, read for every dial; place: no";
