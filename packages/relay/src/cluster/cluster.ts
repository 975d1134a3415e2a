/**
 * The links of this relay to others.
 * @module
 */
import { readFile } from "node:fs/promises";
import type { DialTls } from "@moq-relay/client";
import { LITE_VERSIONS } from "@moq-relay/wire";
import type { ClientTlsConfig } from "../config/client.ts";
import { ConfigError } from "../config/config-error.ts";
import type { Foundation } from "../foundation.ts";
import { quicTransport } from "../listen/quic-listener.ts";
import type { MetricsSource, Sample } from "../metrics/metrics.ts";
import type { GaugeName, SumName } from "../metrics/series.ts";
import { ClusterLink, type ClusterLinkOptions } from "./cluster-link.ts";
import { STEADY_MS } from "./limits.ts";
import { type Peer, parsePeer } from "./peer.ts";

/** A link to every relay of `[cluster] connect`. */
export class Cluster implements MetricsSource, Disposable {
	readonly #links: readonly ClusterLink[];

	constructor(peers: readonly Peer[], options: ClusterLinkOptions) {
		this.#links = peers.map((peer) => new ClusterLink(peer, options));
	}

	/** Links whose session stands. */
	get up(): number {
		return this.#links.filter((link) => link.isUp).length;
	}

	*sums(): Iterable<Sample<SumName>> {}

	*gauges(): Iterable<Sample<GaugeName>> {
		yield { name: "moq_cluster_peers", value: this.up };
		for (const { peer, isUp } of this.#links) {
			yield { name: "moq_cluster_peer_up", value: isUp ? 1 : 0, labels: { peer: peer.shown } };
		}
	}

	[Symbol.dispose](): void {
		for (const link of this.#links) link[Symbol.dispose]();
	}
}

/** Check all that links need; what is returned dials them. @throws ConfigError */
export async function prepareCluster(foundation: Foundation): Promise<() => void> {
	const { config, environment, closing, metrics, sessions, engine, versions } = foundation;
	const { clock, log } = environment;
	const peers = config.cluster.connect.map(parsePeer);
	const tls = await dialTls(config.client.tls);
	const { timeoutMs, websocket, quic, version } = config.client;
	const dialOptions = {
		tls,
		timeoutMs,
		versions: version.length === 0 ? versions : LITE_VERSIONS.filter(({ name }) => version.includes(name)),
		engine: engine ?? null,
		webSocket: { enabled: websocket.enabled, delayMs: websocket.delayMs },
		transport: quicTransport(quic),
		clock,
	};
	return () => {
		const { token } = config.cluster;
		const shared = { clock, log, metrics, sessions, dialOptions, token, steadyMs: STEADY_MS };
		metrics.follow(closing.add(new Cluster(peers, shared)));
	};
}

/** `[client.tls]` with its files read. */
async function dialTls(config: ClientTlsConfig): Promise<DialTls> {
	const roots = await Promise.all(config.root.map(readRoot));
	return {
		roots,
		fingerprints: config.fingerprint,
		disableVerify: config.disableVerify,
		...(config.systemRoots !== undefined && { systemRoots: config.systemRoots }),
	};
}

async function readRoot(file: string): Promise<string> {
	try {
		return await readFile(file, "utf8");
	} catch (error) {
		const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
		throw new ConfigError([{ origin: undefined, key: "client.tls.root", message: `${file} cannot be read${code}` }]);
	}
}
