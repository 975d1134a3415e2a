/**
 * One relay of a simulated cluster: the relay's own routing table, sessions, links and choice of a parent, on virtual time.
 * @module
 */
import { CLUSTER_SESSION_LIMITS, GRANT_ALL, type Grant, Origin, SESSION_LIMITS, type Watch } from "@moq-relay/core";
import type { Authoriser, AuthRequest } from "../../packages/relay/src/auth/authoriser.ts";
import { Cluster } from "../../packages/relay/src/cluster/cluster.ts";
import { STEADY_MS } from "../../packages/relay/src/cluster/limits.ts";
import { Registry } from "../../packages/relay/src/cluster/registry.ts";
import type { ClusterSettings } from "../../packages/relay/src/cluster/settings.ts";
import { Metrics } from "../../packages/relay/src/metrics/metrics.ts";
import type { Log, LogFields } from "../../packages/relay/src/ops/log.ts";
import { type LiveSession, Sessions } from "../../packages/relay/src/sessions/sessions.ts";
import type { Fabric, Life } from "./fabric.ts";

/** What a relay is started with. */
export interface RelayPlan {
	readonly name: string;
	readonly settings: ClusterSettings;
	/** Names of the versions that an in-band SETUP may choose. */
	readonly versions: readonly string[];
}

/** One life of a relay; a crash ends it without a word. */
export class SimulatedRelay {
	readonly name: string;
	readonly origin: Origin;
	readonly sessions: Sessions;
	readonly life: Life = { isOver: false, pending: 0 };
	/** How often each path went another way since the last `settle`, as `moq_cluster_route_changes_total` counts it. */
	readonly changes: Map<string, number> = new Map();
	/** Paths that ended since then. */
	readonly ended: Set<string> = new Set();
	readonly #fabric: Fabric;
	readonly #cluster: Cluster;
	readonly #registry: Registry;
	readonly #watch: Watch;

	constructor({ name, settings, versions }: RelayPlan, fabric: Fabric) {
		this.name = name;
		this.#fabric = fabric;
		const { life } = this;
		const clock = fabric.clockOf(life, { awaits: false });
		const log = this.#log();
		this.origin = new Origin({
			clock,
			id: idOf(fabric),
			onFault: (thrown) => fabric.fault(`${name}: ${String(thrown)}`),
		});
		const { origin } = this;
		this.sessions = new Sessions({
			clock,
			origin,
			log,
			metrics: METRICS,
			authoriser: authoriser(fabric),
			publicBounds: { ...SESSION_LIMITS, laneBudgetBytes: LANE_BYTES },
			clusterBounds: CLUSTER_SESSION_LIMITS,
			versions,
		});
		const { sessions } = this;
		const { prefix, fanout } = settings;
		this.#registry = new Registry({ origin, log, prefix, fanout });
		sessions.observe(this.#registry);
		sessions.observe({ onReady: () => fabric.touch(), onEnded: (live) => this.#ended(live) });
		this.#watch = this.#count();
		this.#cluster = new Cluster(settings, {
			clock: fabric.clockOf(life, { awaits: true }),
			log,
			metrics: METRICS,
			sessions,
			origin,
			dialOptions: {},
			token: RELAY_TOKEN,
			steadyMs: STEADY_MS,
			dial: (url, { signal, timeoutMs }) =>
				fabric.dial({ from: name, url, life, ...(signal && { signal }), ...(timeoutMs && { timeoutMs }) }),
		});
		fabric.doors.set(name, (connection) => sessions.serve(connection, { direction: "in", granted: undefined }));
		fabric.touch();
	}

	/** Names of the relays that joined this one. */
	get joined(): readonly string[] {
		return this.#registry.nodes;
	}

	/** Forget what changed. */
	settle(): void {
		this.changes.clear();
		this.ended.clear();
	}

	/** It dies, and tells nobody. */
	crash(): void {
		this.life.isOver = true;
		this.#fabric.doors.delete(this.name);
		this.#fabric.network.crash(this.name);
	}

	/** It stops as a relay stops: no more dials, and every session ends. */
	stop(): void {
		this.#fabric.doors.delete(this.name);
		this.#cluster[Symbol.dispose]();
		this.#watch.close();
		this.sessions.closeAll(0, "");
		this.#fabric.touch();
	}

	#count(): Watch {
		const count = (path: string): void => void this.changes.set(path, (this.changes.get(path) ?? 0) + 1);
		const note = (what: string, path: string, hops: readonly (number | bigint)[]): void => {
			this.#fabric.note(`${this.name} ${what} ${path} by ${hops.map((hop) => String(hop).slice(0, 5)).join(" ")}`);
		};
		return this.origin.watch("live", {
			onStart: () => {},
			onActive: (path, { hops }) => note("has", path, hops),
			onRestart: (path, { hops }) => {
				count(path);
				note("restarts", path, hops);
			},
			onUpdate: (path, { hops }) => {
				count(path);
				note("goes to", path, hops);
			},
			onEnded: (path) => {
				this.ended.add(path);
				note("loses", path, []);
			},
		});
	}

