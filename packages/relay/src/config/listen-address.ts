/**
 * Where to listen: a host and a port.
 * @module
 */

/** A host (name, IPv4, or IPv6 without brackets) and a port; port 0 lets the system choose. */
export interface ListenAddress {
	readonly host: string;
	readonly port: number;
}
