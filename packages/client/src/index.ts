export { Backoff } from "./backoff.ts";
export { dial } from "./dial.ts";
export { DialError, type DialFailure } from "./dial-error.ts";
export type { DialOptions, DialTls } from "./dial-options.ts";
export { Link } from "./link.ts";
export type { LinkDown, LinkOptions, LinkSink, LinkUp } from "./link-options.ts";
export { describeEnd, isRefusal, urlShown } from "./session-end.ts";
export { systemClock } from "./system-clock.ts";
export { tokenExpiryMs } from "./token-expiry.ts";
