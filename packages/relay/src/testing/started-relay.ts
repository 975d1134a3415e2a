/**
 * The real relay inside a test: on free ports of loopback, its log in memory.
 * @module
 */
import { systemClock } from "@moq-relay/client";
import { parseCommandLine } from "../config/command-line.ts";
import { loadConfig } from "../config/load.ts";
import { openLog } from "../ops/log.ts";
import { Relay } from "../relay.ts";

/** One line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly event: string };

/** A relay and what it logged. */
export interface StartedRelay extends AsyncDisposable {
	readonly relay: Relay;
	readonly log: readonly LogLine[];
	/** `http:` URL of the plain listener. */
	url(path: string): URL;
	/** `https:` URL of the TLS listener. */
	secureUrl(path: string): URL;
	/** URL of the operators' listener. */
	internalUrl(path: string): URL;
	/** Resolves with the first line that fits, perhaps one that is there already. */
	line(fits: (line: LogLine) => boolean): Promise<LogLine>;
}

/** Start with flags as on the command line; addresses and a throw-away certificate are given. `--no-plain`: no `[web.http]`. */
export async function startRelay(...flags: readonly string[]): Promise<StartedRelay> {
	const identity = flags.includes("--tls-cert") ? [] : ["--tls-generate", "localhost,127.0.0.1"];
	const own = ["--server-bind", "127.0.0.1:0", ...identity];
	const noWeb = flags.includes("--no-plain") || flags.includes("--web-http-listen");
	const web = noWeb ? [] : ["--web-http-listen", "127.0.0.1:0"];
	const given = flags.filter((flag) => flag !== "--no-plain");
	return startAs(...own, ...web, ...given);
}

/** Start with exactly this command line, and an operators' listener. */
export async function startAs(...args: readonly string[]): Promise<StartedRelay> {
	const line = parseCommandLine(["--internal-listen", "127.0.0.1:0", ...args], {});
	if (line.command !== "run") throw new TypeError("the flags start nothing");
	const { config } = loadConfig(line.sources);
	const lines = new Lines();
	const log = openLog({
		level: "debug",
		format: "json",
		rustLog: undefined,
		terminal: false,
		sink: lines,
		nowMs: () => performance.now(),
	});
	const relay = await Relay.start(config, { log, clock: systemClock, version: "0.0.0", workers: 1 });
	const port = (addresses: readonly { readonly port: number }[]): number => addresses[0]?.port ?? 0;
	return {
		relay,
		log: lines.all,
		url: (path) => new URL(path, `http://127.0.0.1:${port(relay.addresses.web)}`),
		secureUrl: (path) => new URL(path, `https://127.0.0.1:${port(relay.addresses.web)}`),
		internalUrl: (path) => new URL(path, `http://127.0.0.1:${port(relay.addresses.internal)}`),
		line: (fits) => lines.find(fits),
		[Symbol.asyncDispose]: () => relay.close(),
	};
}

class Lines {
	readonly all: LogLine[] = [];
	readonly #waiting = new Set<{ fits: (line: LogLine) => boolean; resolve: (line: LogLine) => void }>();

	write(text: string): void {
		const line = JSON.parse(text) as LogLine;
		this.all.push(line);
		for (const waiter of this.#waiting) {
			if (!waiter.fits(line)) continue;
			this.#waiting.delete(waiter);
			waiter.resolve(line);
		}
	}

	find(fits: (line: LogLine) => boolean): Promise<LogLine> {
		const found = this.all.find(fits);
		if (found !== undefined) return Promise.resolve(found);
		return new Promise((resolve) => this.#waiting.add({ fits, resolve }));
	}
}
