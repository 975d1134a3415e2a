/**
 * Whom a limit per address counts as one.
 * @module
 */
import ipaddr from "ipaddr.js";

/** A CIDR range. */
export type Range = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** The host of `ip:port` or `[ip]:port`; the text itself when it is neither. */
export function hostOf(remote: string): string {
	const bracketed = /^\[([^\]]*)\]/.exec(remote)?.[1];
	if (bracketed !== undefined) return bracketed;
	const colon = remote.lastIndexOf(":");
	return colon < 0 ? remote : remote.slice(0, colon);
}

/** `ip:port` as the port and the log have it: IPv6 in brackets, IPv4-mapped addresses as IPv4. */
export function formatRemote(host: string, port: number): string {
	const plain = host.startsWith("::ffff:") && host.includes(".") ? host.slice("::ffff:".length) : host;
	return plain.includes(":") ? `[${plain}]:${port}` : `${plain}:${port}`;
}

/** One IPv4 address, or one IPv6 /64, which is what a single customer has; undefined when there is no address. */
export function addressKey(remote: string): string | undefined {
	const address = parseAddress(hostOf(remote));
	if (address === undefined) return undefined;
	if (address.kind() === "ipv4") return address.toString();
	const half = address.toByteArray().slice(0, 8);
	return `${half.map((byte) => byte.toString(16).padStart(2, "0")).join("")}::/64`;
}

/** Parsed ranges. @throws RangeError naming the text that is no CIDR range. */
export function parseRanges(texts: readonly string[]): readonly Range[] {
	return texts.map((text) => {
		const cidr = text.includes("/") ? text : `${text}/${text.includes(":") ? 128 : 32}`;
		if (!ipaddr.isValidCIDR(cidr)) throw new RangeError(`${text} is no address range such as 10.0.0.0/8`);
		return ipaddr.parseCIDR(cidr);
	});
}

/** Whether the peer is in one of the ranges. */
export function isWithinRanges(remote: string, ranges: readonly Range[]): boolean {
	const address = parseAddress(hostOf(remote));
	if (address === undefined) return false;
	return ranges.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits));
}

/** IPv4-mapped addresses become IPv4; a zone (`%eth0`) is of no interest. */
function parseAddress(host: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
	const bare = host.replace(/%.*$/, "");
	return ipaddr.isValid(bare) ? ipaddr.process(bare) : undefined;
}
