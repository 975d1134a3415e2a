/**
 * Which protocol a connection speaks: what a server picks of a client's offer, and what a client offers.
 * @module
 */
import { LITE_VERSIONS, type LiteVersion, protocolsOf } from "./version.ts";

/** How streams travel in WebSocket messages. */
export type WebSocketFraming = "qmux-02" | "qmux-01" | "qmux-00" | "legacy";

/** What one WebSocket speaks. */
export interface WebSocketProtocol {
	/** The subprotocol to answer with; undefined when the client offered none and must get none. */
	readonly subprotocol: string | undefined;
	readonly framing: WebSocketFraming;
	/** As in `versionOfProtocol`: "" when only SETUP tells the version. */
	readonly protocol: string;
}

/** ALPN of HTTP/3, and so of WebTransport. */
export const ALPN_HTTP3: string = "h3";

/**
 * The server's pick of `WT-Available-Protocols`: the first entry, in the client's order, that we support. "" means
 * answer without `WT-Protocol`, and expect SETUP.
 */
export function pickWebTransportProtocol(
	offered: readonly string[],
	versions: readonly LiteVersion[] = LITE_VERSIONS,
): string {
	const ours = protocolsOf(versions);
	return offered.find((protocol) => ours.includes(protocol)) ?? "";
}

/** ALPNs of a raw QUIC listener in order of preference, `h3` last. */
export function quicAlpns(versions: readonly LiteVersion[] = LITE_VERSIONS): readonly string[] {
	return [...protocolsOf(versions), ALPN_HTTP3];
}

/** The server's pick of a client's ALPNs, in our order; undefined ends the handshake with no_application_protocol. */
export function pickQuicAlpn(
	offered: readonly string[],
	versions: readonly LiteVersion[] = LITE_VERSIONS,
): string | undefined {
	return quicAlpns(versions).find((alpn) => offered.includes(alpn));
}

/**
 * The server's pick of `Sec-WebSocket-Protocol`, in our order; `offered` is undefined when the header is absent.
 * "unsupported" must be answered with 400: a client that offered something fails if nothing is chosen.
 */
export function pickWebSocketProtocol(
	offered: readonly string[] | undefined,
	versions: readonly LiteVersion[] = LITE_VERSIONS,
): WebSocketProtocol | "unsupported" {
	if (offered === undefined) return { subprotocol: undefined, framing: "legacy", protocol: "" };
	const pick = webSocketOffer(versions).find((subprotocol) => offered.includes(subprotocol));
	return (pick === undefined ? undefined : parseSubprotocol(pick)) ?? "unsupported";
}

/** The subprotocols that a client offers, and a server prefers: version before framing, the bare framings last. */
export function webSocketOffer(versions: readonly LiteVersion[] = LITE_VERSIONS): readonly string[] {
	const named = protocolsOf(versions).flatMap((protocol) => QMUX.map((framing) => `${framing}.${protocol}`));
	// The bare names leave the version to SETUP.
	const bare = versions.some((version) => version.setup === "in-band") ? [...QMUX, LEGACY] : [];
	return [...named, ...bare];
}

/** What a chosen subprotocol means; undefined when it is none of ours. */
export function parseSubprotocol(subprotocol: string): WebSocketProtocol | undefined {
	if (subprotocol === LEGACY) return { subprotocol, framing: "legacy", protocol: "" };
	for (const framing of QMUX) {
		if (subprotocol === framing) return { subprotocol, framing, protocol: "" };
		if (subprotocol.startsWith(`${framing}.`)) {
			const protocol = subprotocol.slice(framing.length + 1);
			return protocolsOf(LITE_VERSIONS).includes(protocol) ? { subprotocol, framing, protocol } : undefined;
		}
	}
	return undefined;
}

/** The entries of a `Sec-WebSocket-Protocol` header; undefined when it is absent. An empty header offers nothing. */
export function parseSubprotocols(header: string | undefined): readonly string[] | undefined {
	return header
		?.split(",")
		.map((entry) => entry.trim())
		.filter((entry) => entry !== "");
}

const QMUX = ["qmux-02", "qmux-01", "qmux-00"] as const;
const LEGACY = "webtransport";
