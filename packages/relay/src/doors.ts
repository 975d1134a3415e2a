/**
 * The relay's doors to the world: QUIC, TCP, and the operators' listener.
 * @module
 */
import { availableParallelism, hostname } from "node:os";
import type { Endpoint } from "@moq-relay/engine";
import type { DoorKind } from "./auth/authoriser.ts";
import { describeNodes, describeSelf } from "./cluster/nodes.ts";
import type { Foundation } from "./foundation.ts";
import { formatAddress } from "./listen/address.ts";
import { bindAll, type Listeners } from "./listen/listeners.ts";
import { planListening, type QuicPlace } from "./listen/plan.ts";
import { listenQuic, quicTransport } from "./listen/quic-listener.ts";
import { answerUpgrade } from "./listen/web-gate.ts";
import { WebWorkers } from "./listen/web-workers.ts";
import { RelayMetrics } from "./relay-metrics.ts";
import { type LiveSession, scopeOf } from "./sessions/sessions.ts";
import { type ClientRoots, readClientRoots } from "./tls/client-roots.ts";
import { readResetSecret } from "./tls/reset-secret.ts";
import { InternalWeb } from "./web/internal-web.ts";
import { SESSIONS_SHOWN_MAX } from "./web/limits.ts";
import { Page } from "./web/page.ts";
import { PublicWeb } from "./web/public-web.ts";

/** What is open. */
export interface Doors extends Listeners {
	readonly internal: InternalWeb | undefined;
}

/** Open all of them; what is opened is left to `closing`. @throws PortError, or ConfigError for a page that is none. */
export async function openDoors(foundation: Foundation): Promise<Doors> {
	const { config, closing, environment, engine, identities, state, metrics } = foundation;
	const page = config.web.page === undefined ? undefined : await Page.open(config.web.page);
	const roots = await readClientRoots(config);
	const listeners = await bindAll(await planListening(config, roots), {
		quic: engine && ((place) => listen(foundation, place, { engine, roots })),
		web: (doors) => startWorkers(foundation, doors, page),
	});
	closing.defer(async () => {
		for (const { endpoint } of listeners.quic) endpoint.close();
		await listeners.web?.close();
	});
	metrics.follow(
		new RelayMetrics({
			config,
			version: environment.version ?? "",
			startedWallMs: environment.clock.wallMs(),
			engine,
			...listeners,
			identities,
			draining: () => state.draining,
		}),
	);
	watchIdentities(foundation, listeners);
	const internal = await openInternal(foundation);
	logOpen(foundation, listeners, internal);
	return { ...listeners, internal };
}

async function listen(
	{ config, identities, versions, gate, clusterGate, fault }: Foundation,
	place: QuicPlace,
	{ engine, roots }: { readonly engine: NonNullable<Foundation["engine"]>; readonly roots: ClientRoots },
): Promise<Endpoint> {
	const isFromFiles = place.identities !== "server" || config.server.tls.cert.length > 0;
	return listenQuic({
		resetSecret: await readResetSecret({
			file: config.server.quic.resetKey,
			identity: isFromFiles ? identities.of(place.identities)[0] : undefined,
			place: `${hostname()} ${formatAddress(place.host, place.port)}`,
		}),
		host: place.host,
		port: place.port,
		engine,
		certificates: identities.of(place.identities),
		versions,
		transport: quicTransport(config.server.quic),
		clientRoots: roots[place.kind === "cluster" ? "cluster" : "server"],
		handshakesPendingMax: config.limits.maxPendingHandshakes,
		handshakeTimeoutMs: config.limits.handshakeTimeoutMs,
		gate: place.kind === "cluster" ? clusterGate : gate,
		onFault: (error) => fault(error),
	});
}

