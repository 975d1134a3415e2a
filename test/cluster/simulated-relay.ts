/**
 * One relay of a simulated cluster: core's own routing table and sessions, on virtual time.
 * @module
 */
import {
	type Announcement,
	CLUSTER_SESSION_LIMITS,
	type Connection,
	GRANT_ALL,
	LocalBroadcast,
	type LocalTrack,
	Origin,
	Session,
} from "@moq-relay/core";
import type { VirtualClock } from "@moq-relay/testkit";

/** Something published here. */
export interface Published {
	readonly path: string;
	readonly track: LocalTrack;
	/** Its first byte in every frame: who reads one knows which life of which publisher it is from. */
	readonly mark: number;
	/** Groups written so far. */
	written: number;
}

/** One life of a relay; a crash ends it without a word. */
export class SimulatedRelay {
	readonly name: string;
	readonly origin: Origin;
	readonly published: Map<string, Published> = new Map();
	readonly #clock: VirtualClock;

	constructor(name: string, clock: VirtualClock) {
		this.name = name;
		this.#clock = clock;
		const id = 1 + Math.floor(clock.random() * Number.MAX_SAFE_INTEGER * 0.99);
		this.origin = new Origin({
			clock,
			id,
			onFault: (thrown) => {
				throw thrown;
			},
		});
	}

	/** Take part in a connection; `onEnd` once. */
	serve(connection: Connection, onEnd: () => void): Session {
		return new Session(connection, {
			clock: this.#clock,
			origin: this.origin,
			authorise: (_path, decide) => decide(GRANT_ALL),
			limits: CLUSTER_SESSION_LIMITS,
			sink: { onReady: () => {}, onEnd },
		});
	}

	publish(path: string, mark: number): Announcement {
		const broadcast = new LocalBroadcast();
		const announcement = this.origin.announce(path, { hops: [], cost: 0 }, broadcast);
		if (typeof announcement === "string") throw new Error(`${this.name} refuses ${path}: ${announcement}`);
		this.published.set(path, { path, track: broadcast.track("t"), mark, written: 0 });
		return announcement;
	}

	/** Write one group to each broadcast of ours. */
	write(): void {
		for (const published of this.published.values()) {
			const group = published.track.group();
			for (let frame = 0; frame < FRAMES; frame++) {
				group.frame({ timestamp: frame, payload: payloadOf(published.mark, published.written, frame) });
			}
			group.finish();
			published.written += 1;
		}
	}
}

/** Frames in each group. */
export const FRAMES: number = 2;

/** What a frame holds: all of it follows from where it belongs. */
export function payloadOf(mark: number, group: number, frame: number): Uint8Array {
	const payload = new Uint8Array(60 + ((mark * 31 + group * 7 + frame) % 200));
	for (let at = 0; at < payload.length; at++) payload[at] = (mark * 17 + group * 5 + frame * 3 + at) & 0xff;
	new DataView(payload.buffer).setUint32(0, mark);
	new DataView(payload.buffer).setUint32(4, group);
	return payload;
}
