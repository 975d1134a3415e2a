/**
 * Who has joined this relay: a name for each, announced for as long as its session lives.
 * @module
 */
import type { Announcement, Origin } from "@moq-relay/core";
import { joinPath, parsePath } from "@moq-relay/wire";
import type { Log } from "../ops/log.ts";
import type { LiveSession, SessionObserver } from "../sessions/sessions.ts";
import { announceName, FANOUT_PREFIX, MESH_PREFIX } from "./internal-names.ts";
import { NODES_MAX } from "./limits.ts";
import { type NodeName, parseNode } from "./node-name.ts";

/** What a registry needs. */
export interface RegistryOptions {
	readonly origin: Origin;
	readonly log: Log;
	/** `[cluster] prefix`: where older relays look for each other, by host. */
	readonly prefix: string;
	/** `[cluster] fanout`, told to those that join. */
	readonly fanout: number;
}

/** One relay that joined, over any number of sessions. */
interface Registered {
	readonly node: NodeName;
	readonly sessions: Set<LiveSession>;
	readonly announcements: readonly Announcement[];
}

/** The relays that joined with `register`. Empty broadcasts stand for them, which only relays see. */
export class Registry implements SessionObserver {
	readonly #options: RegistryOptions;
	readonly #nodes: Map<string, Registered> = new Map();
	#hasToldFanout = false;

	constructor(options: RegistryOptions) {
		this.#options = options;
	}

	/** URLs of those that have joined. */
	get nodes(): readonly string[] {
		return [...this.#nodes.keys()];
	}

	onReady(live: LiveSession): void {
		const name = registeredName(live);
		if (name === undefined) return;
		const node = parseNode(name);
		if (node === undefined || (this.#nodes.size >= NODES_MAX && !this.#nodes.has(node.url))) {
			this.#options.log.warn("cluster.refused", { session: live.id, node: name }, "this is no name for a relay");
			return;
		}
		const known = this.#nodes.get(node.url) ?? this.#add(node);
		known.sessions.add(live);
		this.#options.log.info("cluster.joined", { node: node.url, session: live.id });
	}

	onEnded(live: LiveSession): void {
		for (const { node, sessions, announcements } of this.#nodes.values()) {
			if (!sessions.delete(live)) continue;
			this.#options.log.info("cluster.left", { node: node.url, session: live.id });
			if (sessions.size > 0) return;
			for (const announcement of announcements) announcement.close();
			this.#nodes.delete(node.url);
			return;
		}
	}

	#add(node: NodeName): Registered {
		const { origin, prefix, fanout } = this.#options;
		if (!this.#hasToldFanout) announceName(origin, joinPath(parsePath(FANOUT_PREFIX), String(fanout)));
		this.#hasToldFanout = true;
		const paths = [joinPath(parsePath(prefix), parsePath(node.host)), joinPath(parsePath(MESH_PREFIX), node.path)];
		const announcements = paths.flatMap((path) => announceName(origin, path) ?? []);
		const registered = { node, sessions: new Set<LiveSession>(), announcements };
		this.#nodes.set(node.url, registered);
		return registered;
	}
}

/** What a relay calls itself; undefined for sessions that are no relay's. */
export function registeredName({ request, session }: LiveSession): string | undefined {
	return session.grant?.cluster === true ? request?.register : undefined;
}
