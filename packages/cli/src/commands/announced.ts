/**
 * `moq announced`: the names of broadcasts as they come and go.
 * @module
 */
import { Origin } from "@moq-relay/core";
import type { CommandContext } from "../command-context.ts";
import { type ConnectFlags, readConnectSettings } from "../connect-options.ts";
import { SETTLE_MS } from "../limits.ts";
import { originId } from "../origin-id.ts";
import { aborted, sleep } from "../pause.ts";
import { RelayLinks } from "../relay-links.ts";
import { parseName, parseRelayUrl } from "../relay-url.ts";
import type { TextStream } from "../terminal.ts";

/** As commander gives them. */
export interface AnnouncedFlags extends ConnectFlags {
	readonly once?: boolean;
}

/** What is asked for. */
export interface AnnouncedRequest {
	readonly url: string;
	readonly prefix: string;
	readonly flags: AnnouncedFlags;
	/** Where names are printed. */
	readonly out: TextStream;
}

/** Print names at or under a prefix until the user stops it, or with `once` those that are live. @throws CommandError */
export async function announced(request: AnnouncedRequest, context: CommandContext): Promise<void> {
	const { flags, out } = request;
	const settings = await readConnectSettings(flags);
	const urls = [parseRelayUrl(request.url)];
	const prefix = parseName(request.prefix);
	const origin = new Origin({ clock: context.clock, id: originId(context.clock) });
	const grant = { root: "", publish: [prefix], subscribe: [], cluster: true };
	const links = new RelayLinks({ context, settings, urls, mode: "failover", origin, grant });
	try {
		await Promise.race([links.ready, links.failed, aborted(context.signal)]);
		if (flags.once === true) {
			await Promise.race([sleep(context.clock, SETTLE_MS), links.failed, aborted(context.signal)]);
			for (const { path } of origin.active(prefix)) out.write(`${path}\n`);
			return;
		}
		const watch = origin.watch(prefix, {
			onStart: (active) => active.forEach(({ path }) => printName(out, "+", path)),
			onActive: (path) => printName(out, "+", path),
			onRestart: () => {},
			onUpdate: () => {},
			onEnded: (path) => printName(out, "-", path),
		});
		await Promise.race([links.failed, aborted(context.signal)]);
		watch.close();
	} finally {
		await links.close();
	}
}

/** A name that came or went; on a terminal green or red. */
function printName(out: TextStream, sign: "+" | "-", name: string): void {
	const colour = sign === "+" ? GREEN : RED;
	out.write(out.isTTY === true ? `${colour}${sign} ${name}${PLAIN}\n` : `${sign} ${name}\n`);
}

const GREEN = "\u001b[32m";
const RED = "\u001b[31m";
const PLAIN = "\u001b[0m";
