/**
 * Third-party clients as a process: `peer.ts '{"role":"view","variants":[…],"url":…,"broadcast":…,"seed":1}'`.
 * Led by lines on standard input, tells what happens as JSON lines on standard output.
 * @module
 */
import { argv, exit, stdin, stdout } from "node:process";
import { createInterface } from "node:readline";
import { TRACKS } from "./content.ts";
import { connectPeer, type PeerConnection } from "./peer-client.ts";
import type { PeerEvent } from "./peer-event.ts";
import { publishGroups } from "./peer-publisher.ts";
import { followTracks, watchTracks } from "./peer-viewer.ts";
import { pinSubprotocol } from "./pinned-web-socket.ts";
import { quietConsole } from "./quiet-console.ts";
import { type Variant, variantName } from "./variant.ts";

/** What a peer process is asked to do. */
export interface PeerTask {
	/** A publisher has one variant; viewers share a process. Those that follow watch again whenever the broadcast is announced. */
	readonly role: "publish" | "view" | "follow";
	readonly variants: readonly Variant[];
	readonly url: string;
	readonly broadcast: string;
	readonly seed: number;
}

quietConsole();

async function main(task: PeerTask): Promise<void> {
	const lines = commands();
	const peers: { variant: Variant; connection: PeerConnection; say: (event: PeerEvent) => void }[] = [];
	// One after another, since the pin is global.
	for (const variant of task.variants) peers.push({ variant, ...(await open(task, variant)) });
	const work = peers.map(({ connection, say }) => {
		const options = { ...task, connection, tracks: TRACKS, say };
		if (task.role === "publish") return publishGroups({ ...options, lines });
		return task.role === "follow" ? followTracks(options) : watchTracks(options);
	});
	if (task.role === "publish") await Promise.all(work);
	else {
		void Promise.allSettled(work).then((ends) => report(ends, peers));
		await ended(lines);
	}
	for (const { connection } of peers) connection.close();
	stdout.write("", () => exit(0));
}

/** The lines of standard input, from now on: none is lost while peers connect. */
function commands(): AsyncIterable<string> {
	const input = createInterface({ input: stdin });
	// Whoever leads this process is gone; it holds that one's standard error, and nobody may wait for it.
	input.once("close", () => setTimeout(() => exit(1), FAREWELL_MS).unref());
	return input[Symbol.asyncIterator]();
}

async function open(
	task: PeerTask,
	variant: Variant,
): Promise<{ connection: PeerConnection; say: (event: PeerEvent) => void }> {
	const say = (event: PeerEvent): void =>
		void stdout.write(`${JSON.stringify({ peer: variantName(variant), ...event })}\n`);
	const socket = pinSubprotocol(variant.pin);
	const connection = await connectPeer(variant.client, new URL(task.url)).catch((error: unknown) => {
		say({ event: "failed", error: explain(error) });
		throw error;
	});
	say({ event: "connected", version: connection.version, subprotocol: socket.subprotocol });
	connection.closed.then(
		() => say({ event: "closed" }),
		(error: unknown) => say({ event: "closed", error: explain(error) }),
	);
	return { connection, say };
}

function report(
	ends: readonly PromiseSettledResult<void>[],
	peers: readonly { say: (event: PeerEvent) => void }[],
): void {
	for (const [index, end] of ends.entries()) {
		if (end.status === "rejected") peers[index]?.say({ event: "failed", error: explain(end.reason) });
	}
}

async function ended(lines: AsyncIterable<string>): Promise<void> {
	for await (const line of lines) if (line === "end") return;
}

function explain(error: unknown): string {
	if (error instanceof AggregateError) return error.errors.map(explain).join("; ");
	return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** For what a peer still does when it is told to end, in ms. */
const FAREWELL_MS = 2000;

main(JSON.parse(argv[2] ?? "{}") as PeerTask).catch((error: unknown) => {
	stdout.write(`${JSON.stringify({ peer: "process", event: "failed", error: explain(error) })}\n`, () => exit(1));
});
