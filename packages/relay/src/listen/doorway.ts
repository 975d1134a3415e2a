/**
 * What main and a web worker say to each other outside the bridge: doors, questions about requests and upgrades, and
 * their answers.
 * @module
 */
import type { MessagePort } from "node:worker_threads";
import type { PeerIdentity } from "@moq-relay/core";
import type { DoorKind } from "../auth/authoriser.ts";
import type { IdentitySet } from "../tls/identities.ts";

/** One TCP address that every worker listens on. */
export interface Door {
	readonly id: number;
	/** Whom it is for. */
	readonly kind: DoorKind;
	/** An IP address. */
	readonly host: string;
	/** 0 only in the first worker: the system chooses, and the others take the same. */
	readonly port: number;
	/** What plain HTTP may do: everything, only what needs no secret ("restricted"), or not even connect ("none"). */
	readonly plain: "all" | "restricted" | "none";
	/** Which identities TLS shows; undefined takes no TLS. */
	readonly identities: IdentitySet | undefined;
	/** PEM roots that lead to client certificates, if those are asked for. */
	readonly clientRoots: string | undefined;
	/** Take WebSocket upgrades. */
	readonly webSocket: boolean;
}

/** A pair as a worker needs it, PEM. */
export interface Pair {
	readonly chain: string;
	readonly key: string;
	/** Lower-case DNS names, perhaps with a leading `*.`. */
	readonly names: readonly string[];
}

/** What a worker is started with. */
export interface WorkerStart {
	readonly doors: readonly Door[];
	readonly identities: Readonly<Record<IdentitySet, readonly Pair[]>>;
	/** Names of the versions on offer, the preferred first. */
	readonly versions: readonly string[];
	/** The bridge. */
	readonly bridge: MessagePort;
}

/** An HTTP request, its head. */
export interface WebRequest {
	readonly method: string;
	/** Path and query as sent; may hold a token: never log it. */
	readonly target: string;
	readonly remote: string;
	/** Came over TLS. */
	readonly secure: boolean;
	/** Came over a plain listener that only answers what needs no secret. */
	readonly restricted: boolean;
	readonly authorization: string | undefined;
	readonly peerCertificate: string | undefined;
	readonly peerIdentity: PeerIdentity | undefined;
	/** Whom the listener is for. */
	readonly door: DoorKind;
	/** Asks to upgrade to WebSocket. */
	readonly upgrade: boolean;
}

/** From a worker. `ask` numbers a question; everything about it carries the number. */
export type FromWorker =
	| { readonly say: "listening"; readonly door: number; readonly port: number }
	| { readonly say: "failed"; readonly door: number; readonly code: string; readonly message: string }
	/** Answered with `head`, `body`… and `end`, or `cut`. */
	| { readonly say: "request"; readonly ask: number; readonly request: WebRequest }
	/** Answered with `admit` or `refuse`; once admitted, the bridge opens the connection with `ask` as its ticket. */
	| { readonly say: "upgrade"; readonly ask: number; readonly request: WebRequest }
	/** The peer left, or the upgrade failed after all; nothing more is wanted. */
	| { readonly say: "gone"; readonly ask: number }
	/** That many bytes of the body have reached the socket. */
	| { readonly say: "sent"; readonly ask: number; readonly bytes: number }
	/** A peer was turned away in the worker; for counting. */
	| { readonly say: "turned-away"; readonly why: TurnedAway }
	| { readonly say: "fault"; readonly message: string };

/** Why a worker turned a peer away without asking. */
export type TurnedAway = "first-byte" | "tls" | "http" | "subprotocol" | "busy";

/** To a worker. */
export type ToWorker =
	| { readonly do: "head"; readonly ask: number; readonly status: number; readonly headers: Headers }
	| { readonly do: "body"; readonly ask: number; readonly bytes: Uint8Array }
	| { readonly do: "end"; readonly ask: number }
	/** Give an answer up in the middle: the socket is closed, so that the peer notices. */
	| { readonly do: "cut"; readonly ask: number }
	| { readonly do: "admit"; readonly ask: number }
	| { readonly do: "refuse"; readonly ask: number; readonly status: number; readonly message: string }
	| { readonly do: "identities"; readonly set: IdentitySet; readonly pairs: readonly Pair[] }
	/** Take no new sockets. */
	| { readonly do: "stop" };

/** Names are lower case. */
export type Headers = Readonly<Record<string, string>>;
