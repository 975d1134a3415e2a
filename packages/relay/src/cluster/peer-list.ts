/**
 * A list of relays to link with that lives outside the configuration: a file, or behind a URL.
 * @module
 */
import { readFile, stat } from "node:fs/promises";
import type { Clock } from "@moq-relay/core";
import type { Log } from "../ops/log.ts";
import { LIST_BYTES_MAX, LIST_FILE_POLL_MS, LIST_PEERS_MAX, LIST_POLL_MS } from "./limits.ts";
import { type Peer, parsePeer } from "./peer.ts";

/** What a list needs. */
export interface PeerListOptions {
	readonly clock: Clock;
	readonly log: Log;
	/** `[cluster] connect_api`. */
	readonly place: string;
	/** Our own URL: told to a server, and left out of what it says. */
	readonly self: string | undefined;
	/** How long a server may take, in ms. */
	readonly timeoutMs: number;
	readonly onPeers: (peers: readonly Peer[]) => void;
	/** Default the global one. */
	readonly fetch?: typeof fetch;
}

/** Looks at the list for as long as it lives. A list that cannot be had, or is none, leaves the last good one in use. */
export class PeerList implements Disposable {
	readonly #options: PeerListOptions;
	#last = "";
	#trouble = "";
	#cancel: () => void = () => {};
	#closed = false;

	constructor(options: PeerListOptions) {
		this.#options = options;
		void this.#run();
	}

	[Symbol.dispose](): void {
		this.#closed = true;
		this.#cancel();
	}

	async #run(): Promise<void> {
		await this.#look();
		if (this.#closed) return;
		const pauseMs = isUrl(this.#options.place) ? LIST_POLL_MS : LIST_FILE_POLL_MS;
		this.#cancel = this.#options.clock.after(pauseMs, () => void this.#run());
	}

	async #look(): Promise<void> {
		const { log, onPeers } = this.#options;
		try {
			const text = await this.#read();
			if (this.#closed || text === this.#last) return;
			const peers = parsePeerList(text);
			this.#last = text;
			this.#trouble = "";
			log.info("cluster.list", { peers: peers.length });
			onPeers(peers.filter((peer) => peer.shown !== this.#options.self));
		} catch (error) {
			const reason = error instanceof Error ? error.message : String(error);
			if (reason === this.#trouble) return;
			this.#trouble = reason;
			log.warn("cluster.list", { reason }, "the list of relays cannot be used; the last good one stays");
		}
	}

	async #read(): Promise<string> {
		const { place, self, timeoutMs, fetch: ask = fetch } = this.#options;
		if (!isUrl(place)) {
			const file = place.replace(/^file:\/\//, "");
			if ((await stat(file)).size > LIST_BYTES_MAX) throw new RangeError("the list is too long");
			return readFile(file, "utf8");
		}
		const url = new URL(place);
		if (self !== undefined) url.searchParams.set("node", self);
		const response = await ask(url, { signal: AbortSignal.timeout(timeoutMs) });
		if (!response.ok) throw new Error(`the server answers ${response.status}`);
		return readBody(response);
	}
}

/** A JSON array of URLs. @throws Error: one bad entry makes the list bad */
export function parsePeerList(text: string): readonly Peer[] {
	const list = parseJson(text);
	if (!Array.isArray(list) || list.length > LIST_PEERS_MAX) throw new TypeError("it is no JSON list of URLs");
	return list.map((item: unknown) => {
		if (typeof item !== "string") throw new TypeError("it is no JSON list of URLs");
		return parsePeer(item, "cluster.connect_api");
	});
}

/** JSON's own error would repeat the text, which may hold tokens. */
function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		throw new TypeError("it is no JSON");
	}
}

async function readBody(response: Response): Promise<string> {
	const parts: Uint8Array[] = [];
	let length = 0;
	for await (const part of response.body ?? []) {
		length += part.byteLength;
		if (length > LIST_BYTES_MAX) throw new RangeError("the list is too long");
		parts.push(part);
	}
	return Buffer.concat(parts).toString("utf8");
}

function isUrl(place: string): boolean {
	return /^https?:\/\//i.test(place);
}
