/**
 * The watching side of a peer process: waits for the announcement, subscribes to every track, and hashes what comes.
 * @module
 */
import { FrameHash, frameMs, groupOf } from "./content.ts";
import { announced, type PeerConnection, type PeerFrame, type PeerGroup } from "./peer-client.ts";
import type { PeerEvent } from "./peer-event.ts";

/** What to watch. */
export interface WatchOptions {
	readonly connection: PeerConnection;
	readonly broadcast: string;
	readonly tracks: readonly string[];
	readonly say: (event: PeerEvent) => void;
}

/** Resolves when every track has ended. @throws Error when the broadcast is never announced. */
export async function watchTracks(options: WatchOptions): Promise<void> {
	await announced(options.connection, options.broadcast);
	options.say({ event: "announced" });
	await watchAll(options);
}

/** As players do: whenever the broadcast is announced, watch it anew. Resolves when the connection ends. */
export async function followTracks(options: WatchOptions): Promise<void> {
	for await (const isActive of options.connection.announcements(options.broadcast)) {
		options.say({ event: isActive ? "announced" : "unannounced" });
		if (isActive) void watchAll(options);
	}
}

async function watchAll(options: WatchOptions): Promise<void> {
	await Promise.all(options.tracks.map((track) => watchTrack(options, track)));
}

async function watchTrack(options: WatchOptions, track: string): Promise<void> {
	const groups: Promise<void>[] = [];
	try {
		const subscription = options.connection.subscribe(options.broadcast, track);
		for (let group = await subscription.next(); group !== undefined; group = await subscription.next()) {
			groups.push(watchGroup(options, track, group));
		}
		await Promise.all(groups);
		options.say({ event: "track-end", track });
	} catch (error) {
		await Promise.all(groups);
		options.say({ event: "track-end", track, error: String(error) });
	}
}

async function watchGroup(options: WatchOptions, track: string, group: PeerGroup): Promise<void> {
	const hash = new FrameHash();
	let number: number | undefined;
	let wrongTimes: number | undefined;
	let end: "finished" | "aborted" = "finished";
	try {
		for (let frame = await group.next(); frame !== undefined; frame = await group.next()) {
			number ??= groupOf(frame.payload);
			if (frame.timeMs !== undefined) wrongTimes = (wrongTimes ?? 0) + wrongTime(frame, number, hash.frames);
			hash.add(frame.payload);
		}
	} catch {
		// However a client words it: the group was given up before its end.
		end = "aborted";
	}
	const { frames, bytes } = hash;
	options.say({
		event: "group",
		track,
		sequence: group.sequence,
		group: number,
		frames,
		bytes,
		sha256: hash.digest(),
		end,
		wrongTimes,
	});
}

function wrongTime(frame: PeerFrame, group: number, index: number): number {
	return frame.timeMs === frameMs(group, index) ? 0 : 1;
}
