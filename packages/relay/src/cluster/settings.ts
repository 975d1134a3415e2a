/**
 * `[cluster]` as the cluster needs it: addresses parsed, and what follows from them.
 * @module
 */
import { ConfigError } from "../config/config-error.ts";
import type { RelayConfig } from "../config/relay-config.ts";
import type { Role } from "./choose-parent.ts";
import { type NodeName, parseNode } from "./node-name.ts";
import { type Peer, parsePeer } from "./peer.ts";

/** What a relay does in its cluster. */
export interface ClusterSettings {
	readonly connect: readonly Peer[];
	readonly connectApi: string | undefined;
	/** How others reach us. */
	readonly self: NodeName | undefined;
	readonly mesh: boolean;
	readonly root: Peer | undefined;
	readonly rootName: NodeName | undefined;
	/** Whether others join us, and we nobody. */
	readonly isRoot: boolean;
	readonly prefix: string;
	readonly role: Role;
	readonly fanout: number;
}

/** Read them. @throws ConfigError */
export function clusterSettings({ cluster, auth }: RelayConfig): ClusterSettings {
	const { node, mesh, connectApi, prefix, fanout, lingerMs: _, ...rest } = cluster;
	const self = node === undefined ? undefined : parseNode(node);
	if (node !== undefined && self === undefined) {
		fail("node", "is not a URL; write https://HOST/ as other relays reach this one");
	}
	if (mesh && self === undefined) fail("mesh", "needs cluster.node, the URL to tell the others");
	if (!/^\.?internal\/./.test(prefix)) fail("prefix", "must be under internal/, or viewers would see the relays");
	const root = rest.root === undefined ? undefined : parsePeer(rest.root, "cluster.root");
	const rootName = root && parseNode(root.shown);
	const { subscribe, publish } = auth.public;
	const hasViewers = subscribe.length > 0 || publish.length > 0;
	return {
		connect: rest.connect.map((text) => parsePeer(text)),
		connectApi,
		self,
		mesh,
		root,
		rootName,
		isRoot: rootName === undefined || rootName.url === self?.url,
		prefix,
		role: rest.role ?? (hasViewers ? "edge" : "regional"),
		fanout,
	};
}

function fail(key: string, message: string): never {
	throw new ConfigError([{ origin: undefined, key: `cluster.${key}`, message }]);
}
