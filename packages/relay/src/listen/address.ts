/**
 * Addresses to listen on: names become IP addresses, and failures to bind one line.
 * @module
 */
import { lookup } from "node:dns/promises";
import { createServer, isIP } from "node:net";
import type { ListenAddress } from "../config/listen-address.ts";

/** A port that could not be had. */
export interface Place {
	readonly protocol: "TCP" | "UDP";
	readonly host: string;
	readonly port: number;
}

/** A port could not be bound; the message is one line with the remedy, and the process ends with code 2. */
export class PortError extends Error {
	override readonly name = "PortError";
	readonly place: Place;
	/** `EADDRINUSE` and the like; "" where the system did not say. */
	readonly code: string;

	constructor(place: Place, cause: { readonly code: string; readonly message: string }) {
		const where = `${place.protocol} ${formatAddress(place.host, place.port)}`;
		super(`cannot listen on ${where}: ${REMEDIES[cause.code] ?? cause.message}`, { cause });
		this.place = place;
		this.code = cause.code;
	}
}

/** `host:port`, with brackets around IPv6. */
export function formatAddress(host: string, port: number): string {
	return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** All IP addresses that a setting names; several for a name such as `localhost`. @throws PortError for unknown names. */
export async function resolveAddress(address: ListenAddress, protocol: Place["protocol"]): Promise<readonly string[]> {
	if (isIP(address.host) !== 0) return [await withoutIpv6(address.host)];
	// Browsers take this name for both loopback addresses without asking anyone (RFC 6761), whatever /etc/hosts says.
	if (address.host === "localhost") return (await hasIpv6()) ? ["127.0.0.1", "::1"] : ["127.0.0.1"];
	try {
		const found = await lookup(address.host, { all: true });
		const usable = (await hasIpv6()) ? found : found.filter((entry) => entry.family === 4);
		return [...new Set(usable.map((entry) => entry.address))];
	} catch (error) {
		const message = "the name is unknown; give an IP address";
		throw new PortError(
			{ protocol, host: address.host, port: address.port },
			{ code: "", message: `${message}${suffix(error)}` },
		);
	}
}

/** `::` takes both families; a machine without IPv6 has only `0.0.0.0`. */
async function withoutIpv6(host: string): Promise<string> {
	if (host !== "::") return host;
	return (await hasIpv6()) ? host : "0.0.0.0";
}

function hasIpv6(): Promise<boolean> {
	return new Promise((resolve) => {
		const server = createServer();
		server.once("error", () => resolve(false));
		server.listen({ host: "::", port: 0 }, () => server.close(() => resolve(true)));
	});
}

function suffix(error: unknown): string {
	return error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
}

const REMEDIES: Readonly<Record<string, string>> = {
	EADDRINUSE: "the port is in use; stop what uses it, or choose another port",
	EACCES: "not permitted; ports below 1024 need CAP_NET_BIND_SERVICE, or choose a higher port",
	EADDRNOTAVAIL: "this machine has no such address; use one of its own, or [::] for all",
	EAFNOSUPPORT: "this machine has no IPv6; use an IPv4 address",
};
