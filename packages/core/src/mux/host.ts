/**
 * What the parts of a multiplexed connection ask of the whole.
 * @module
 */
import type { MuxFraming } from "@moq-relay/wire";
import type { Clock } from "../clock.ts";

/** The whole, as its parts see it. */
export interface MuxHost {
	readonly framing: MuxFraming;
	readonly server: boolean;
	readonly clock: Clock;
	/** False from the first moment of the end on. */
	readonly alive: boolean;
	/** Tell core, outside of any call of core's. */
	post(event: () => void): void;
	/** Something may have become sendable: a turn to send will come. */
	wake(): void;
	/** Send a small frame ahead of all streams. */
	sendControl(frame: Uint8Array): void;
}
