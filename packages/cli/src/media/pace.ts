/**
 * When to send each packet, so that a file leaves at the speed it plays.
 * @module
 */
import { READ_AHEAD_PACKETS_MAX } from "../limits.ts";
import type { MediaClock } from "./media-clock.ts";
import type { MediaPacket } from "./media-input.ts";

/**
 * One track's packets, each given out when it is due: when it, or any packet known to follow it in decode order, is to be
 * shown. So a picture that others refer to leaves before them, and a gap in the track is waited out. Packets are read
 * ahead, but nothing waits for those that a live input does not have yet.
 */
export class Pace {
	readonly #ahead: MediaPacket[] = [];
	#isOver = false;
	#isClosed = false;
	#failure: { readonly thrown: unknown } | undefined;
	/** Resolves when a packet came or none will come. */
	#changed: PromiseWithResolvers<void> = Promise.withResolvers();
	/** Resolves when there is room again. */
	#room: PromiseWithResolvers<void> = Promise.withResolvers();

	/** Begins to read at once. */
	constructor(packets: AsyncIterable<MediaPacket>) {
		void this.#read(packets);
	}

	/** The next packet, due or not; undefined at the end. @throws whatever reading the input failed with. */
	async peek(): Promise<MediaPacket | undefined> {
		while (this.#ahead.length === 0 && !this.#isOver) await this.#changed.promise;
		const [head] = this.#ahead;
		if (head === undefined && this.#failure !== undefined) throw this.#failure.thrown;
		return head;
	}

	/**
	 * The next packet when it is due; undefined at the end, and when the clock has stopped. Its time on the clock is `offsetUs` after the
	 * packet's own. @throws whatever reading the input failed with.
	 */
	async next(clock: MediaClock, offsetUs: number): Promise<MediaPacket | undefined> {
		for (;;) {
			const head = await this.peek();
			if (head === undefined || this.#isClosed || clock.isStopped) return undefined;
			const dueUs = this.#ahead.reduce((least, packet) => Math.min(least, packet.timestampUs), head.timestampUs);
			if (!(await clock.reach(dueUs + offsetUs, this.#changed.promise)) || this.#isClosed) continue;
			this.#ahead.shift();
			this.#room.resolve();
			return head;
		}
	}

	/** Read no more; whoever waits for a packet gets none. */
	close(): void {
		this.#isClosed = true;
		this.#isOver = true;
		this.#ahead.length = 0;
		this.#room.resolve();
		this.#tell();
	}

	async #read(packets: AsyncIterable<MediaPacket>): Promise<void> {
		try {
			for await (const packet of packets) {
				if (this.#isClosed) return;
				this.#ahead.push(packet);
				this.#tell();
				while (this.#ahead.length >= READ_AHEAD_PACKETS_MAX && !this.#isClosed) {
					this.#room = Promise.withResolvers();
					await this.#room.promise;
				}
			}
		} catch (thrown) {
			// What was read before is sent first; then `peek` throws it.
			if (!this.#isClosed) this.#failure = { thrown };
		}
		this.#isOver = true;
		this.#tell();
	}

	#tell(): void {
		const { resolve } = this.#changed;
		this.#changed = Promise.withResolvers();
		resolve();
	}
}
