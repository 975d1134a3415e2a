/**
 * `@moq/net` 0.1 and `@moq/lite` 0.2: a publisher answers requests for tracks, and frames are bare bytes.
 * @module
 */
import type { PeerBroadcast, PeerConnection, PeerGroup, PeerGroupWriter, PeerSubscription } from "./peer-client.ts";
import { peerModule } from "./peer-module.ts";

/** What is used of the module; written down here since the clients are not installed where types are checked. */
interface EarlyModule {
	readonly Connection: { connect(url: URL, props: { websocket: { delay: number } }): Promise<EarlyConnection> };
	readonly Broadcast: new () => EarlyBroadcast;
}

interface EarlyConnection {
	readonly version: string;
	readonly closed: Promise<void>;
	announced(): { next(): Promise<{ readonly path: string; readonly active: boolean } | undefined> };
	consume(path: string): EarlyBroadcast;
	publish(path: string, broadcast: EarlyBroadcast): void;
	close(): void;
}

interface EarlyBroadcast {
	requested(): Promise<{ readonly track: EarlyTrack } | undefined>;
	subscribe(name: string, priority: number): EarlyTrack;
	close(): void;
}

interface EarlyTrack {
	readonly name: string;
	appendGroup(): EarlyGroup;
	recvGroup?(): Promise<EarlyGroup | undefined>;
	nextGroup(): Promise<EarlyGroup | undefined>;
	close(error?: Error): void;
}

interface EarlyGroup {
	readonly sequence: number;
	writeFrame(frame: Uint8Array): void;
	readFrame(): Promise<Uint8Array | undefined>;
	close(error?: Error): void;
}

/** Connect over WebSocket. */
export async function connect(name: string, url: URL): Promise<PeerConnection> {
	const early = (await import(peerModule(name))) as EarlyModule;
	const connection = await early.Connection.connect(url, { websocket: { delay: 0 } });
	return {
		version: connection.version,
		announcements: (broadcast) => announcements(connection, broadcast),
		subscribe: (broadcast, track) => subscription(connection.consume(broadcast).subscribe(track, PRIORITY)),
		publish: (broadcast, tracks) => publish(early, connection, { broadcast, tracks }),
		close: () => connection.close(),
		closed: connection.closed,
	};
}

async function* announcements(connection: EarlyConnection, broadcast: string): AsyncIterable<boolean> {
	const events = connection.announced();
	for (let event = await events.next(); event !== undefined; event = await events.next()) {
		if (event.path === broadcast) yield event.active;
	}
}

function subscription(track: EarlyTrack): PeerSubscription {
	return {
		next: async () => {
			const group = await (track.recvGroup?.() ?? track.nextGroup());
			return group && received(group);
		},
	};
}

function received(group: EarlyGroup): PeerGroup {
	return {
		sequence: group.sequence,
		next: async () => {
			const payload = await group.readFrame();
			return payload && { payload, timeMs: undefined };
		},
	};
}

function publish(
	early: EarlyModule,
	connection: EarlyConnection,
	what: { readonly broadcast: string; readonly tracks: readonly string[] },
): PeerBroadcast {
	const broadcast = new early.Broadcast();
	const tracks = new Map<string, EarlyTrack>();
	const demand = serve(broadcast, what.tracks, tracks);
	connection.publish(what.broadcast, broadcast);
	return {
		demand: () => demand,
		group: (name) => {
			const track = tracks.get(name);
			if (track === undefined) throw new Error(`nobody asked for ${name}`);
			return writer(track.appendGroup());
		},
		close: () => {
			for (const track of tracks.values()) track.close();
			broadcast.close();
		},
	};
}

/** Resolves when every track was asked for; goes on serving. */
function serve(broadcast: EarlyBroadcast, names: readonly string[], tracks: Map<string, EarlyTrack>): Promise<void> {
	return new Promise((resolve, reject) => {
		const next = async (): Promise<void> => {
			for (let request = await broadcast.requested(); request !== undefined; request = await broadcast.requested()) {
				const { track } = request;
				if (names.includes(track.name) && !tracks.has(track.name)) tracks.set(track.name, track);
				else track.close(new Error("not found"));
				if (tracks.size === names.length) resolve();
			}
		};
		next().catch(reject);
	});
}

function writer(group: EarlyGroup): PeerGroupWriter {
	return {
		sequence: group.sequence,
		write: ({ payload }) => group.writeFrame(payload),
		close: (error) => group.close(error),
	};
}

const PRIORITY = 7;
