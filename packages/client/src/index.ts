export { Backoff } from "./backoff.ts";
export type { LinkDown, LinkOptions, LinkSink, LinkUp } from "./link.ts";
export { Link } from "./link.ts";
export { describeEnd, isRefusal } from "./session-end.ts";
export { systemClock } from "./system-clock.ts";
