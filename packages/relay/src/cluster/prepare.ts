/**
 * The cluster's part of a start: everything checked first, everything dialled last.
 * @module
 */
import { readFile } from "node:fs/promises";
import type { DialOptions, DialTls } from "@moq-relay/client";
import { versionOfName } from "@moq-relay/wire";
import type { ClientTlsConfig } from "../config/client.ts";
import { ConfigError } from "../config/config-error.ts";
import type { Foundation } from "../foundation.ts";
import { quicTransport } from "../listen/quic-listener.ts";
import { Cluster } from "./cluster.ts";
import { LINK_IDLE_MS, LINK_KEEP_ALIVE_MS, STEADY_MS } from "./limits.ts";
import { Registry } from "./registry.ts";
import { clusterSettings } from "./settings.ts";

/** Check all that links need, and let others join; what is returned dials. @throws ConfigError */
export async function prepareCluster(foundation: Foundation): Promise<() => void> {
	const { config, environment, closing, metrics, sessions, origin } = foundation;
	const { clock, log } = environment;
	const settings = clusterSettings(config);
	const dialOptions = await dialOptionsOf(foundation);
	const { prefix, fanout } = settings;
	sessions.observe(new Registry({ origin, log, prefix, fanout }));
	return () => {
		if (settings.isRoot)
			log.info("cluster.root", { node: settings.self?.url }, "this relay is the root: others may join it");
		const { token } = config.cluster;
		const shared = { clock, log, metrics, sessions, origin, dialOptions, token, steadyMs: STEADY_MS };
		metrics.follow(closing.add(new Cluster(settings, shared)));
	};
}

async function dialOptionsOf({ config, environment, engine, versions }: Foundation): Promise<DialOptions> {
	const { timeoutMs, websocket, quic, version, tls } = config.client;
	const transport = quicTransport(quic);
	const { idleTimeoutMs = LINK_IDLE_MS, keepAliveMs = LINK_KEEP_ALIVE_MS } = transport;
	return {
		tls: await dialTls(tls),
		timeoutMs,
		versions: version.length === 0 ? versions : version.flatMap((name) => versionOfName(name) ?? []),
		engine: engine ?? null,
		webSocket: { enabled: websocket.enabled, delayMs: websocket.delayMs },
		transport: {
			...transport,
			idleTimeoutMs: Math.min(idleTimeoutMs || LINK_IDLE_MS, LINK_IDLE_MS),
			keepAliveMs: Math.min(keepAliveMs || LINK_KEEP_ALIVE_MS, LINK_KEEP_ALIVE_MS),
		},
		clock: environment.clock,
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
