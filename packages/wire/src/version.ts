/**
 * The moq-lite versions, what each can do, and the protocol names (ALPN, subprotocol) that stand for them.
 * @module
 */
import type { FrameEncoding } from "./lite/frame-header.ts";

/** One protocol version. Code asks its named capabilities, never which version it is. */
export interface LiteVersion {
	readonly name: "moq-lite-01" | "moq-lite-02" | "moq-lite-03" | "moq-lite-04" | "moq-lite-05";
	/** The number that stands for it in a legacy SETUP. */
	readonly code: number;
	/** ALPN and WebTransport subprotocol; "moql" is shared by those that SETUP tells apart. */
	readonly alpn: string;

	/** How a session begins: SETUP on the first bidirectional stream, a SETUP message each on a unidirectional one, or nothing. */
	readonly setup: "in-band" | "streams" | "none";
	/** The stream of the in-band SETUP goes on with SESSION_INFO messages; closing it closes the session. */
	readonly sessionInfo: boolean;

	/** An announce stream begins with ANNOUNCE_INIT, the list of all that is live. */
	readonly announceInit: boolean;
	/** An announce stream begins with ANNOUNCE_OK: the responder's origin id and the number of announcements that follow at once. */
	readonly announceOk: boolean;
	/** What announcements tell of the relays they passed. */
	readonly hops: "none" | "count" | "ids";
	/** The sender appends its own id to the hops of what it announces; otherwise the receiver does, from ANNOUNCE_OK. */
	readonly senderStampsHops: boolean;
	/** A second `active` (or `restart`) for a live path replaces it; otherwise `ended` must come between. */
	readonly announceRestart: boolean;
	/** ANNOUNCE_REQUEST carries the requester's origin id, so that it is not told what came through it. */
	readonly excludeHop: boolean;

	/** SUBSCRIBE and SUBSCRIBE_UPDATE carry order, latency and group range, not the priority alone. */
	readonly delivery: boolean;
	/** What answers a SUBSCRIBE: an untyped OK, typed OK and DROP, or typed START, END and DROP with implicit acceptance. */
	readonly subscribeReply: "ok" | "ok-drop" | "start-end-drop";
	/** What an OK says: the priority (01), nothing (02), or all of `Delivery` (03, 04). */
	readonly subscribeOk: "priority" | "empty" | "delivery";

	/** Streams of type TRACK exist: timescale and other properties of a track. */
	readonly track: boolean;
	/** Streams of type FETCH exist. */
	readonly fetch: boolean;
	/** Streams of type PROBE exist. */
	readonly probe: boolean;
	/** PROBE reports carry the round-trip time. */
	readonly probeRtt: boolean;
	/** Streams of type GOAWAY exist. */
	readonly goaway: boolean;
	/** Groups of one frame may travel as datagrams. */
	readonly datagrams: boolean;
	/** The form of a group's frames. */
	readonly frames: FrameEncoding;
}

/** moq-lite-01 (2025): SETUP, ANNOUNCE_INIT, SUBSCRIBE_OK with a priority. */
export const LITE_01: LiteVersion = {
	name: "moq-lite-01",
	code: 0xff0d_ad01,
	alpn: "moql",
	setup: "in-band",
	sessionInfo: true,
	announceInit: true,
	announceOk: false,
	hops: "none",
	senderStampsHops: false,
	announceRestart: false,
	excludeHop: false,
	delivery: false,
	subscribeReply: "ok",
	subscribeOk: "priority",
	track: false,
	fetch: false,
	probe: false,
	probeRtt: false,
	goaway: false,
	datagrams: false,
	frames: "lite-01",
};

/** moq-lite-02: SUBSCRIBE_OK is empty. */
export const LITE_02: LiteVersion = {
	...LITE_01,
	name: "moq-lite-02",
	code: 0xff0d_ad02,
	subscribeOk: "empty",
};

/** moq-lite-03: named by ALPN, hop counts, delivery, FETCH and PROBE. */
export const LITE_03: LiteVersion = {
	...LITE_02,
	name: "moq-lite-03",
	code: 0xff0d_ad03,
	alpn: "moq-lite-03",
	setup: "none",
	sessionInfo: false,
	announceInit: false,
	hops: "count",
	senderStampsHops: true,
	delivery: true,
	subscribeReply: "ok-drop",
	subscribeOk: "delivery",
	fetch: true,
	probe: true,
};

/** moq-lite-04: hop ids, GOAWAY, round-trip time in PROBE. */
export const LITE_04: LiteVersion = {
	...LITE_03,
	name: "moq-lite-04",
	code: 0xff0d_ad04,
	alpn: "moq-lite-04",
	hops: "ids",
	excludeHop: true,
	probeRtt: true,
	goaway: true,
};

/** moq-lite-05: SETUP streams, TRACK, timestamps, datagrams. */
export const LITE_05: LiteVersion = {
	...LITE_04,
	name: "moq-lite-05",
	code: 0xff0d_ad05,
	alpn: "moq-lite-05",
	setup: "streams",
	announceOk: true,
	senderStampsHops: false,
	announceRestart: true,
	subscribeReply: "start-end-drop",
	track: true,
	datagrams: true,
	frames: "lite-05",
};

/** All versions that we speak, the preferred one first. */
export const LITE_VERSIONS: readonly LiteVersion[] = [LITE_05, LITE_04, LITE_03, LITE_02, LITE_01];

/** The protocol names of `versions`, in their order and once each. */
export function protocolsOf(versions: readonly LiteVersion[]): readonly string[] {
	return [...new Set(versions.map((version) => version.alpn))];
}

/**
 * What a negotiated protocol name stands for: a version, "setup" where an in-band SETUP decides ("moql", or "" for a
 * peer that named none), undefined for a name that we do not know.
 */
export function versionOfProtocol(protocol: string): LiteVersion | "setup" | undefined {
	if (protocol === "") return "setup";
	const version = LITE_VERSIONS.find((candidate) => candidate.alpn === protocol);
	return version?.setup === "in-band" ? "setup" : version;
}

/** The version with this SETUP number. */
export function versionOfCode(code: number): LiteVersion | undefined {
	return LITE_VERSIONS.find((version) => version.code === code);
}

/** The version of this name, as configuration writes it ("moq-lite-04"). */
export function versionOfName(name: string): LiteVersion | undefined {
	return LITE_VERSIONS.find((version) => version.name === name);
}