function startWorkers(
	foundation: Foundation,
	doors: Parameters<typeof WebWorkers.start>[0]["doors"],
	page: Page | undefined,
): Promise<WebWorkers> {
	const { environment, identities, versions, metrics, gate, fault, origin, authoriser, admission, state } = foundation;
	const gates = { public: gate, cluster: foundation.clusterGate };
	const { clock, log } = environment;
	const publicWeb = new PublicWeb({
		clock,
		log,
		metrics,
		origin,
		authoriser,
		admission,
		page,
		fingerprint: () => identities.fingerprint,
		ready: () => !state.draining,
	});
	return WebWorkers.start({
		doors,
		identities: {
			server: identities.of("server"),
			https: identities.of("https"),
			cluster: identities.of("cluster"),
		},
		versions: versions.map((version) => version.name),
		workers: environment.workers ?? Math.max(1, availableParallelism() - 1),
		clock,
		sink: {
			onRequest: (request, answer) => publicWeb.onRequest(request, answer),
			onUpgrade: (question) => answerUpgrade(question, gates[question.request.door]),
			onTurnedAway: (why) => metrics.count("moq_accept_failures_total", { listener: "web", class: why }),
			onFault: fault,
		},
	});
}

/** A new certificate is shown by QUIC and TCP from the same moment on. */
function watchIdentities(foundation: Foundation, { quic, web }: Listeners): void {
	const { identities, metrics, environment, fault } = foundation;
	identities.watch({
		onChange: (set, current) => {
			web?.identify(set, current);
			for (const { endpoint, identities: shown } of quic) {
				if (shown === set) endpoint.setCertificates(current).catch((error: unknown) => fault(error));
			}
			metrics.count("moq_tls_reloads_total", { listener: set });
			environment.log.info("tls.reload", { listener: set, names: current.flatMap((identity) => identity.names) });
		},
		onFailure: (set, message) => {
			metrics.count("moq_tls_reload_failures_total", { listener: set });
			environment.log.warn("tls.fail", { listener: set }, `${message}; the certificate in use stays`);
		},
	});
}

async function openInternal(foundation: Foundation): Promise<InternalWeb | undefined> {
	const { config, closing, state, metrics, sessions, environment } = foundation;
	if (config.internal.listen === undefined) return undefined;
	const internal = await InternalWeb.listen(config.internal.listen, {
		ready: () => !state.draining,
		metrics: () => metrics.expose(),
		nodes: () => ({
			self: describeSelf(foundation.origin, config.cluster.node),
			nodes: describeNodes(foundation),
		}),
		sessions: () => [...describe(sessions.values(), environment.clock.nowMs())],
	});
	closing.defer(() => internal.close());
	return internal;
}

function* describe(sessions: Iterable<LiveSession>, nowMs: number): Iterable<object> {
	let shown = 0;
	for (const live of sessions) {
		if (shown === SESSIONS_SHOWN_MAX) return;
		shown += 1;
		const { info } = live.connection;
		yield {
			id: live.id,
			direction: live.start.direction,
			scope: scopeOf(live),
			transport: info.transport,
			version: live.session.version,
			remote: info.remote,
			root: live.session.grant?.root,
			seconds: Math.round((nowMs - live.openedMs) / 1000),
			...live.session.counters,
			...live.connection.stats(),
		};
	}
}

function logOpen({ environment }: Foundation, { quic, web }: Listeners, internal: InternalWeb | undefined): void {
	const { log } = environment;
	const forWhom = (kind: DoorKind): object => (kind === "cluster" ? { for: "relays" } : {});
	for (const { endpoint, kind } of quic) {
		log.info("listen.open", { protocol: "quic", address: formatted(endpoint.address), ...forWhom(kind) });
	}
	for (const door of web?.doors ?? []) {
		const protocols = [
			...(door.identities === undefined ? [] : ["https"]),
			...(door.plain === "none" ? [] : [door.plain === "all" ? "http" : "http (restricted)"]),
		];
		log.info("listen.open", { protocol: protocols.join(", "), address: formatted(door), ...forWhom(door.kind) });
	}
	for (const address of internal?.addresses ?? []) {
		log.info("listen.open", { protocol: "internal http", address: formatted(address) });
	}
}

function formatted({ host, port }: { readonly host: string; readonly port: number }): string {
	return formatAddress(host, port);
}
