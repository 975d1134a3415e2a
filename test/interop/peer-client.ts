/**
 * The third-party clients behind one small interface: what an interop publisher or viewer asks of any of them.
 * @module
 */
import * as current from "./peer-current.ts";
import * as early from "./peer-early.ts";

/** Which client: its folder below `test/peers/node_modules`. */
export type PeerName = "@moq/net" | "net028" | "net019" | "oldlite";

/** Every client there is. */
export const PEERS: readonly PeerName[] = ["@moq/net", "net028", "net019", "oldlite"];

/** One frame as a client hands it over. */
export interface PeerFrame {
	readonly payload: Uint8Array;
	/** Presentation time in ms; undefined where client or version has none. */
	readonly timeMs: number | undefined;
}

/** A group as it arrives. */
export interface PeerGroup {
	readonly sequence: number;
	/** The next frame; undefined at the group's end. Rejects when the group was given up. */
	next(): Promise<PeerFrame | undefined>;
}

/** A track as it arrives. */
export interface PeerSubscription {
	/** The next group, in whatever order they come; undefined at the track's end. Rejects when the subscription failed. */
	next(): Promise<PeerGroup | undefined>;
}

/** A group as it is published. */
export interface PeerGroupWriter {
	readonly sequence: number;
	write(frame: PeerFrame): void;
	/** With an error the group is given up. */
	close(error?: Error): void;
}

/** A broadcast as it is published. */
export interface PeerBroadcast {
	/** Resolves when somebody is subscribed to every track. */
	demand(): Promise<void>;
	/** Begin the track's next group. */
	group(track: string): PeerGroupWriter;
	close(): void;
}

/** A connected client. */
export interface PeerConnection {
	/** As the client names it. */
	readonly version: string;
	/** Whenever the broadcast is announced, true; when it ends, false. Ends with the connection. */
	announcements(broadcast: string): AsyncIterable<boolean>;
	subscribe(broadcast: string, track: string): PeerSubscription;
	publish(broadcast: string, tracks: readonly string[]): PeerBroadcast;
	close(): void;
	readonly closed: Promise<void>;
}

/** Connect over WebSocket. */
export function connectPeer(name: PeerName, url: URL): Promise<PeerConnection> {
	return name === "@moq/net" || name === "net028" ? current.connect(name, url) : early.connect(name, url);
}

/** Resolves when the broadcast is announced. @throws Error when the announcements end without it. */
export async function announced(connection: PeerConnection, broadcast: string): Promise<void> {
	for await (const isActive of connection.announcements(broadcast)) if (isActive) return;
	throw new Error("the announcements ended");
}
