/**
 * `[cluster]`: the other relays, in the current and the older spelling.
 * @module
 */
import { address, choice, count, decimalId, duration, listOf, optional, text, toggle } from "./kind.ts";
import type { ListenAddress } from "./listen-address.ts";
import { RELOAD_LINKS, RELOAD_SOCKET } from "./reload.ts";
import { setting, type Table, table } from "./setting.ts";

/** Where in the tree this relay offers itself; undefined lets it choose. */
export type ClusterRole = "origin" | "regional" | "edge";

/** `[cluster]`. */
export interface ClusterConfig {
	/** This relay's origin id as decimal digits; undefined is random. */
	readonly id: string | undefined;
	/** Peer URLs, each perhaps with `?jwt=` and `?cost=`; a secret: redact before printing. */
	readonly connect: readonly string[];
	readonly connectApi: string | undefined;
	/** This relay's own URL. */
	readonly node: string | undefined;
	readonly mesh: boolean;
	/** File with the token for dials without `?jwt=`, or the token itself. */
	readonly token: string | undefined;
	readonly tier: string | undefined;
	/** How long a broadcast stays announced after its session died without a goodbye. */
	readonly lingerMs: number;
	/** Older spelling: the relay to join, URL or bare host. */
	readonly root: string | undefined;
	/** Older spelling: where nodes are announced. */
	readonly prefix: string;
	readonly role: ClusterRole | undefined;
	/** Children that the root feeds directly. */
	readonly fanout: number;
	/** A listener of its own for peers. */
	readonly listen: ListenAddress | undefined;
}

/** The settings of `[cluster]`. */
export const clusterTable: Table<ClusterConfig> = table(
	{ doc: "The other relays" },
	{
		id: setting(optional(decimalId()), {
			doc: "This relay's id in hop lists; by default random",
			reload: RELOAD_LINKS,
		}),
		connect: setting(listOf(text("a URL", "URL")), {
			doc: "Relays to connect to, each perhaps with ?jwt= and ?cost=",
			fallback: [],
			secret: true,
			reload: RELOAD_LINKS,
		}),
		connectApi: setting(optional(text("a file or an http(s) URL", "FILE|URL")), {
			doc: "File or URL with a JSON list of relays to connect to",
			reload: RELOAD_LINKS,
		}),
		node: setting(optional(text("a URL", "URL")), {
			doc: "This relay's own URL, as others reach it",
			aliases: ["cluster.advertise"],
			secret: true,
			reload: RELOAD_LINKS,
		}),
		mesh: setting(toggle(), {
			doc: "Learn of other relays from those connected, and connect to them too; a URL means node = URL, mesh = true",
			fallback: false,
			reload: RELOAD_LINKS,
			expand: (value) => (typeof value === "string" ? { node: value, mesh: true } : undefined),
		}),
		token: setting(optional(text("a file or a token", "FILE")), {
			doc: "File with the token for connections without ?jwt=, or the token itself",
			secret: true,
			reload: RELOAD_LINKS,
		}),
		tier: setting(optional(text("a label", "LABEL")), {
			doc: "Statistics label of connections to other relays",
			reload: RELOAD_LINKS,
			pending: "there are no statistics labels",
		}),
		lingerMs: setting(duration(), {
			doc: "How long a broadcast stays announced after its session broke",
			key: "linger",
			fallback: "5s",
			reload: RELOAD_LINKS,
		}),
		root: setting(optional(text("a URL or host", "URL")), {
			doc: "Older spelling: the relay to join, as a URL perhaps with ?jwt=, or as host:port",
			secret: true,
			reload: RELOAD_LINKS,
		}),
		prefix: setting(text("a path", "PATH"), {
			doc: "Older spelling: under which names relays are announced",
			fallback: "internal/origins",
			reload: RELOAD_LINKS,
		}),
		role: setting(optional(choice(["origin", "regional", "edge"])), {
			doc: "Where in the tree this relay stands; by default it finds its place",
			reload: RELOAD_LINKS,
		}),
		fanout: setting(count(1, 10_000), {
			doc: "Relays that the root feeds directly before it names other parents",
			fallback: 16,
			reload: RELOAD_LINKS,
		}),
		listen: setting(optional(address()), {
			doc: "UDP address for other relays only",
			reload: RELOAD_SOCKET,
			pending: "other relays come in on server.bind",
		}),
	},
);
