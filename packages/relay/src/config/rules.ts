/**
 * What holds between settings: defaults that depend on others, combinations that cannot work, and those that are risky.
 * @module
 */
import { LITE_VERSIONS } from "@moq-relay/wire";
import { parseRanges } from "../admission/address-key.ts";
import { clusterSettings } from "../cluster/settings.ts";
import { ConfigError, type Problem } from "./config-error.ts";
import type { Given, Layer } from "./layer.ts";
import { isLoopback } from "./listen-address.ts";
import type { RelayConfig } from "./relay-config.ts";

/** What follows from a configuration whose single values are all right. */
export interface Judgement {
	readonly problems: readonly Problem[];
	readonly warnings: readonly string[];
}

/** Add the defaults that depend on other settings: UDP is served unless only TCP or a unix socket was asked for. */
export function adjust(given: Layer): Layer {
	const elsewhere = given.has("server.tcp.bind") || given.has("server.unix.bind");
	if (elsewhere || given.has("server.bind")) return given;
	return new Map<string, Given>([...given, ["server.bind", { value: "[::]:443", origin: "default" }]]);
}

/** Find combinations that keep the relay from starting, or that someone should think about. */
export function judge(config: RelayConfig, given: Layer): Judgement {
	const problems: Problem[] = [];
	const problem = (key: string, message: string): void => {
		problems.push({ origin: given.get(key)?.origin, key, message });
	};
	judgeAuth(config, problem);
	judgeTls(config, problem);
	judgeCluster(config, problem);
	const warnings = [
		...authWarnings(config, given),
		...listenWarnings(config),
		...versionWarnings(config),
		...clusterWarnings(config),
	];
	return { problems, warnings };
}

type Report = (key: string, message: string) => void;

function judgeAuth(config: RelayConfig, problem: Report): void {
	const { auth, server } = config;
	const isPublic = auth.public.subscribe.length > 0 || auth.public.publish.length > 0 || auth.public.api !== undefined;
	const hasKeys = auth.key !== undefined || auth.keyDir !== undefined;
	if (auth.authApi !== undefined && (isPublic || hasKeys)) {
		problem("auth.auth_api", "answers everything by itself; remove key, key_dir and public, or remove it");
	}
	if (!isPublic && !hasKeys && auth.authApi === undefined && server.tls.root.length === 0) {
		problem("auth", 'nobody can authenticate; set auth.key to a JWK file (moq-token generate), or auth.public = ""');
	}
	if (auth.refreshIntervalMs !== undefined && auth.refreshIntervalMs < 30_000) {
		problem("auth.refresh_interval", "must be at least 30 s, or the key server is asked too often");
	}
}

function judgeTls(config: RelayConfig, problem: Report): void {
	const { server, web } = config;
	if (server.tls.cert.length !== server.tls.key.length) {
		problem("server.tls.cert", "must have as many files as server.tls.key; each certificate needs its key");
	}
	if (server.bind !== undefined && server.tls.cert.length === 0 && server.tls.generate.length === 0) {
		problem(
			"server.tls",
			'there is no certificate; set cert and key, or generate = ["localhost"] for a throw-away one',
		);
	}
	const { listen, cert, key } = web.https;
	const parts = [listen !== undefined, cert.length > 0, key.length > 0].filter(Boolean).length;
	if (parts !== 0 && parts !== 3) problem("web.https", "needs all of listen, cert and key");
	else if (cert.length !== key.length) problem("web.https.cert", "must have as many files as web.https.key");
}

function judgeCluster(config: RelayConfig, problem: Report): void {
	const { listen, allow, tls } = config.cluster;
	try {
		clusterSettings(config);
		parseRanges(allow);
	} catch (error) {
		if (error instanceof RangeError) problem("cluster.allow", error.message);
		else if (error instanceof ConfigError) for (const { key, message } of error.problems) problem(key, message);
		else throw error;
	}
	if (tls.cert.length !== tls.key.length) problem("cluster.tls.cert", "must have as many files as cluster.tls.key");
	if (listen === undefined) return;
	const { server, web } = config;
	const others = [server.bind, web.http.listen, web.https.listen];
	if (listen.port !== 0 && others.some((other) => other?.port === listen.port && other.host === listen.host)) {
		problem("cluster.listen", "is where everybody comes in already; give relays an address or a port of their own");
	}
	if (tls.cert.length === 0 && server.tls.cert.length === 0 && server.tls.generate.length === 0) {
		problem("cluster.listen", "there is no certificate for it; set cluster.tls.cert and key, or server.tls");
	}
}

function authWarnings(config: RelayConfig, given: Layer): string[] {
	const { auth } = config;
	const warnings: string[] = [];
	const exposed = listeners(config).some((address) => !isLoopback(address));
	const open = [...auth.public.publish, ...auth.public.subscribe].includes("");
	if (open && exposed) warnings.push("auth.public is open to everyone on an address that others can reach");
	const { subscribe, publish } = auth.public;
	const sources = [given.get("auth.public.subscribe"), given.get("auth.public.publish")];
	const both =
		subscribe.length > 0 && sources[0]?.origin === sources[1]?.origin && sources[0]?.value === sources[1]?.value;
	if (both && publish.length > 0 && exposed) {
		const table = `{ subscribe = ${JSON.stringify(subscribe)} }`;
		warnings.push(`auth.public lets anyone publish there as well as watch; to watch only: public = ${table}`);
	}
	return warnings;
}

function listenWarnings(config: RelayConfig): string[] {
	const { http } = config.web;
	if (http.listen === undefined || isLoopback(http.listen)) return [];
	return ["web.http serves tokens and media unencrypted on an address that others can reach; prefer web.https"];
}

function versionWarnings(config: RelayConfig): string[] {
	const spoken = LITE_VERSIONS.map(({ name }) => name as string);
	const unspoken = config.server.version.filter((version) => !spoken.includes(version));
	if (unspoken.length === 0) return [];
	return [
		`server.version names ${unspoken.join(", ")}, which this relay does not speak; it speaks ${spoken.join(", ")}`,
	];
}

function clusterWarnings({ cluster }: RelayConfig): string[] {
	const warnings: string[] = [];
	const bare = cluster.connect.filter((url) => !url.includes("://"));
	if (bare.length > 0) {
		warnings.push(`cluster.connect has ${bare.length} host without a scheme; write https://HOST/`);
	}
	if (cluster.listen !== undefined && cluster.node === undefined) {
		warnings.push("cluster.listen is open, but nobody is told of it: set cluster.node to the URL that leads there");
	}
	const alone = [
		["allow", cluster.allow.length > 0],
		["public", cluster.public],
		["tls", cluster.tls.cert.length + cluster.tls.root.length > 0],
	] as const;
	for (const [key, isGiven] of alone) {
		if (isGiven && cluster.listen === undefined) warnings.push(`cluster.${key} only counts beside cluster.listen`);
	}
	return warnings;
}

function listeners(config: RelayConfig): { readonly host: string; readonly port: number }[] {
	const { server, web } = config;
	return [server.bind, server.tcp.bind, web.http.listen, web.https.listen].filter((address) => address !== undefined);
}
