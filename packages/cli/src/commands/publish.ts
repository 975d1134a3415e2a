/**
 * `moq publish`: a file or standard input as a broadcast.
 * @module
 */
import { basename, extname } from "node:path";
import { urlShown } from "@moq-relay/client";
import { type Announcement, type Grant, LocalBroadcast, Origin } from "@moq-relay/core";
import type { CommandContext } from "../command-context.ts";
import { CommandError } from "../command-error.ts";
import { type ConnectFlags, readConnectSettings } from "../connect-options.ts";
import { DRAIN_MS_MAX, GOODBYE_MS, RETURN_MS, STATUS_MS, STOP_DRAIN_MS_MAX } from "../limits.ts";
import { openMedia } from "../media/media-input.ts";
import { MediaPublisher } from "../media/media-publisher.ts";
import { originId } from "../origin-id.ts";
import { aborted, every, sleep } from "../pause.ts";
import { formatRate, formatTime, parseDuration } from "../quantity.ts";
import { RelayLinks } from "../relay-links.ts";
import { parseName, parseRelayUrl } from "../relay-url.ts";

/** As commander gives them. */
export interface PublishFlags extends ConnectFlags {
	readonly url: readonly string[];
	readonly name?: string;
	readonly loop?: boolean;
	readonly mode: "failover" | "both";
	readonly returnAfter?: string;
}

/** Publish `path` until it ends or the user stops it, and deliver all of it. @throws CommandError, MediaError */
export async function publish(path: string, flags: PublishFlags, context: CommandContext): Promise<void> {
	if (path === "-" && flags.loop === true) throw new CommandError("standard input can't be looped");
	const returnMs = readReturn(flags.returnAfter);
	const settings = await readConnectSettings(flags);
	const urls = flags.url.map((url) => parseRelayUrl(url));
	const name = parseName(flags.name ?? defaultName(path));
	if (name === "") throw new CommandError("a broadcast needs a name");
	// Before anything is dialled: a bad file is told at once.
	let opened = path === "-" ? undefined : await openMedia(path);

	const origin = new Origin({ clock: context.clock, id: originId(context.clock) });
	const grant: Grant = { root: "", publish: [], subscribe: [name], cluster: false };
	const links = new RelayLinks({ context, settings, urls, mode: flags.mode, returnMs, origin, grant });
	try {
		await Promise.race([links.ready, links.failed, aborted(context.signal)]);
		const broadcast = new LocalBroadcast();
		let announcement: Announcement | undefined;
		const publisher = new MediaPublisher({
			open: async () => {
				const input = opened ?? (await openMedia(path));
				opened = undefined;
				return input;
			},
			loop: flags.loop === true,
			broadcast,
			onBegin: () => {
				announcement = announce(origin, name, broadcast);
			},
			clock: context.clock,
			signal: context.signal,
		});
		const stopStatus = showStatus(publisher, { name, urls, context });
		try {
			await Promise.race([publisher.run(), links.failed]);
			if (announcement !== undefined) await deliver(links, context);
		} finally {
			stopStatus();
			announcement?.close();
			if (announcement !== undefined) await sleep(context.clock, GOODBYE_MS);
		}
	} finally {
		opened?.close();
		await links.close();
	}
}

/** How long to stay away from the first relay, in ms; undefined for ever. @throws CommandError */
function readReturn(text: string | undefined): number | undefined {
	if (text === undefined) return RETURN_MS;
	if (text === "never") return undefined;
	const ms = parseDuration(text);
	if (ms === undefined) {
		throw new CommandError(`--return-after takes a time such as 10s or 2m, or "never", not "${text}"`);
	}
	return ms;
}

/** The file's name without its ending; hang players take the catalog's kind from the ending. */
function defaultName(path: string): string {
	return path === "-" ? "live.hang" : `${basename(path, extname(path))}.hang`;
}

function announce(origin: Origin, name: string, broadcast: LocalBroadcast): Announcement {
	const announcement = origin.announce(name, { hops: [], cost: 0 }, broadcast);
	if (typeof announcement === "string") throw new CommandError(`the broadcast can't be announced: ${announcement}`);
	return announcement;
}

/** Wait until every relay that takes the broadcast has all of it. @throws CommandError when that takes too long. */
async function deliver(links: RelayLinks, { clock, signal }: CommandContext): Promise<void> {
	const endMs = clock.nowMs() + (signal.aborted ? STOP_DRAIN_MS_MAX : DRAIN_MS_MAX);
	const isDelivered = (): boolean =>
		links.sessions.length > 0 && links.sessions.every(({ census }) => census.subscriptionsServing === 0);
	while (!isDelivered()) {
		if (clock.nowMs() >= endMs) {
			if (signal.aborted) return;
			throw new CommandError("the relay did not take the end of the broadcast in time");
		}
		await Promise.race([sleep(clock, DELIVERY_POLL_MS), links.failed]);
	}
}

interface Shown {
	readonly name: string;
	readonly urls: readonly URL[];
	readonly context: CommandContext;
}

function showStatus(publisher: MediaPublisher, { name, urls, context }: Shown): () => void {
	const where = urls.map(urlShown).join(", ");
	let bytes = 0;
	let atMs = context.clock.nowMs();
	return every(context.clock, STATUS_MS, () => {
		const { totals } = publisher;
		const nowMs = context.clock.nowMs();
		const rate = ((totals.bytes - bytes) * 8) / ((nowMs - atMs) / 1000);
		bytes = totals.bytes;
		atMs = nowMs;
		const parts = [formatTime(totals.mediaUs / 1000), formatRate(rate), `${totals.groups} groups`];
		context.terminal.status(`publishing ${name} to ${where} · ${parts.join(" · ")}`);
	});
}

/** How often delivery is looked at, in ms. */
const DELIVERY_POLL_MS = 20;
