/**
 * Relays that learn of each other from each other: each announces its URL, and of each pair the smaller one dials.
 * @module
 */
import type { Announcement, Clock, Origin, Watch } from "@moq-relay/core";
import { joinPath, parsePath } from "@moq-relay/wire";
import { ConfigError } from "../config/config-error.ts";
import type { Log } from "../ops/log.ts";
import { announceName, MESH_PREFIX } from "./internal-names.ts";
import { GONE_MS, NODES_MAX } from "./limits.ts";
import { keyOf, type LinkSet } from "./link-set.ts";
import { isAsSafe, type NodeName, parseNode } from "./node-name.ts";
import { type Peer, parsePeer } from "./peer.ts";

/** What a mesh needs. */
export interface MeshOptions {
	readonly clock: Clock;
	readonly log: Log;
	readonly origin: Origin;
	readonly self: NodeName;
	readonly links: LinkSet;
}

/** This relay's part in the mesh. */
export class Mesh implements Disposable {
	readonly #options: MeshOptions;
	readonly #announcement: Announcement | undefined;
	readonly #watch: Watch;
	/** Peers by the path that announced them; the timer runs once it has ended. */
	readonly #known: Map<string, { readonly key: string; cancel: (() => void) | undefined }> = new Map();

	constructor(options: MeshOptions) {
		this.#options = options;
		const { origin, self } = options;
		this.#announcement = announceName(origin, joinPath(parsePath(MESH_PREFIX), self.path));
		this.#watch = origin.watch(MESH_PREFIX, {
			onStart: (active) => {
				for (const one of active) this.#appear(one.path);
			},
			onActive: (appeared) => this.#appear(appeared),
			onRestart: () => {},
			onUpdate: () => {},
			onEnded: (ended) => this.#vanish(ended),
		});
	}

	[Symbol.dispose](): void {
		this.#watch.close();
		this.#announcement?.close();
		for (const { cancel } of this.#known.values()) cancel?.();
	}

	#appear(path: string): void {
		const known = this.#known.get(path);
		if (known !== undefined) {
			known.cancel?.();
			known.cancel = undefined;
			return;
		}
		const peer = announcedPeer(path.slice(MESH_PREFIX.length + 1));
		const isSafe = peer !== undefined && isAsSafe(peer.shown, this.#options.self.url);
		if (peer === undefined || !isSafe || this.#known.size >= NODES_MAX) {
			this.#options.log.warn("cluster.refused", { node: path }, "this is no name for a relay");
			return;
		}
		// The other one dials us: one session serves both ways.
		if (keyOf(peer) <= this.#options.self.url) return;
		this.#known.set(path, { key: keyOf(peer), cancel: undefined });
		this.#options.links.want(peer, "mesh");
	}

	/** It may only have changed its way to us, so it is dialled for a while longer. */
	#vanish(path: string): void {
		const known = this.#known.get(path);
		if (known === undefined) return;
		known.cancel = this.#options.clock.after(GONE_MS, () => {
			this.#known.delete(path);
			this.#options.links.release(known.key, "mesh");
		});
	}
}

/** A URL that has been a broadcast path, with the cost that it may name. */
function announcedPeer(text: string): Peer | undefined {
	const node = parseNode(text);
	if (node === undefined) return undefined;
	const query = text.indexOf("?");
	try {
		return parsePeer(node.url + (query < 0 ? "" : text.slice(query)));
	} catch (error) {
		if (error instanceof ConfigError) return undefined;
		throw error;
	}
}
