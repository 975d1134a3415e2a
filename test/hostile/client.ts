/**
 * An honest session of our own with a relay under attack.
 * @module
 */
import { type DialOptions, dial, systemClock } from "@moq-relay/client";
import {
	type Broadcast,
	CLIENT_SESSION_LIMITS,
	type Connection,
	GRANT_ALL,
	type Group,
	LocalBroadcast,
	type LocalTrack,
	Origin,
	readGroup,
	Session,
	type SessionEnd,
} from "@moq-relay/core";
import { until } from "./until.ts";

/** One session with a routing table of its own. */
export interface Client {
	readonly connection: Connection;
	readonly session: Session;
	readonly origin: Origin;
	/** Resolves when the session ends. */
	readonly ended: Promise<SessionEnd>;
}

/** Dial without looking at the certificate, and wait until the session is ready. Rejects when it ends first. */
export async function connect(url: URL, options: DialOptions = {}): Promise<Client> {
	const connection = await dial(url, { tls: { disableVerify: true }, webSocket: { enabled: false }, ...options });
	const origin = new Origin({ clock: systemClock, id: 1 + Math.floor(systemClock.random() * 2 ** 40) });
	const ready = Promise.withResolvers<string>();
	const ended = Promise.withResolvers<SessionEnd>();
	const session = new Session(connection, {
		clock: systemClock,
		origin,
		authorise: (_path, decide) => decide(GRANT_ALL),
		limits: CLIENT_SESSION_LIMITS,
		path: `${url.pathname}${url.search}`,
		sink: {
			onReady: (version) => ready.resolve(version),
			onEnd: (end) => {
				ended.resolve(end);
				ready.reject(new SessionEnded(end));
			},
		},
	});
	await ready.promise;
	return { connection, session, origin, ended: ended.promise };
}

/** The session ended before it was ready. */
export class SessionEnded extends Error {
	override readonly name = "SessionEnded";
	readonly end: SessionEnd;

	constructor(end: SessionEnd) {
		super(`the session ended: ${end.code} ${end.reason} (${end.by})`);
		this.end = end;
	}
}

/** Publish a broadcast with one track. */
export function publish({ origin }: Client, path: string, track: string): LocalTrack {
	const broadcast = new LocalBroadcast();
	origin.announce(path, { hops: [], cost: 0 }, broadcast);
	return broadcast.track(track);
}

/** The broadcast, once it is announced to the client. */
export async function announced({ origin }: Client, path: string): Promise<Broadcast> {
	await until(
		() => origin.broadcast(path) !== undefined,
		() => `${path} is not announced`,
	);
	return origin.broadcast(path) as Broadcast;
}

/** What a subscription has brought. */
export interface Viewing {
	/** Sequences of the groups that are complete, in the order in which they became so. */
	readonly complete: readonly number[];
	/** Bytes of all frames. */
	readonly bytes: () => number;
	/** Codes of the errors that ended it; empty while it runs. */
	readonly errors: readonly number[];
	close(): void;
}

/** Subscribe to a track and read all of it. */
export function view(broadcast: Broadcast, track: string): Viewing {
	const complete: number[] = [];
	const errors: number[] = [];
	let bytes = 0;
	const read = (group: Group): void => {
		readGroup(group, {
			onFrame: ({ payload }) => {
				bytes += payload.byteLength;
			},
			onEnd: () => complete.push(group.sequence),
			onAbort: () => {},
		});
	};
	const subscription = broadcast.subscribe(
		track,
		{ priority: 200, ordered: false, latencyMs: 20_000, startGroup: undefined, endGroup: undefined },
		{
			onInfo: () => {},
			onGroup: read,
			onDatagram: () => {},
			onDropped: () => {},
			onEnd: () => errors.push(0),
			onError: (code) => errors.push(code),
		},
	);
	return { complete, bytes: () => bytes, errors, close: () => subscription.close() };
}
