/**
 * Links to other relays by name, each wanted for one or more reasons.
 * @module
 */
import type { ClusterLink, LinkPlan } from "./cluster-link.ts";
import { parseNode } from "./node-name.ts";
import type { Peer } from "./peer.ts";

/** Who wants a link: the setting, the list, or other relays' word. */
export type LinkReason = "connect" | "list" | "mesh";

/** One relay that somebody wants. */
interface Wanted {
	readonly by: Map<LinkReason, Peer>;
	readonly peer: Peer;
	readonly link: ClusterLink;
}

/** One link for each relay, however often and under however many spellings it is named. */
export class LinkSet implements Disposable {
	readonly #open: (plan: LinkPlan) => ClusterLink;
	readonly #wanted: Map<string, Wanted> = new Map();

	constructor(open: (plan: LinkPlan) => ClusterLink) {
		this.#open = open;
	}

	/** All of them. */
	*links(): Iterable<ClusterLink> {
		for (const { link } of this.#wanted.values()) yield link;
	}

	/** Want a link. A token or cost that differs from before dials anew, unless a stronger reason has its own. */
	want(peer: Peer, reason: LinkReason): void {
		const key = keyOf(peer);
		const known = this.#wanted.get(key);
		const by = known?.by ?? new Map<LinkReason, Peer>();
		by.set(reason, peer);
		this.#settle(key, by);
	}

	/** Want it no more for this reason; `key` is a peer's as `keyOf` says. */
	release(key: string, reason: LinkReason): void {
		const known = this.#wanted.get(key);
		if (known?.by.delete(reason) === true) this.#settle(key, known.by);
	}

	/** Want exactly these for this reason. */
	replace(peers: readonly Peer[], reason: LinkReason): void {
		const keys = new Set(peers.map(keyOf));
		for (const [key, { by }] of this.#wanted) if (by.has(reason) && !keys.has(key)) this.release(key, reason);
		for (const peer of peers) this.want(peer, reason);
	}

	[Symbol.dispose](): void {
		for (const { link } of this.#wanted.values()) link[Symbol.dispose]();
		this.#wanted.clear();
	}

	#settle(key: string, by: Map<LinkReason, Peer>): void {
		const known = this.#wanted.get(key);
		const peer = REASONS.map((reason) => by.get(reason)).find((one) => one !== undefined);
		if (peer !== undefined && known !== undefined && isSame(peer, known.peer)) return;
		known?.link.close();
		if (peer === undefined) this.#wanted.delete(key);
		else this.#wanted.set(key, { by, peer, link: this.#open({ peer, kind: "peer" }) });
	}
}

/** What a peer is called, whatever its token and cost. */
export function keyOf(peer: Peer): string {
	return parseNode(peer.shown)?.url ?? peer.shown;
}

function isSame(a: Peer, b: Peer): boolean {
	return a.url.href === b.url.href && a.cost === b.cost;
}

/** The strongest first. */
const REASONS: readonly LinkReason[] = ["connect", "list", "mesh"];
