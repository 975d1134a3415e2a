/**
 * The other relays as this one sees them, for operators.
 * @module
 */
import type { Origin, Route } from "@moq-relay/core";
import { type LiveSession, scopeOf } from "../sessions/sessions.ts";
import { parsePlace } from "./board.ts";
import type { Place } from "./choose-parent.ts";
import { isInternal, MESH_PREFIX, TREE_PREFIX } from "./internal-names.ts";
import { parseNode } from "./node-name.ts";
import { registeredName } from "./registry.ts";

/** Where to look. */
export interface NodesSource {
	readonly origin: Origin;
	readonly sessions: { values(): Iterable<LiveSession> };
}

/** The relay that is asked, for whoever draws the others around it. */
export function describeSelf(origin: Origin, node: string | undefined): object {
	const url = node === undefined ? undefined : parseNode(node)?.url;
	const lines = origin.active(TREE_PREFIX).flatMap(({ path }) => parsePlace(path) ?? []);
	const place = lines.find((line) => line.node === url)?.place;
	const broadcasts = origin.active("").filter(({ path }) => !isInternal(path)).length;
	return { node: url, origin_id: String(origin.id), role: place?.role, parent: place?.parent, broadcasts };
}

/** All that is known of one relay. */
interface Known {
	route: Route | undefined;
	place: Place | undefined;
	readonly sessions: LiveSession[];
}

/** One entry for each relay that is announced or linked with; `routes` counts broadcasts that come from it. No secrets. */
export function describeNodes({ origin, sessions }: NodesSource): readonly object[] {
	const nodes = new Map<string, Known>();
	const known = (node: string): Known => {
		const one = nodes.get(node) ?? { route: undefined, place: undefined, sessions: [] };
		nodes.set(node, one);
		return one;
	};
	for (const { path, route } of origin.active(MESH_PREFIX)) {
		const node = parseNode(path.slice(MESH_PREFIX.length + 1));
		if (node !== undefined) known(node.url).route = route;
	}
	for (const { path, route } of origin.active(TREE_PREFIX)) {
		const line = parsePlace(path);
		if (line !== undefined) Object.assign(known(line.node), { place: line.place, route });
	}
	for (const live of sessions.values()) {
		if (scopeOf(live) === "cluster") known(nameOf(live)).sessions.push(live);
	}
	const routes = countRoutes(origin);
	return [...nodes].map(([node, one]) => describe(node, one, routes));
}

function describe(node: string, { route, place, sessions }: Known, routes: ReadonlyMap<string, number>): object {
	const id = sessions.map(({ session }) => session.peerOrigin).find((one) => one !== undefined) ?? route?.hops[0];
	return {
		node,
		origin_id: id === undefined ? undefined : String(id),
		announced: route && { hops: route.hops.map(String), hop_count: route.hops.length, cost: route.cost },
		role: place?.role,
		parent: place?.parent,
		routes: routes.get(String(id)) ?? 0,
		connections: sessions.map(({ id: session, start, connection, session: { version, counters } }) => {
			const { rttMs, bytesSent } = connection.stats();
			return {
				id: session,
				direction: start.direction,
				transport: connection.info.transport,
				version,
				rtt_ms: rttMs,
				bytes_in: counters.bytesReceived,
				bytes_out: bytesSent,
				subscriptions_in: counters.subscriptionsRequesting,
				subscriptions_out: counters.subscriptionsServing,
			};
		}),
	};
}

function nameOf(live: LiveSession): string {
	const name = registeredName(live) ?? live.start.peer;
	return (name === undefined ? undefined : parseNode(name)?.url) ?? live.connection.info.remote;
}

/** Broadcasts by the relay that they come from, names of the cluster's own left out. */
function countRoutes(origin: Origin): ReadonlyMap<string, number> {
	const counts = new Map<string, number>();
	for (const { path, route } of origin.active("")) {
		const from = String(route.hops.at(-1));
		if (!isInternal(path)) counts.set(from, (counts.get(from) ?? 0) + 1);
	}
	return counts;
}
