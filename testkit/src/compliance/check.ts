/**
 * One rule of the transport port as a runnable check.
 * @module
 */
import type { TransportFeature } from "./factory.ts";
import type { Harness } from "./harness.ts";

/** A sentence of the port and how to see whether a transport keeps it. */
export interface Check {
	/** Begins with the member of the port that it is about. */
	readonly title: string;
	/** Runs only on carriers that have it. */
	readonly needs?: TransportFeature;
	/** Rejects when the transport breaks the rule. */
	readonly run: (pair: Harness) => Promise<void>;
}
