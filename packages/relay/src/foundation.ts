/**
 * What every part of the relay stands on: settings, keys, identities, the routing table, sessions and counters. Nothing
 * here can be reached from outside yet.
 * @module
 */
import { type Clock, type Connection, Origin } from "@moq-relay/core";
import { Engine } from "@moq-relay/engine";
import { LITE_VERSIONS, type LiteVersion } from "@moq-relay/wire";
import { Admission } from "./admission/admission.ts";
import type { Authoriser } from "./auth/authoriser.ts";
import { openAuthoriser } from "./auth/key-authoriser.ts";
import type { Closing } from "./closing.ts";
import { RELAY_SESSIONS_MAX } from "./cluster/limits.ts";
import { PeerPolicy } from "./cluster/peer-policy.ts";
import { ConfigError } from "./config/config-error.ts";
import type { RelayConfig } from "./config/relay-config.ts";
import { LIMITS_DEFAULT } from "./limits.ts";
import { Gate } from "./listen/gate.ts";
import { Metrics } from "./metrics/metrics.ts";
import type { Log } from "./ops/log.ts";
import { clusterBounds, publicBounds } from "./sessions/session-bounds.ts";
import { SessionMetrics } from "./sessions/session-metrics.ts";
import { Sessions } from "./sessions/sessions.ts";
import { Identities } from "./tls/identities.ts";

/** What a relay is given besides its configuration. */
export interface RelayEnvironment {
	readonly log: Log;
	readonly clock: Clock;
	/** For `moq_build_info`. */
	readonly version?: string;
	/** Threads for TCP; default: one less than there are cores, and at least one. */
	readonly workers?: number;
}

/** The ground. */
export interface Foundation {
	readonly config: RelayConfig;
	readonly environment: RelayEnvironment;
	readonly closing: Closing;
	/** Versions on offer, the preferred first. */
	readonly versions: readonly LiteVersion[];
	readonly admission: Admission;
	/** Of the listener for relays, which viewers must not be able to fill. */
	readonly clusterAdmission: Admission;
	readonly authoriser: Authoriser;
	readonly identities: Identities;
	readonly engine: Engine | undefined;
	readonly metrics: Metrics;
	readonly origin: Origin;
	readonly sessions: Sessions;
	readonly gate: Gate;
	/** The way in for other relays. */
	readonly clusterGate: Gate;
	/** What `[cluster.peers]` and the listeners decide. */
	readonly policy: PeerPolicy;
	/** Whether the relay is on its way out. */
	readonly state: { draining: boolean };
	/** Log and count a fault of our own. */
	readonly fault: (error: unknown, connection?: Connection) => void;
}

/** Lay it; whatever is opened is left to `closing`. @throws ConfigError */
export async function layFoundation(
	config: RelayConfig,
	environment: RelayEnvironment,
	closing: Closing,
): Promise<Foundation> {
	const { clock, log } = environment;
	const admission = openAdmission(config);
	const clusterAdmission = openClusterAdmission(config);
	const policy = new PeerPolicy(config.cluster);
	const identities = closing.add(await Identities.open(config, clock));
	const timeoutMs = config.limits.authTimeoutMs;
	const authoriser = closing.add(await openAuthoriser({ config: config.auth, timeoutMs, clock, log, policy }));
	const metrics = new Metrics();
	const fault = (error: unknown, connection?: Connection): void => {
		metrics.count("moq_faults_total");
		log.error("session.fault", { remote: connection?.info.remote, error: asError(error) });
	};
	const origin = new Origin({
		clock,
		id: idOf(config, clock),
		broadcastLingerMs: config.cluster.lingerMs,
		onFault: (thrown) => fault(thrown),
	});
	const versions = versionsOf(config);
	const sessions = closing.add(
		new Sessions({
			clock,
			origin,
			log,
			metrics,
			authoriser,
			publicBounds: publicBounds(config.limits),
			clusterBounds: clusterBounds(config.limits),
			versions: versions.map((version) => version.name),
			certificateTier: config.auth.mtlsTier,
		}),
	);
	metrics.follow(new SessionMetrics(sessions));
	const gates = { clock, log, metrics, authoriser, sessions };
	return {
		config,
		environment,
		closing,
		versions,
		admission,
		clusterAdmission,
		policy,
		authoriser,
		identities,
		engine: openEngine(config, log, { closing, fault }),
		metrics,
		origin,
		sessions,
		gate: new Gate({ ...gates, admission, door: "public" }),
		clusterGate: new Gate({ ...gates, admission: clusterAdmission, door: "cluster" }),
		state: { draining: false },
		fault,
	};
}

