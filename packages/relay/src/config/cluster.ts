/**
 * `[cluster]`: the other relays, in the current and the older spelling.
 * @module
 */
import { address, choice, count, decimalId, duration, listOf, optional, text, toggle } from "./kind.ts";
import type { ListenAddress } from "./listen-address.ts";
import { type PeerRule, peerRules } from "./peer-rules.ts";
import { RELOAD_FILES, RELOAD_LINKS, RELOAD_SOCKET, RELOAD_START } from "./reload.ts";
import { setting, type Table, table } from "./setting.ts";

/** Where in the tree this relay offers itself; undefined lets it choose. */
export type ClusterRole = "origin" | "regional" | "edge";

/** `[cluster.tls]`: certificates on the listener for relays. */
export interface ClusterTlsConfig {
	/** Files; empty: those of `[server.tls]`. */
	readonly cert: readonly string[];
	readonly key: readonly string[];
	/** Files; empty: those of `[server.tls]`. */
	readonly root: readonly string[];
}

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
	/** CIDR ranges that may knock there; empty is all. */
	readonly allow: readonly string[];
	/** Whether relays may come in on the public listeners although there is one for them. */
	readonly public: boolean;
	readonly peers: readonly PeerRule[];
	readonly tls: ClusterTlsConfig;
}

const files = listOf(text("a file", "FILE"));

const clusterTlsTable: Table<ClusterTlsConfig> = table(
	{ doc: "Certificates on cluster.listen, where they differ from those of server.tls" },
	{
		cert: setting(files, {
			doc: "PEM files with the certificate chains shown to other relays; by default those of server.tls",
			fallback: [],
			reload: RELOAD_FILES,
		}),
		key: setting(files, {
			doc: "PEM files with the private keys of those certificates",
			fallback: [],
			reload: RELOAD_FILES,
		}),
		root: setting(files, {
			doc: "PEM files of authorities whose client certificates let relays in; by default those of server.tls.root",
			fallback: [],
			reload: RELOAD_SOCKET,
		}),
	},
);

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
			doc: "Statistics label (tier) of the connections that this relay opens to others",
			reload: RELOAD_LINKS,
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
			doc: "Address for other relays only, UDP and TCP, best a private one; cluster.node must lead there",
			reload: RELOAD_SOCKET,
		}),
		allow: setting(listOf(text("an address range", "CIDR")), {
			doc: "Address ranges that may connect to cluster.listen; empty is all",
			fallback: [],
			reload: RELOAD_SOCKET,
		}),
		public: setting(toggle(), {
			doc: "Let relays in on the public listeners too, although there is cluster.listen",
			fallback: false,
			reload: RELOAD_START,
		}),
		peers: setting(peerRules(), {
			doc: "Prefixes that each relay may publish and subscribe under, by certificate name, dialled host or *",
			fallback: {},
			reload: RELOAD_START,
		}),
		tls: clusterTlsTable,
	},
);
