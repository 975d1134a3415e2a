/**
 * Which addresses are opened for what, out of the configuration.
 * @module
 */
import type { DoorKind } from "../auth/authoriser.ts";
import type { ListenAddress } from "../config/listen-address.ts";
import type { RelayConfig } from "../config/relay-config.ts";
import type { ClientRoots } from "../tls/client-roots.ts";
import type { IdentitySet } from "../tls/identities.ts";
import { resolveAddress } from "./address.ts";
import type { Door } from "./doorway.ts";

/** What to bind. A port of 0 means: any, the same for all addresses with that port and host. */
export interface ListenPlan {
	readonly quic: readonly QuicPlace[];
	/** TCP addresses; each once. */
	readonly doors: readonly Door[];
}

/** A UDP address, and what is to be there. */
export interface QuicPlace extends ListenAddress {
	/** Whom it is for. */
	readonly kind: DoorKind;
	/** Which identities it shows. */
	readonly identities: IdentitySet;
}

type DoorPurpose = Pick<Door, "kind" | "plain" | "identities">;

/** The plan, with names resolved. @throws PortError for a name that is unknown. */
export async function planListening(config: RelayConfig, clientRoots: ClientRoots): Promise<ListenPlan> {
	const doors = new Map<string, Door>();
	for (const [address, purpose] of purposes(config)) {
		for (const { host, port } of await resolve(address, "TCP")) {
			const key = `${purpose.kind} ${host} ${port}`;
			const known = doors.get(key);
			const id = known?.id ?? doors.size;
			const plain = known === undefined || known.plain === "none" ? purpose.plain : known.plain;
			const identities = purpose.identities ?? known?.identities;
			const { kind } = purpose;
			const roots = kind === "cluster" ? clientRoots.cluster : clientRoots[identities ?? "server"];
			doors.set(key, { id, kind, host, port, plain, identities, clientRoots: roots, webSocket: config.web.ws });
		}
	}
	return { quic: await planQuic(config), doors: [...doors.values()] };
}

/** The set of identities that the listener for relays shows. */
export function clusterIdentities({ cluster }: RelayConfig): IdentitySet {
	return cluster.tls.cert.length > 0 ? "cluster" : "server";
}

async function planQuic(config: RelayConfig): Promise<readonly QuicPlace[]> {
	const { server, cluster } = config;
	const all = [
		{ address: server.bind, kind: "public", identities: "server" },
		{ address: cluster.listen, kind: "cluster", identities: clusterIdentities(config) },
	] as const;
	const places = all.map(async ({ address, kind, identities }) => {
		const resolved = address === undefined ? [] : await resolve(address, "UDP");
		return resolved.map((place) => ({ ...place, kind, identities }));
	});
	return (await Promise.all(places)).flat();
}

/** Addresses and what each is for; the same address may come twice, and the first byte then decides. */
function purposes(config: RelayConfig): readonly (readonly [ListenAddress, DoorPurpose])[] {
	const list: [ListenAddress, DoorPurpose][] = [];
	const { server, cluster, web } = config;
	const { http, https } = web;
	const kind = "public";
	if (http.listen !== undefined) {
		// Where plain HTTP shares the relay's own address, TLS can be had there too, and nothing is lost by it.
		const shared = isSame(http.listen, server.bind) && https.listen === undefined && web.tcp;
		list.push([http.listen, { kind, plain: "all", identities: shared ? "server" : undefined }]);
	}
	if (https.listen !== undefined) list.push([https.listen, { kind, plain: "none", identities: "https" }]);
	if (list.length === 0 && web.tcp && server.bind !== undefined) {
		list.push([server.bind, { kind, plain: "restricted", identities: "server" }]);
	}
	if (cluster.listen !== undefined && web.tcp && web.ws) {
		list.push([cluster.listen, { kind: "cluster", plain: "none", identities: clusterIdentities(config) }]);
	}
	return list;
}

async function resolve(address: ListenAddress, protocol: "TCP" | "UDP"): Promise<readonly ListenAddress[]> {
	const hosts = await resolveAddress(address, protocol);
	return hosts.map((host) => ({ host, port: address.port }));
}

function isSame(one: ListenAddress, other: ListenAddress | undefined): boolean {
	return one.host === other?.host && one.port === other.port;
}
