/**
 * The publishing side of a peer process: `go N` publishes the groups below N of every track, `end` ends the broadcast.
 * @module
 */
import { ABORTED, frameMs, groupFrames } from "./content.ts";
import type { PeerBroadcast, PeerConnection } from "./peer-client.ts";
import type { PeerEvent } from "./peer-event.ts";

/** What to publish, and how to be told when. */
export interface PublishOptions {
	readonly connection: PeerConnection;
	readonly broadcast: string;
	readonly tracks: readonly string[];
	readonly seed: number;
	readonly lines: AsyncIterable<string>;
	readonly say: (event: PeerEvent) => void;
}

/** Resolves after `end`, or when standard input ends. */
export async function publishGroups(options: PublishOptions): Promise<void> {
	const broadcast = options.connection.publish(options.broadcast, options.tracks);
	broadcast.demand().then(
		() => options.say({ event: "demand" }),
		(error: unknown) => options.say({ event: "failed", error: String(error) }),
	);
	let next = 0;
	for await (const line of options.lines) {
		const [command, argument] = line.split(" ");
		if (command === "end") break;
		const until = Number(argument);
		for (; next < until; next++) {
			for (const track of options.tracks) publishGroup(broadcast, { seed: options.seed, track, group: next });
		}
		options.say({ event: "published", until });
	}
	broadcast.close();
}

function publishGroup(broadcast: PeerBroadcast, name: { seed: number; track: string; group: number }): void {
	const writer = broadcast.group(name.track);
	const aborted = name.track === ABORTED.track && name.group === ABORTED.group;
	const frames = groupFrames(name);
	for (const [index, payload] of frames.entries()) {
		if (aborted && index === frames.length - 1) break;
		writer.write({ payload, timeMs: frameMs(name.group, index) });
	}
	if (aborted) writer.close(new Error("given up on purpose"));
	else writer.close();
}