function openAdmission({ limits }: RelayConfig): Admission {
	try {
		return new Admission({ ...limits, exempt: [...limits.exempt, ...loopbackRanges(limits)] });
	} catch (error) {
		if (!(error instanceof RangeError)) throw error;
		throw new ConfigError([{ origin: undefined, key: "limits.exempt", message: error.message }]);
	}
}

function openClusterAdmission({ cluster }: RelayConfig): Admission {
	const unlimited = { maxSessionsPerIp: 0, sessionRatePerIp: 0, sessionBurstPerIp: 0, exempt: ["0.0.0.0/0", "::/0"] };
	try {
		return new Admission({ ...unlimited, maxSessions: RELAY_SESSIONS_MAX, allow: cluster.allow });
	} catch (error) {
		if (!(error instanceof RangeError)) throw error;
		throw new ConfigError([{ origin: undefined, key: "cluster.allow", message: error.message }]);
	}
}

/** Loopback counts as the operator's own while nobody has set a limit per address; who sets one wants to see it hold. */
function loopbackRanges(limits: RelayConfig["limits"]): readonly string[] {
	const keys = ["maxSessionsPerIp", "sessionRatePerIp", "sessionBurstPerIp"] as const;
	return keys.every((key) => limits[key] === LIMITS_DEFAULT[key]) ? ["127.0.0.0/8", "::1/128"] : [];
}

/** The engine, where QUIC is wanted at all; without one there is a line, and WebSocket. */
function openEngine(
	config: RelayConfig,
	log: Log,
	{ closing, fault }: { closing: Closing; fault: Foundation["fault"] },
): Engine | undefined {
	const { connect, connectApi, root, mesh } = config.cluster;
	const dials = connect.length > 0 || connectApi !== undefined || root !== undefined || mesh;
	if (config.server.bind === undefined && config.cluster.listen === undefined && !dials) return undefined;
	const engine = Engine.load({ onFault: (message) => fault(new Error(message)) });
	if (!("missing" in engine)) return closing.add(engine);
	log.warn("engine.absent", {}, `${engine.missing}; going on without QUIC, over WebSocket only`);
	return undefined;
}

function versionsOf({ server }: RelayConfig): readonly LiteVersion[] {
	if (server.version.length === 0) return LITE_VERSIONS;
	const versions = server.version.flatMap((name) => LITE_VERSIONS.find((version) => version.name === name) ?? []);
	if (versions.length > 0) return versions;
	const known = LITE_VERSIONS.map((version) => version.name).join(", ");
	throw new ConfigError([{ origin: undefined, key: "server.version", message: `none of it is spoken; use ${known}` }]);
}

function idOf({ cluster }: RelayConfig, clock: Clock): number {
	if (cluster.id === undefined) return randomId(clock);
	const id = Number(cluster.id);
	if (Number.isSafeInteger(id)) return id;
	const message = "must be below 9007199254740992: clients in browsers read it as a number";
	throw new ConfigError([{ origin: undefined, key: "cluster.id", message }]);
}

/** A hop id: nonzero, and below 2^53 for clients whose numbers end there. */
function randomId(clock: Clock): number {
	return 1 + Math.floor(clock.random() * (Number.MAX_SAFE_INTEGER - 1));
}

function asError(thrown: unknown): Error {
	return thrown instanceof Error ? thrown : new Error(String(thrown));
}
