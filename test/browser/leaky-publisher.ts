import { dial, Link, systemClock } from "@moq-relay/client";
import {
	type Broadcast,
	GRANT_ALL,
	type Group,
	LocalBroadcast,
	type LocalTrack,
	Origin,
	readGroup,
} from "@moq-relay/core";

/** What it republishes as what, and which groups of video get lost. */
export interface LeakyTask {
	readonly url: URL;
	readonly from: string;
	readonly to: string;
	readonly isLost: (sequence: number) => boolean;
}

/** Takes a broadcast from a relay and gives it back under another name, without some of its groups of video. */
export class LeakyPublisher {
	readonly #task: LeakyTask;
	readonly #origin = new Origin({ clock: systemClock, id: 1 + Math.floor(Math.random() * 2 ** 40) });
	readonly #link: Link;

	constructor(task: LeakyTask) {
		this.#task = task;
		this.#link = new Link({
			urls: [task.url],
			origin: this.#origin,
			grant: { ...GRANT_ALL, cluster: false },
			dial: (url, signal) => dial(url, { signal, tls: { disableVerify: true } }),
			sink: { onUp: () => {}, onDown: () => {} },
		});
		this.#origin.watch(task.from, {
			onStart: () => {},
			onActive: () => this.#republish(),
			onRestart: () => {},
			onUpdate: () => {},
			onEnded: () => {},
		});
	}

	close(): void {
		this.#link.close();
	}

	#republish(): void {
		const broadcast: LocalBroadcast = new LocalBroadcast({
			onUnknown: (name) => {
				const source = this.#origin.broadcast(this.#task.from);
				if (source !== undefined) this.#leak(source, broadcast.track(name));
			},
		});
		this.#origin.announce(this.#task.to, { hops: [], cost: 0 }, broadcast);
	}

	#leak(source: Broadcast, track: LocalTrack): void {
		const request = { priority: 1, ordered: false, latencyMs: 0, startGroup: undefined, endGroup: undefined };
		source.subscribe(track.name, request, {
			onInfo: () => {},
			onGroup: (group) => this.#pass(group, track),
			onDatagram: () => {},
			onDropped: () => {},
			onEnd: () => track.end(),
			onError: (code) => track.abort(code),
		});
	}

	#pass(group: Group, track: LocalTrack): void {
		const copy = track.group();
		if (track.name.startsWith("video") && this.#task.isLost(group.sequence)) {
			copy.abort(0);
			return;
		}
		readGroup(group, {
			onFrame: (frame) => copy.frame({ timestamp: frame.timestamp, payload: frame.payload.slice() }),
			onEnd: () => copy.finish(),
			onAbort: (code) => copy.abort(code),
		});
	}
}
