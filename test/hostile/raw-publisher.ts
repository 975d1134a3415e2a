/**
 * A publisher that keeps to the rules until somebody watches, and then to none.
 * @module
 */
import {
	encodeAnnounce,
	encodeAnnounceOk,
	encodeGroupHeader,
	encodeTrackInfo,
	LITE_05,
	MessageReader,
	parsePath,
} from "@moq-relay/wire";
import { type FromRelay, RawPeer } from "./raw-peer.ts";
import { until } from "./until.ts";

/** A session of moq-lite-05 that announces. */
export class RawPublisher implements Disposable {
	readonly peer: RawPeer;
	readonly #interest: FromRelay;
	readonly #answered = new Set<FromRelay>();

	private constructor(peer: RawPeer, interest: FromRelay) {
		this.peer = peer;
		this.#interest = interest;
	}

	/** Connect, and answer the relay's interest. */
	static async open(port: number): Promise<RawPublisher> {
		const peer = await RawPeer.open(port);
		peer.setUp();
		const interest = await peer.interest();
		interest.send?.write(encodeAnnounceOk({ origin: ORIGIN, active: 0 }));
		return new RawPublisher(peer, interest);
	}

	/** Bytes on the announce stream, whatever they are. */
	say(bytes: Uint8Array): void {
		this.#interest.send?.write(bytes);
	}

	announce(name: string): void {
		this.say(announcement("active", name));
	}

	/** Wait until the relay has subscribed once more, answering what it asks of the track before; the subscription's id. */
	async subscribed(count = 1): Promise<number> {
		const subscriptions = (): FromRelay[] => this.peer.streams.filter(({ heard }) => heard[0]?.[0] === SUBSCRIBE);
		await until(
			() => {
				this.#answerTracks();
				return subscriptions().length >= count;
			},
			() => "the relay does not subscribe",
		);
		const stream = subscriptions()[count - 1];
		const reader = new MessageReader();
		reader.push(Buffer.concat(stream?.heard ?? []));
		reader.varint();
		// The id is the first field, and small.
		return reader.message()?.[0] ?? 0;
	}

	/** The beginning of a group stream. */
	group(subscribe: number, sequence: number): Uint8Array {
		return encodeGroupHeader({ subscribe, sequence });
	}

	[Symbol.dispose](): void {
		this.peer[Symbol.dispose]();
	}

	#answerTracks(): void {
		for (const stream of this.peer.streams) {
			if (stream.heard[0]?.[0] !== TRACK || this.#answered.has(stream)) continue;
			this.#answered.add(stream);
			stream.send?.write(encodeTrackInfo({ priority: 0, ordered: false, latencyMaxMs: 5000, timescale: 1000 }));
			stream.send?.finish();
		}
	}
}

/** ANNOUNCE of moq-lite-05. */
export function announcement(status: "active" | "ended", name: string): Uint8Array {
	return encodeAnnounce({ status, suffix: parsePath(name), hops: [] }, LITE_05);
}

const ORIGIN = 77;
const SUBSCRIBE = 2;
const TRACK = 6;
