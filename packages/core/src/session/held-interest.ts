/**
 * One announce stream that we opened, and everything that the peer announces on it.
 * @module
 */
import {
	type Announce,
	Code,
	decodeAnnounce,
	decodeAnnounceInit,
	decodeAnnounceOk,
	HOP_UNKNOWN,
	joinPath,
	limits,
	type Path,
	type Varint62,
} from "@moq-relay/wire";
import type { OriginId } from "../model/route.ts";
import type { SessionContext } from "./context.ts";
import { SessionError } from "./error.ts";
import type { MessageHandler, MessageStream } from "./message-stream.ts";
import { PeerSource } from "./peer-source.ts";
import { ReceivedAnnouncement, type Told } from "./received-announcement.ts";
import { randomId } from "./state.ts";
import type { SubscriptionRequesting } from "./subscription-requesting.ts";

/** What an interest works with. */
export interface HeldInterestOptions {
	readonly requesting: SubscriptionRequesting;
	/** Called once, when the stream is over. */
	readonly onOver: () => void;
}

/** A running announce stream of ours. What is wrong on it ends the session, as with the reference: nothing else can be told apart from it. */
export class HeldInterest implements MessageHandler {
	readonly part = "announce";
	readonly fatal = true;
	readonly prefix: Path;
	readonly #context: SessionContext;
	readonly #options: HeldInterestOptions;
	readonly #live: Map<string, ReceivedAnnouncement> = new Map();
	#stream: MessageStream | undefined;
	/** Of the names in `#live`. */
	#bytes = 0;
	#begun = false;
	/** The peer's own id, from ANNOUNCE_OK. */
	#responder: Varint62 = HOP_UNKNOWN;
	#over = false;

	constructor(context: SessionContext, prefix: Path, options: HeldInterestOptions) {
		this.prefix = prefix;
		this.#context = context;
		this.#options = options;
	}

	/** An ANNOUNCE_INIT lists everything at once. */
	get messageBytes(): number {
		const init = this.#context.version.announceInit && !this.#begun;
		return init ? limits.ANNOUNCE_INIT_BYTES_MAX : this.#context.limits.messageBytes;
	}

	/** The stream that this is the handler of. */
	attach(stream: MessageStream): void {
		this.#stream = stream;
	}

	regrant(): void {
		for (const announcement of this.#live.values()) announcement.regrant();
	}

	onMessage(body: Uint8Array): void {
		if (!this.#begun && this.#begin(body)) return;
		const announce = decodeAnnounce(body, this.#context.version);
		if (announce.status === "ended") this.#end(announce.suffix);
		else this.#activate(announce);
	}

	/** The peer has nothing more to announce. What it had does not go on without it. */
	onFinish(): void {
		this.onAbort();
		this.#stream?.finish();
	}

	onAbort(): void {
		if (this.#over) return;
		this.#over = true;
		this.#context.counters.announcements -= this.#live.size;
		for (const announcement of this.#live.values()) announcement.lost();
		this.#live.clear();
		this.#options.onOver();
	}

	/** True when the version has a first message of its own, which this was. */
	#begin(body: Uint8Array): boolean {
		this.#begun = true;
		const { version } = this.#context;
		if (version.announceOk) this.#responder = decodeAnnounceOk(body).origin;
		if (version.announceInit) {
			for (const suffix of decodeAnnounceInit(body).suffixes) this.#activate({ status: "active", suffix, hops: [] });
		}
		return version.announceOk || version.announceInit;
	}

	#activate(announce: Announce): void {
		const live = this.#live.get(announce.suffix);
		const told = this.#told(announce.hops);
		if (live !== undefined) {
			if (!this.#context.version.announceRestart) {
				throw new SessionError(Code.ProtocolViolation, `announced twice: ${announce.suffix}`);
			}
			live.replace(told);
			return;
		}
		const { counters, limits: bounds } = this.#context;
		const bytes = this.#bytes + announce.suffix.length;
		// Counted for each stream: there is one for each prefix of the grant, which nobody but us chose.
		if (counters.announcements >= bounds.announcements || bytes > bounds.announcementBytes) {
			throw new SessionError(Code.BoundsExceeded, "too many announcements");
		}
		this.#bytes = bytes;
		counters.announcements++;
		const sourceOf = (name: Path): PeerSource => new PeerSource(this.#context, this.#options.requesting, name);
		const name = joinPath(this.prefix, announce.suffix);
		this.#live.set(announce.suffix, new ReceivedAnnouncement(this.#context, name, { told, sourceOf }));
	}

	#end(suffix: Path): void {
		// Some peers also end what they never announced here, because their own filter had left it out.
		const live = this.#live.get(suffix);
		if (live === undefined) return;
		this.#live.delete(suffix);
		this.#bytes -= suffix.length;
		this.#context.counters.announcements--;
		live.close();
	}

	/** The whole chain, the peer last; whoever is not named is stood for by an id that nobody else has. */
	#told(told: readonly Varint62[]): Told {
		const { clock, version, linkCost, peerId } = this.#context;
		const hops: OriginId[] = told.map((hop) => (hop === HOP_UNKNOWN ? peerId : hop));
		if (version.announceOk) hops.push(this.#responder === HOP_UNKNOWN ? peerId : this.#responder);
		else if (hops.length === 0) hops.push(peerId);
		const publisher = told[0] ?? this.#responder;
		if (publisher !== HOP_UNKNOWN) return { route: { hops, cost: linkCost }, publisher };
		// Announced again it may be another one, which must not be taken for the one before.
		if (hops.length > 1) hops[0] = randomId(clock);
		return { route: { hops, cost: linkCost }, publisher: undefined };
	}
}
