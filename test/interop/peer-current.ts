/**
 * `@moq/net` 0.2 and 0.3: tracks are inserted into a broadcast, and frames carry timestamps.
 * @module
 */
import type {
	PeerBroadcast,
	PeerConnection,
	PeerFrame,
	PeerGroup,
	PeerGroupWriter,
	PeerSubscription,
} from "./peer-client.ts";
import { peerModule } from "./peer-module.ts";

/** What is used of the module; written down here since the clients are not installed where types are checked. */
export interface NetModule {
	readonly Connection: {
		connect(url: URL, props: { websocket: { delay: number } }): Promise<NetConnection>;
		accept(session: unknown, url: URL): Promise<NetConnection>;
	};
	readonly Broadcast: { readonly Producer: new () => NetBroadcast };
	readonly Group: { readonly Producer: new (sequence: number) => NetGroupProducer };
	readonly Time: { readonly Timestamp: { fromMillis(ms: number): NetTimestamp } };
}

/** An established connection. */
export interface NetConnection {
	readonly version: string;
	readonly closed: Promise<void>;
	announced(): { next(): Promise<{ readonly path: string; readonly active: boolean } | undefined> };
	consume(path: string): NetConsumer;
	publish(path: string, broadcast: NetBroadcast): void;
	close(): void;
}

/** A broadcast that is published. */
export interface NetBroadcast {
	createTrack(name: string, info: object): NetTrackProducer;
	close(): void;
}

/** A broadcast that is consumed. */
export interface NetConsumer {
	subscribe(name: string, options: object): NetSubscriber;
}

/** A track that is published. */
export interface NetTrackProducer {
	readonly used: { peek(): boolean; changed(run: (used: boolean) => void): () => void };
	appendGroup(): NetGroupProducer;
	writeGroup(group: NetGroupProducer): void;
	close(error?: Error): void;
}

/** A track that is consumed. */
export interface NetSubscriber {
	recvGroup(): Promise<NetGroupConsumer | undefined>;
}

/** A group that is published. */
export interface NetGroupProducer {
	readonly sequence: number;
	writeFrame(frame: NetFrame): void;
	close(error?: Error): void;
}

/** A group that is consumed. */
export interface NetGroupConsumer {
	readonly sequence: number;
	readFrame(): Promise<NetFrame | undefined>;
}

/** A frame with its time. */
export interface NetFrame {
	readonly payload: Uint8Array;
	readonly timestamp: NetTimestamp;
}

/** A time that knows its unit. */
export interface NetTimestamp {
	asMillis(): number;
}

/** Load `@moq/net` or another of the same era. */
export async function loadNet(name: string): Promise<NetModule> {
	return (await import(peerModule(name))) as NetModule;
}

/** Connect over WebSocket. */
export async function connect(name: string, url: URL): Promise<PeerConnection> {
	const net = await loadNet(name);
	const connection = await net.Connection.connect(url, { websocket: { delay: 0 } });
	return {
		version: connection.version,
		announcements: (broadcast) => announcements(connection, broadcast),
		subscribe: (broadcast, track) => subscription(connection.consume(broadcast).subscribe(track, SUBSCRIPTION)),
		publish: (broadcast, tracks) => publish({ net, connection }, broadcast, tracks),
		close: () => connection.close(),
		closed: connection.closed,
	};
}

async function* announcements(connection: NetConnection, broadcast: string): AsyncIterable<boolean> {
	const events = connection.announced();
	for (let event = await events.next(); event !== undefined; event = await events.next()) {
		if (event.path === broadcast) yield event.active;
	}
}

function subscription(subscriber: NetSubscriber): PeerSubscription {
	return {
		next: async () => {
			const group = await subscriber.recvGroup();
			return group && received(group);
		},
	};
}

function received(group: NetGroupConsumer): PeerGroup {
	return {
		sequence: group.sequence,
		next: async () => {
			const frame = await group.readFrame();
			return frame && { payload: frame.payload, timeMs: frame.timestamp.asMillis() };
		},
	};
}

function publish(
	{ net, connection }: { readonly net: NetModule; readonly connection: NetConnection },
	path: string,
	names: readonly string[],
): PeerBroadcast {
	const broadcast = new net.Broadcast.Producer();
	const tracks = new Map(names.map((name) => [name, broadcast.createTrack(name, { latencyMax: LATENCY_MS })]));
	connection.publish(path, broadcast);
	return {
		demand: async () => {
			for (const track of tracks.values()) await whenUsed(track);
		},
		group: (name) => {
			const track = tracks.get(name);
			if (track === undefined) throw new Error(`no track ${name}`);
			return writer(net, track.appendGroup());
		},
		close: () => broadcast.close(),
	};
}

/** Resolves when somebody is subscribed to the track. */
export function whenUsed(track: NetTrackProducer): Promise<void> {
	return new Promise((resolve) => {
		if (track.used.peek()) resolve();
		else {
			const dispose = track.used.changed((now) => {
				if (!now) return;
				dispose();
				resolve();
			});
		}
	});
}

function writer(net: NetModule, group: NetGroupProducer): PeerGroupWriter {
	return {
		sequence: group.sequence,
		write: (frame: PeerFrame) =>
			group.writeFrame({ payload: frame.payload, timestamp: net.Time.Timestamp.fromMillis(frame.timeMs ?? 0) }),
		close: (error) => group.close(error),
	};
}

/** Far above what a test takes, so that nothing is skipped for being late. */
export const LATENCY_MS = 30_000;

/** How current clients subscribe. */
export const SUBSCRIPTION: { readonly priority: number; readonly latencyMax: number } = {
	priority: 7,
	latencyMax: LATENCY_MS,
};
