/**
 * `moq subscribe`: a broadcast into a file, or its numbers onto the terminal.
 * @module
 */
import { type Grant, Origin } from "@moq-relay/core";
import type { CommandContext } from "../command-context.ts";
import { CommandError } from "../command-error.ts";
import { type ConnectFlags, readConnectSettings } from "../connect-options.ts";
import { SETTLE_MS } from "../limits.ts";
import { Viewing } from "../media/viewing.ts";
import { originId } from "../origin-id.ts";
import { openOutput } from "../output.ts";
import { aborted, sleep } from "../pause.ts";
import { parseDuration } from "../quantity.ts";
import { RelayLinks } from "../relay-links.ts";
import { parseName, parseRelayUrl } from "../relay-url.ts";

/** As commander gives them. */
export interface SubscribeFlags extends ConnectFlags {
	readonly url: readonly string[];
	readonly name: string;
	readonly output?: string;
	readonly stats?: boolean;
	readonly duration?: string;
	readonly once?: boolean;
	readonly video?: string;
	readonly audio?: string;
}

/** Watch a broadcast until it ends well, the duration is over or the user stops it. @throws CommandError, MediaError */
export async function subscribe(flags: SubscribeFlags, context: CommandContext): Promise<void> {
	const durationMs = readDuration(flags.duration);
	if (flags.output === undefined && flags.stats !== true) {
		throw new CommandError("say where the media goes with -o FILE, or ask for its numbers with --stats");
	}
	const settings = await readConnectSettings(flags);
	const urls = flags.url.map((url) => parseRelayUrl(url));
	const name = parseName(flags.name);
	if (name === "") throw new CommandError("a broadcast has a name");
	const { clock, signal } = context;
	const origin = new Origin({ clock, id: originId(clock) });
	const grant: Grant = { root: "", publish: [name], subscribe: [], cluster: true };
	const links = new RelayLinks({ context, settings, urls, mode: "failover", origin, grant });
	const viewing = new Viewing({
		origin,
		name,
		wish: { video: flags.video, audio: flags.audio },
		output: flags.output === undefined ? undefined : openOutput(flags.output),
		showsStats: flags.stats === true,
		durationMs,
		context,
	});
	try {
		await Promise.race([links.ready, links.failed, aborted(signal)]);
		const lasting = [viewing.done, links.failed, aborted(signal)];
		if (flags.once === true) await Promise.race([...lasting, mustBeLive(viewing, name, context)]);
		else if (!viewing.isLive && !signal.aborted) context.terminal.note(`waiting for ${name}`);
		await Promise.race(lasting);
	} finally {
		try {
			await viewing.close();
		} finally {
			await links.close();
		}
	}
}

/** Resolves when the broadcast is live. @throws CommandError when it is not after the time that announcements may take. */
async function mustBeLive(viewing: Viewing, name: string, { clock, signal }: CommandContext): Promise<void> {
	await sleep(clock, SETTLE_MS);
	if (!viewing.isLive && !signal.aborted) throw new CommandError(`${name} is not live`);
}

function readDuration(text: string | undefined): number | undefined {
	if (text === undefined) return undefined;
	const ms = parseDuration(text);
	if (ms === undefined) throw new CommandError(`--duration takes a time such as 10s, 500ms or 2m, not "${text}"`);
	return ms;
}
