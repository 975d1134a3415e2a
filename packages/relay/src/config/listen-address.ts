/**
 * Where to listen: a host and a port.
 * @module
 */

/** A host (name, IPv4, or IPv6 without brackets) and a port; port 0 lets the system choose. */
export interface ListenAddress {
	readonly host: string;
	readonly port: number;
}

/** Read `host:port`, `1.2.3.4:443` or `[::]:443`; undefined when it is none of these. */
export function parseListenAddress(text: string): ListenAddress | undefined {
	const [, bracketed, plain, digits] = SHAPE.exec(text) ?? [];
	const host = bracketed ?? plain;
	const port = Number(digits);
	if (host === undefined || port > 65535) return undefined;
	return { host, port };
}

/** The text that `parseListenAddress` reads. */
export function formatListenAddress(address: ListenAddress): string {
	return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** Whether only this machine can connect to it. */
export function isLoopback(address: ListenAddress): boolean {
	return address.host === "localhost" || address.host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(address.host);
}

const SHAPE: RegExp = /^(?:\[([0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/;
