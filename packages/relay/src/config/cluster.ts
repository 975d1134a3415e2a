/**
 * `[cluster]`: the other relays, in the current and the older spelling.
 * @module
 */
import type { ListenAddress } from "./listen-address.ts";

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
	readonly tier: string;
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
