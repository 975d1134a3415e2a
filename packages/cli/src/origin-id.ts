/**
 * Who we are in the hops of what we announce.
 * @module
 */
import type { Clock } from "@moq-relay/core";

/** A new identity: nonzero, and below 2^53, which is all that some clients can read. */
export function originId(clock: Clock): number {
	return 1 + Math.floor(clock.random() * (Number.MAX_SAFE_INTEGER - 1));
}
