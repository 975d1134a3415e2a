/**
 * What the tests of sessions share: a relay, peers of any version around it, and ears on tracks.
 * @module
 */
import assert from "node:assert/strict";
import { type MemoryOptions, memoryPair, VirtualClock } from "@moq-relay/testkit";
import { LITE_VERSIONS, type LiteVersion } from "@moq-relay/wire";
import type { Group } from "../model/group.ts";
import { readGroup } from "../model/group-reader.ts";
import { LocalBroadcast, type LocalBroadcastOptions } from "../model/local-broadcast.ts";
import type { SubscribeRequest, TrackInfo } from "../model/source.ts";
import type { TrackSubscription } from "../model/subscription.ts";
import type { Announcement } from "../routing/announcement.ts";
import { Origin } from "../routing/origin.ts";
import type { Connection } from "../transport.ts";
import { GRANT_ALL, type Grant, type Refusal } from "./grant.ts";
import { CLIENT_SESSION_LIMITS, SESSION_LIMITS, type SessionLimits } from "./limits.ts";
import { Session, type SessionOptions } from "./session.ts";
import type { SessionEnd, SessionSink, SubscriptionEvent, Violation } from "./sink.ts";

/** Everything a session told its owner. */
export class SinkLog implements SessionSink {
	version: string | undefined;
	readonly ends: SessionEnd[] = [];
	readonly violations: Violation[] = [];
	readonly goaways: string[] = [];
	readonly subscribed: SubscriptionEvent[] = [];
	readonly unsubscribed: { readonly event: SubscriptionEvent; readonly code: number }[] = [];

	get end(): SessionEnd | undefined {
		return this.ends[0];
	}

	onReady(version: string): void {
		assert.equal(this.version, undefined, "ready twice");
		this.version = version;
	}

	onEnd(end: SessionEnd): void {
		this.ends.push(end);
		assert.equal(this.ends.length, 1, "ended twice");
	}

	onViolation(violation: Violation): void {
		this.violations.push(violation);
	}

	onGoaway(uri: string): void {
		this.goaways.push(uri);
	}

	onSubscribed(event: SubscriptionEvent): void {
		this.subscribed.push(event);
	}

	onUnsubscribed(event: SubscriptionEvent, code: number): void {
		this.unsubscribed.push({ event, code });
	}
}

/** One session with its log. */
export interface Side {
	readonly session: Session;
	readonly log: SinkLog;
}

/** A peer of the relay: its own routing table, its session, and the relay's. */
export interface Peer extends Side {
	readonly origin: Origin;
	readonly relay: Side;
}

/** How a peer joins. */
export interface JoinOptions {
	/** The peer's table; default a new one. */
	readonly origin?: Origin;
	readonly version?: LiteVersion;
	/** What the relay lets it do; default everything. */
	readonly grant?: Grant | Refusal;
	readonly limits?: Partial<SessionLimits>;
	readonly memory?: MemoryOptions;
	/** As the connection carries it; default "/". */
	readonly path?: string | undefined;
	/** As the client's SETUP carries it. */
	readonly setupPath?: string;
	/** What the client wants of the relay; default everything. */
	readonly clientGrant?: Grant;
}

/** What a viewer got of one track. */
export interface Seen {
	info: TrackInfo | undefined;
	/** By sequence: payloads so far. */
	readonly groups: Map<number, { readonly frames: Uint8Array[]; state: "open" | "ended" | number }>;
	readonly datagrams: { readonly sequence: number; readonly timestamp: number; readonly payload: Uint8Array }[];
	readonly dropped: { readonly start: number; readonly end: number; readonly code: number }[];
	ended: { readonly finalGroup: number | undefined } | undefined;
	error: number | undefined;
	subscription: TrackSubscription | undefined;
}

/** A relay and its clock. */
export class World {
	readonly clock: VirtualClock;
	readonly relay: Origin;
	#nextId = 2;

	constructor(seed = 1) {
		this.clock = new VirtualClock({ seed });
		this.relay = new Origin({ clock: this.clock, id: 1, onFault: rethrow });
	}

