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
import { readIdentities } from "../tls/identity.ts";
import { Cluster, type ClusterOptions } from "./cluster.ts";
import { LINK_IDLE_MS, LINK_KEEP_ALIVE_MS, LINK_SOCKET_IDLE_MS, STEADY_MS } from "./limits.ts";
import { Registry } from "./registry.ts";
import { clusterSettings } from "./settings.ts";

/** Check all that links need, and let others join; what is returned dials. @throws ConfigError */
export async function prepareCluster(foundation: Foundation): Promise<() => void> {
	const { config, environment, closing, metrics, sessions, origin } = foundation;
	const { clock, log } = environment;
	const settings = clusterSettings(config);
	const dialOptions = dialOptionsOf(foundation);
	const readTls = (): Promise<DialTls> => dialTls(config.client.tls);
	// What cannot be read is better known now than at the first dial.
	await readTls();
	const { prefix, fanout } = settings;
	sessions.observe(new Registry({ origin, log, prefix, fanout }));
	return () => {
		if (settings.isRoot)
			log.info("cluster.root", { node: settings.self?.url }, "this relay is the root: others may join it");
		const { token, tier } = config.cluster;
		const restrict: ClusterOptions["restrict"] = (grant, names) => foundation.policy.restrict(grant, names);
		const shared = {
			clock,
			log,
			metrics,
			sessions,
			origin,
			dialOptions,
			readTls,
			restrict,
			token,
			tier,
			steadyMs: STEADY_MS,
		};
		metrics.follow(closing.add(new Cluster(settings, shared)));
	};
}

function dialOptionsOf({ config, environment, engine, versions }: Foundation): DialOptions {
	const { timeoutMs, websocket, quic, version } = config.client;
	const transport = quicTransport(quic);
	const { idleTimeoutMs = LINK_IDLE_MS, keepAliveMs = LINK_KEEP_ALIVE_MS } = transport;
	return {
		timeoutMs,
		versions: version.length === 0 ? versions : version.flatMap((name) => versionOfName(name) ?? []),
		engine: engine ?? null,
		webSocket: { enabled: websocket.enabled, delayMs: websocket.delayMs, idleMs: LINK_SOCKET_IDLE_MS },
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
	const roots = await Promise.all(config.root.map((file) => readPem(file, "client.tls.root")));
	const { cert, key } = config;
	if ((cert === undefined) !== (key === undefined)) {
		throw configError("client.tls.cert", "needs client.tls.key, and the other way round");
	}
	const certificate = cert !== undefined && key !== undefined && (await readCertificate(cert, key));
	return {
		...(certificate !== false && { certificate }),
		roots,
		fingerprints: config.fingerprint,
		disableVerify: config.disableVerify,
		...(config.systemRoots !== undefined && { systemRoots: config.systemRoots }),
	};
}

/** Read for every dial, so that a renewed one is shown. @throws ConfigError when the two do not belong together */
async function readCertificate(cert: string, key: string): Promise<NonNullable<DialTls["certificate"]>> {
	const [identity] = await readIdentities({ cert: [cert], key: [key], setting: "client.tls" }, Date.now());
	if (identity === undefined) throw configError("client.tls.cert", `${cert} holds no certificate`);
	return { chain: identity.chain, key: identity.key };
}

async function readPem(file: string, key: string): Promise<string> {
	try {
		return await readFile(file, "utf8");
	} catch (error) {
		const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
		throw configError(key, `${file} cannot be read${code}`);
	}
}

function configError(key: string, message: string): ConfigError {
	return new ConfigError([{ origin: undefined, key, message }]);
}
