/**
 * Which addresses are opened for what, out of the configuration.
 * @module
 */
import type { ListenAddress } from "../config/listen-address.ts";
import type { RelayConfig } from "../config/relay-config.ts";
import { resolveAddress } from "./address.ts";
import type { Door } from "./doorway.ts";

/** What to bind. A port of 0 means: any, the same for all addresses with that port and host. */
export interface ListenPlan {
	/** UDP addresses. */
	readonly quic: readonly ListenAddress[];
	/** TCP addresses; each once. */
	readonly doors: readonly Door[];
}

type DoorPurpose = Pick<Door, "plain" | "identities">;

/** The plan, with names resolved. @throws PortError for a name that is unknown. */
export async function planListening(config: RelayConfig): Promise<ListenPlan> {
	const { server, web } = config;
	const quic = server.bind === undefined ? [] : await resolve(server.bind, "UDP");
	const doors = new Map<string, Door>();
	for (const [address, purpose] of purposes(config)) {
		for (const { host, port } of await resolve(address, "TCP")) {
			const key = `${host} ${port}`;
			const known = doors.get(key);
			const id = known?.id ?? doors.size;
			const plain = known === undefined || known.plain === "none" ? purpose.plain : known.plain;
			const identities = purpose.identities ?? known?.identities;
			doors.set(key, { id, host, port, plain, identities, clientRoots: undefined, webSocket: web.ws });
		}
	}
	return { quic, doors: [...doors.values()] };
}

/** Addresses and what each is for; the same address may come twice, and the first byte then decides. */
function purposes({ server, web }: RelayConfig): readonly (readonly [ListenAddress, DoorPurpose])[] {
	const list: [ListenAddress, DoorPurpose][] = [];
	const { http, https } = web;
	if (http.listen !== undefined) {
		// Where plain HTTP shares the relay's own address, TLS can be had there too, and nothing is lost by it.
		const shared = isSame(http.listen, server.bind) && https.listen === undefined && web.tcp;
		list.push([http.listen, { plain: "all", identities: shared ? "server" : undefined }]);
	}
	if (https.listen !== undefined) list.push([https.listen, { plain: "none", identities: "https" }]);
	if (list.length === 0 && web.tcp && server.bind !== undefined) {
		list.push([server.bind, { plain: "restricted", identities: "server" }]);
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
