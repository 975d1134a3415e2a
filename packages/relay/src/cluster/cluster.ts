/**
 * The links of this relay to others, and what it tells them of itself.
 * @module
 */

import type { Origin } from "@moq-relay/core";
import type { MetricsSource, Sample } from "../metrics/metrics.ts";
import type { GaugeName, SumName } from "../metrics/series.ts";
import { ClusterLink, type ClusterLinkOptions, type LinkPlan } from "./cluster-link.ts";
import { readClusterToken } from "./cluster-token.ts";
import { isInternal } from "./internal-names.ts";
import { LinkSet } from "./link-set.ts";
import { measureRtt } from "./measure.ts";
import { Mesh } from "./mesh.ts";
import type { Peer } from "./peer.ts";
import { PeerList } from "./peer-list.ts";
import type { ClusterSettings } from "./settings.ts";
import { Tree } from "./tree.ts";

/** What a cluster needs beside its settings. */
export interface ClusterOptions extends ClusterLinkOptions {
	readonly origin: Origin;
}

/** Everything that `[cluster]` asks for. */
export class Cluster implements MetricsSource, Disposable {
	readonly #options: ClusterOptions;
	/** Those of the tree; the others are in the set. */
	readonly #treeLinks = new Set<ClusterLink>();
	readonly #links: LinkSet;
	readonly #parts: Disposable[] = [];
	/** Peers that the configuration or the operator's list names; the others are known by hearsay. */
	readonly #configured: ReadonlySet<string>;
	#listed: ReadonlySet<string> = new Set();

	constructor(settings: ClusterSettings, options: ClusterOptions) {
		this.#options = options;
		this.#configured = new Set(
			[...settings.connect, ...(settings.root === undefined ? [] : [settings.root])].map(shownOf),
		);
		this.#links = new LinkSet((plan) => new ClusterLink(plan, options));
		for (const peer of settings.connect) this.#links.want(peer, "connect");
		this.#countRouteChanges();
		this.#joinTree(settings);
		this.#followList(settings);
		if (settings.mesh && settings.self !== undefined) {
			const { clock, log, origin } = options;
			this.#parts.push(new Mesh({ clock, log, origin, self: settings.self, links: this.#links }));
		}
	}

	/** Links whose session stands. */
	get up(): number {
		return this.#all.filter((link) => link.isUp).length;
	}

	*sums(): Iterable<Sample<SumName>> {}

	*gauges(): Iterable<Sample<GaugeName>> {
		yield { name: "moq_cluster_peers", value: this.up };
		const peers = new Map<string, { up: boolean; expiresMs: number | undefined }>();
		for (const { peer, isUp, tokenExpiresMs } of this.#all) {
			const isKnown = this.#configured.has(peer.shown) || this.#listed.has(peer.shown);
			const name = isKnown ? peer.shown : DISCOVERED;
			const before = peers.get(name);
			const ends = [tokenExpiresMs, before?.expiresMs].filter((endMs) => endMs !== undefined);
			const expiresMs = ends.length === 0 ? undefined : Math.min(...ends);
			peers.set(name, { up: isUp && before?.up !== false, expiresMs });
		}
		for (const [peer, { up, expiresMs }] of peers) {
			yield { name: "moq_cluster_peer_up", value: up ? 1 : 0, labels: { peer } };
			if (expiresMs === undefined) continue;
			yield { name: "moq_cluster_token_expiry_timestamp_seconds", value: expiresMs / 1000, labels: { peer } };
		}
	}

	[Symbol.dispose](): void {
		for (const part of this.#parts) part[Symbol.dispose]();
		this.#links[Symbol.dispose]();
	}

	get #all(): readonly ClusterLink[] {
		return [...this.#treeLinks, ...this.#links.links()];
	}

	#joinTree({ root, rootName, self, role, prefix, fanout, isRoot }: ClusterSettings): void {
		if (root === undefined || rootName === undefined || isRoot) return;
		if (self === undefined) {
			// Nobody could dial it, so there is no place for it in the tree.
			this.#links.want(root, "connect");
			return;
		}
		const { clock, log, origin } = this.#options;
		const link = (plan: LinkPlan): ClusterLink => this.#openTreeLink(plan);
		const measure = (peer: Peer): Promise<number> => this.#measure(peer);
		const tree = new Tree({ clock, log, origin, self, role, root, rootName, prefix, fanout, link, measure });
		this.#parts.push(tree);
	}

	#openTreeLink(plan: LinkPlan): ClusterLink {
		const link = new ClusterLink(plan, this.#options);
		this.#treeLinks.add(link);
		link.onClosed(() => this.#treeLinks.delete(link));
		return link;
	}

	async #measure(peer: Peer): Promise<number> {
		const { token } = this.#options;
		const url = new URL(peer.url);
		try {
			if (token !== undefined && !url.searchParams.has("jwt")) {
				url.searchParams.set("jwt", await readClusterToken(token));
			}
		} catch {
			// The link itself will say that its token cannot be read.
			return Number.POSITIVE_INFINITY;
		}
		return measureRtt(url, this.#options);
	}

	#followList({ connectApi, self }: ClusterSettings): void {
		if (connectApi === undefined) return;
		const { clock, log, dialOptions } = this.#options;
		const list = new PeerList({
			clock,
			log,
			place: connectApi,
			self: self?.url,
			timeoutMs: dialOptions.timeoutMs ?? LIST_MS,
			onPeers: (peers) => {
				this.#listed = new Set(peers.map(shownOf));
				this.#links.replace(peers, "list");
			},
		});
		this.#parts.push(list);
	}

	#countRouteChanges(): void {
		const { origin, metrics } = this.#options;
		const count = (path: string): void => {
			// Names of relays move with every relay; what an operator watches for is streams.
			if (!isInternal(path)) metrics.count("moq_cluster_route_changes_total");
		};
		const idle = (): void => {};
		const watch = origin.watch("", { onStart: idle, onActive: idle, onRestart: count, onUpdate: count, onEnded: idle });
		this.#parts.push({ [Symbol.dispose]: () => watch.close() });
	}
}

function shownOf({ shown }: Peer): string {
	return shown;
}

/** Stands in metrics for all relays that others name: they are to make no labels. */
const DISCOVERED = "discovered";
/** Time for an answer with a list, in ms, where no time for dials is set. */
const LIST_MS = 10_000;
