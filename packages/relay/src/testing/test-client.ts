/**
 * A client of the relay inside a test: our own session over whatever `dial` finds.
 * @module
 */
import { type DialOptions, dial, systemClock } from "@moq-relay/client";
import {
	type Broadcast,
	type Connection,
	type Frame,
	GRANT_ALL,
	type Group,
	LocalBroadcast,
	type LocalTrack,
	Origin,
	readGroup,
	SESSION_LIMITS,
	Session,
	type SessionEnd,
} from "@moq-relay/core";

/** One session with a routing table of its own. */
export interface TestClient {
	readonly connection: Connection;
	readonly session: Session;
	readonly origin: Origin;
	readonly version: string;
	/** Resolves when the session ends. */
	readonly ended: Promise<SessionEnd>;
}

/** Dial and wait until the session is ready. */
export async function connect(url: URL, options: DialOptions = {}): Promise<TestClient> {
	const connection = await dial(url, { engine: null, tls: { disableVerify: true }, ...options });
	const origin = new Origin({ clock: systemClock, id: 1 + Math.floor(Math.random() * 2 ** 40) });
	const ready = Promise.withResolvers<string>();
	const ended = Promise.withResolvers<SessionEnd>();
	const session = new Session(connection, {
		clock: systemClock,
		origin,
		authorise: (_path, decide) => decide(GRANT_ALL),
		limits: SESSION_LIMITS,
		path: `${url.pathname}${url.search}`,
		sink: {
			onReady: (version) => ready.resolve(version),
			onEnd: (end) => {
				ended.resolve(end);
				ready.reject(new Error(`session ended: ${end.code} ${end.reason}`));
			},
		},
	});
	return { connection, session, origin, version: await ready.promise, ended: ended.promise };
}

/** Publish a broadcast with one track. */
export function publish(client: TestClient, path: string, track: string): LocalTrack {
	const broadcast = new LocalBroadcast();
	client.origin.announce(path, { hops: [], cost: 0 }, broadcast);
	return broadcast.track(track);
}

/** Write one whole group. */
export function writeGroup(track: LocalTrack, payloads: readonly Uint8Array[]): void {
	const group = track.group();
	payloads.forEach((payload, at) => {
		group.frame({ timestamp: at, payload });
	});
	group.finish();
}

/** The broadcast, once it is announced to the client. */
export function announced(client: TestClient, path: string): Promise<Broadcast> {
	return new Promise((resolve) => {
		const found = (): boolean => {
			const broadcast = client.origin.broadcast(path);
			if (broadcast !== undefined) resolve(broadcast);
			return broadcast !== undefined;
		};
		if (found()) return;
		const watch = client.origin.watch(path, {
			onStart: () => {},
			onActive: () => {
				if (found()) setImmediate(() => watch.close());
			},
			onRestart: () => {},
			onUpdate: () => {},
			onEnded: () => {},
		});
	});
}

/** One group as a viewer got it. */
export interface ViewedGroup {
	readonly sequence: number;
	readonly frames: readonly Frame[];
	/** Undefined: complete. */
	readonly aborted: number | undefined;
}

/** A subscription that collects whole groups. */
export class Viewer {
	readonly groups: ViewedGroup[] = [];
	readonly errors: number[] = [];
	readonly #waiting: { count: number; resolve: () => void }[] = [];
	readonly #subscription: { close(): void };

	constructor(broadcast: Broadcast, track: string) {
		this.#subscription = broadcast.subscribe(
			track,
			{ priority: 1, ordered: false, latencyMs: 10_000, startGroup: undefined, endGroup: undefined },
			{
				onInfo: () => {},
				onGroup: (group) => this.#read(group),
				onDatagram: () => {},
				onDropped: () => {},
				onEnd: () => {},
				onError: (code) => this.errors.push(code),
			},
		);
	}

	/** Resolves when so many groups are over. */
	async until(count: number): Promise<readonly ViewedGroup[]> {
		if (this.groups.length < count) await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
		return this.groups;
	}

	close(): void {
		this.#subscription.close();
	}

	#read(group: Group): void {
		const frames: Frame[] = [];
		const over = (aborted: number | undefined): void => {
			this.groups.push({ sequence: group.sequence, frames, aborted });
			for (const { count, resolve } of this.#waiting) if (this.groups.length >= count) resolve();
		};
		readGroup(group, {
			onFrame: (frame) => frames.push(frame),
			onEnd: () => over(undefined),
			onAbort: (code) => over(code),
		});
	}
}