	/** A routing table of somebody else. */
	origin(): Origin {
		return new Origin({ clock: this.clock, id: this.#nextId++, onFault: rethrow });
	}

	/** A peer whose session runs on ours. */
	join(options: JoinOptions = {}): Peer {
		const [client, server] = this.pair(options);
		const origin = options.origin ?? this.origin();
		const relay = this.serve(server, options);
		const log = new SinkLog();
		const session = new Session(client, {
			...this.options(origin, log),
			limits: CLIENT_SESSION_LIMITS,
			authorise: (_path, decide) => decide(options.clientGrant ?? GRANT_ALL),
			...(options.setupPath !== undefined && { path: options.setupPath }),
			...(options.version?.setup === "in-band" && { versions: [options.version.name] }),
		});
		return { origin, session, log, relay };
	}

	/** A connection to the relay, before any session. */
	pair(options: JoinOptions = {}): readonly [Connection, Connection] {
		const protocol = options.version?.alpn ?? "moq-lite-05";
		const path = "path" in options ? options.path : "/";
		const { client, server } = memoryPair(this.clock, {
			protocol,
			...(path !== undefined && { path }),
			...options.memory,
		});
		return [client, server];
	}

	/** The relay's side of a connection. */
	serve(connection: Connection, options: JoinOptions = {}): Side {
		const log = new SinkLog();
		const session = new Session(connection, {
			...this.options(this.relay, log),
			authorise: (_path, decide) => decide(options.grant ?? GRANT_ALL),
			limits: { ...SESSION_LIMITS, ...options.limits },
		});
		return { session, log };
	}

	options(origin: Origin, sink: SessionSink): Omit<SessionOptions, "authorise"> {
		return { clock: this.clock, origin, limits: SESSION_LIMITS, sink };
	}

	/** Let so much virtual time pass. */
	run(ms: number): void {
		this.clock.run(this.clock.nowMs() + ms);
	}
}

/** Publish a broadcast on a routing table. */
export function publish(
	origin: Origin,
	path: string,
	options: LocalBroadcastOptions = {},
): { readonly broadcast: LocalBroadcast; readonly announcement: Announcement } {
	const broadcast = new LocalBroadcast(options);
	const announcement = origin.announce(path, { hops: [], cost: 0 }, broadcast);
	assert.ok(typeof announcement !== "string", "announce refused");
	return { broadcast, announcement };
}

/** Subscribe on a routing table and note everything. */
export function watch(
	origin: Origin,
	what: { readonly path: string; readonly track: string } & Partial<SubscribeRequest>,
): Seen {
	const { path, track, ...request } = what;
	const seen: Seen = {
		info: undefined,
		groups: new Map(),
		datagrams: [],
		dropped: [],
		ended: undefined,
		error: undefined,
		subscription: undefined,
	};
	const broadcast = origin.broadcast(path);
	assert.ok(broadcast !== undefined, `no broadcast ${path}`);
	seen.subscription = broadcast.subscribe(
		track,
		{ ...REQUEST, ...request },
		{
			onInfo: (info) => {
				seen.info = info;
			},
			onGroup: (group) => note(seen, group),
			onDatagram: (datagram) => void seen.datagrams.push(datagram),
			onDropped: (start, end, code) => void seen.dropped.push({ start, end, code }),
			onEnd: (finalGroup) => {
				seen.ended = { finalGroup };
			},
			onError: (code) => {
				seen.error = code;
			},
		},
	);
	return seen;
}

/** Assert that nothing is left of a session. */
export function assertEmpty({ session }: Side): void {
	assert.deepEqual(
		Object.values(session.census),
		Object.values(session.census).map(() => 0),
		JSON.stringify(session.census),
	);
	assert.equal(session.counters.subscriptionsServing, 0);
	assert.equal(session.counters.subscriptionsRequesting, 0);
	assert.equal(session.counters.announcements, 0);
}

/** The names under the top that a routing table shows. */
export function names(origin: Origin): string[] {
	return origin
		.active("")
		.map(({ path }) => path)
		.toSorted();
}

/** Text to a payload. */
export function bytes(text: string): Uint8Array {
	return new TextEncoder().encode(text);
}

/** Each version under its name. */
export const VERSIONS: ReadonlyMap<string, LiteVersion> = new Map(
	LITE_VERSIONS.map((version) => [version.name, version]),
);

/** A subscription to whatever is live. */
export const REQUEST: SubscribeRequest = {
	priority: 100,
	ordered: false,
	latencyMs: 5000,
	startGroup: undefined,
	endGroup: undefined,
};

function note(seen: Seen, group: Group): void {
	const entry: { readonly frames: Uint8Array[]; state: "open" | "ended" | number } = { frames: [], state: "open" };
	assert.ok(!seen.groups.has(group.sequence), `group ${group.sequence} twice`);
	seen.groups.set(group.sequence, entry);
	readGroup(group, {
		onFrame: ({ payload }) => void entry.frames.push(payload),
		onEnd: () => {
			entry.state = "ended";
		},
		onAbort: (code) => {
			entry.state = code;
		},
	});
}

function rethrow(thrown: unknown): never {
	throw thrown;
}
