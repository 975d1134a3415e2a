/** A live broadcast whose groups say when they were written, so that whoever sees one can tell its age and its sequence. */
import { dial, Link, systemClock } from "@moq-relay/client";
import { GRANT_ALL, LocalBroadcast, type LocalTrack, Origin } from "@moq-relay/core";

/** Bytes of a group's stamp: its sequence number, and the time of its writing in ms of this process. */
export const STAMP_BYTES = 16;
export const TRACK = "video";

/** What to publish, and how much. */
export interface LiveTask {
	readonly url: URL;
	readonly broadcast: string;
	/** Bytes of one group, of one frame; the stamp included. */
	readonly groupBytes?: number;
	/** Time from one group to the next, in ms; without it, groups are written by `write` alone. */
	readonly everyMs?: number;
}

/** A publisher that comes back by itself; its groups count on whatever happens to its relay. */
export class LivePublisher implements Disposable {
	readonly #link: Link;
	readonly #track: LocalTrack;
	readonly #groupBytes: number;
	readonly #timer: NodeJS.Timeout | undefined;
	#bytesBefore = 0;
	#connection: { stats(): { readonly bytesSent: number } } | undefined;
	/** Groups so far; the next one's sequence number. */
	written = 0;

	constructor({ url, broadcast, groupBytes = 1000, everyMs }: LiveTask) {
		const origin = new Origin({ clock: systemClock, id: 1 + Math.floor(Math.random() * 2 ** 40) });
		this.#groupBytes = groupBytes;
		const content = new LocalBroadcast();
		this.#track = content.track(TRACK, { timescale: 1000 });
		origin.announce(broadcast, { hops: [], cost: 0 }, content);
		this.#link = new Link({
			urls: [url],
			origin,
			grant: { ...GRANT_ALL, cluster: false },
			dial: (to, signal) => dial(to, { signal, tls: { disableVerify: true }, transport: QUICK }),
			sink: {
				onUp: ({ connection }) => {
					this.#bytesBefore = this.bytesSent;
					this.#connection = connection;
				},
				onDown: () => {},
			},
		});
		if (everyMs !== undefined) this.#timer = setInterval(() => this.write(), everyMs);
	}

	/** Bytes that its connections have sent, headers of QUIC included. */
	get bytesSent(): number {
		return this.#bytesBefore + (this.#connection?.stats().bytesSent ?? 0);
	}

	/** One more group. */
	write(): void {
		const payload = new Uint8Array(this.#groupBytes).fill(this.written);
		const view = new DataView(payload.buffer);
		view.setFloat64(0, this.written);
		view.setFloat64(8, performance.now());
		const group = this.#track.group();
		group.frame({ timestamp: Math.round(performance.now()), payload });
		group.finish();
		this.written += 1;
	}

	[Symbol.dispose](): void {
		clearInterval(this.#timer);
		this.#link.close();
	}
}

/** A relay that was killed says nothing; clients of a drill notice within a second. */
export const QUICK: { readonly idleTimeoutMs: number; readonly keepAliveMs: number } = {
	idleTimeoutMs: 1000,
	keepAliveMs: 250,
};
