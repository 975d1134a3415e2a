/**
 * Streams of one kind that the peer opens: how many it may, and which ids it has used up.
 * @module
 */
import { Code, Malformed } from "@moq-relay/wire";

/**
 * Opening a stream opens all lower ones of its kind, in QUIC's count. Peers send by priority, so that a lower one may show
 * up later: those are remembered, at most as many as may be open.
 */
export class PeerStreams {
	readonly #openMax: number;
	#limit: number;
	#next = 0;
	#closed = 0;
	#unseen = new Set<number>();

	/** `openMax`: how many may be open at once. */
	constructor(openMax: number) {
		this.#openMax = openMax;
		this.#limit = openMax;
	}

	/**
	 * Whether stream `index` shows up for the first time; it is open from now on.
	 * @throws Malformed beyond the limit that the peer was told.
	 */
	see(index: number): boolean {
		if (index >= this.#limit)
			throw new Malformed(`stream limit: stream ${index} of ${this.#limit}`, Code.ProtocolViolation);
		if (index < this.#next) return this.#unseen.delete(index);
		for (let skipped = this.#next; skipped < index; skipped++) this.#unseen.add(skipped);
		this.#next = index + 1;
		return true;
	}

	/** One that was seen is over. */
	close(): void {
		this.#closed++;
	}

	/** Whether a new limit is worth a frame: half of them are used up. */
	get updateDue(): boolean {
		return this.#limit - this.#closed <= this.#openMax / 2;
	}

	/** The new limit to tell the peer; from now on it holds. */
	takeUpdate(): number {
		this.#limit = this.#closed + this.#openMax;
		return this.#limit;
	}
}