	/** A session that has ended holds nothing. */
	#ended({ session }: LiveSession): void {
		this.#fabric.touch();
		for (const [what, count] of Object.entries(session.census)) {
			if (count !== 0) this.#fabric.fault(`${this.name}: ${count} ${what} left of a session that ended`);
		}
	}

	/** Lines that tell of a broken rule are faults. */
	#log(): Log {
		const { name } = this;
		const note = (event: string, fields: LogFields = {}): void => {
			if (!event.startsWith("session.open")) this.#fabric.note(`${name} ${event} ${JSON.stringify(fields)}`);
		};
		const log: Log = {
			trace: () => {},
			debug: () => {},
			info: note,
			warn: (event, fields) => {
				note(event, fields);
				if (!EVERYDAY.has(event)) this.#fabric.fault(`${name}: ${event} ${JSON.stringify(fields)}`);
			},
			error: (event, fields) => this.#fabric.fault(`${name}: ${event} ${JSON.stringify(fields)}`),
			with: () => log,
			for: () => log,
			isEnabled: () => false,
			flush: () => {},
		};
		return log;
	}
}

/** A random id for hop lists. */
export function idOf({ clock }: Fabric): number {
	return 1 + Math.floor(clock.random() * Number.MAX_SAFE_INTEGER * 0.99);
}

/** A relay's URL. */
export function urlOf(name: string, token?: string): URL {
	return new URL(`https://${name}/${token === undefined ? "" : `?jwt=${token}`}`);
}

function authoriser(fabric: Fabric): Authoriser {
	const authorise = ({ jwt }: AuthRequest) => {
		fabric.touch();
		return Promise.resolve({ ok: true, grant: GRANTS[jwt ?? ""] ?? GRANT_VIEWER } as const);
	};
	return { authorise, review: authorise, onKeysChanged: () => () => {}, [Symbol.dispose]: () => {} };
}

/** Looks like a token, so that it is no file. */
export const RELAY_TOKEN: string = "eyJ.relay.";
/** The token of publishers. */
export const PUBLISHER_TOKEN: string = "publisher";

const GRANT_VIEWER: Grant = { root: "", publish: [], subscribe: ["live"], cluster: false };
const GRANTS: Readonly<Record<string, Grant>> = {
	[RELAY_TOKEN]: GRANT_ALL,
	[PUBLISHER_TOKEN]: { root: "", publish: ["live"], subscribe: [], cluster: false },
};

/** A link that falls is what the simulation is about. */
const EVERYDAY: ReadonlySet<string> = new Set(["cluster.down"]);
/** One for all, since nobody reads it. */
const METRICS = new Metrics();
/** Small, so that a slow viewer reaches it. */
export const LANE_BYTES: number = 8 * 1024;
