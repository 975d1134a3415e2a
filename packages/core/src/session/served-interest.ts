/**
 * One announce stream of the peer: a filtered view of the routing table, told as the version tells it.
 * @module
 */
import {
	type Announce,
	Code,
	encodeAnnounce,
	encodeAnnounceInit,
	encodeAnnounceOk,
	limits,
	type Path,
	stripPrefix,
	type Varint62,
	Writer,
} from "@moq-relay/wire";
import type { Route } from "../model/route.ts";
import type { Announced, Watch, WatchSink } from "../routing/watch.ts";
import { AnnounceOutbox, type Told } from "./announce-outbox.ts";
import type { SessionContext } from "./context.ts";
import { StreamError } from "./error.ts";
import { maySubscribe } from "./grant.ts";
import type { MessageHandler, MessageStream } from "./message-stream.ts";
import type { ShownNames } from "./shown-names.ts";
import type { Violation } from "./sink.ts";

/** What the peer asked for. */
export interface InterestOptions {
	/** Full path. */
	readonly prefix: Path;
	/** What came through this origin is not shown; 0 excludes nothing. */
	readonly excludeHop: Varint62;
	/** Counts what all streams of the session show. */
	readonly names: ShownNames;
	/** Called once, when the stream is over. */
	readonly onOver: () => void;
}

/** A running announce stream. */
export class ServedInterest implements MessageHandler, WatchSink {
	readonly part = "announce";
	readonly #context: SessionContext;
	readonly #stream: MessageStream;
	readonly #options: InterestOptions;
	readonly #outbox: AnnounceOutbox;
	/** Full paths that the peer holds as live. */
	readonly #shown: Set<string> = new Set();
	#watch: Watch | undefined;
	/** There was no room for some name. */
	#short = false;
	#over = false;

	constructor(context: SessionContext, stream: MessageStream, options: InterestOptions) {
		this.#context = context;
		this.#stream = stream;
		this.#options = options;
		this.#outbox = new AnnounceOutbox(context, stream, (path, told) => this.#change(path, told));
	}

	/** Send what is live, and follow from there. */
	start(): void {
		const excludeHop = this.#excluded;
		const excluded = excludeHop === 0 ? {} : { excludeHop };
		const options = { ...excluded, isRelay: this.#mayKnowOthers };
		const watch = this.#context.origin.watch(this.#options.prefix, this, options);
		if (this.#over) watch.close();
		else this.#watch = watch;
	}

	/** Retract everything, and follow no longer. */
	withdraw(): void {
		this.#watch?.close();
		for (const path of this.#shown) this.onEnded(path);
	}

	/** The grant changed: retract what it hides, announce what it now shows. */
	regrant(): void {
		for (const path of this.#shown) if (!this.#isAllowed(path)) this.onEnded(path);
		for (const { path, route } of this.#context.origin.active(this.#options.prefix, this.#mayKnowOthers)) {
			if (!this.#shown.has(path) && !this.#isExcluded(route)) this.onActive(path, route);
		}
	}

	onMessage(): void {
		throw new StreamError(Code.UnexpectedMessage, "a second message on an announce stream");
	}

	onFinish(): void {
		this.onAbort();
		this.#stream.finish();
	}

	onAbort(): void {
		if (this.#over) return;
		this.#over = true;
		this.#watch?.close();
		this.#outbox.close();
		for (const path of this.#shown) this.#options.names.remove(path);
		this.#shown.clear();
		this.#options.onOver();
	}

	onStart(active: readonly Announced[]): void {
		const visible = active.filter(({ path, route }) => this.#isAllowed(path) && this.#fits(route));
		if (!this.#options.names.mayList(visible.map(({ path }) => path))) {
			this.#report("stream", "too many names listed");
			this.#stream.abort(Code.BoundsExceeded);
			this.onAbort();
			return;
		}
		this.#list(visible.filter(({ path }) => this.#show(path)));
	}

	#list(visible: readonly Announced[]): void {
		const { origin, version } = this.#context;
		if (version.announceInit) {
			this.#outbox.begin(encodeAnnounceInit({ suffixes: visible.map(({ path }) => this.#suffix(path)) }));
			return;
		}
		const writer = new Writer(64 + 64 * visible.length);
		if (version.announceOk) writer.bytes(encodeAnnounceOk({ origin: origin.id, active: visible.length }));
		for (const { path, route } of visible) writer.bytes(this.#encode("active", path, route));
		if (writer.length > 0) this.#outbox.begin(writer.finish());
	}

	onActive(path: string, route: Route): void {
		if (this.#shown.has(path)) {
			this.#replace(path, route);
			return;
		}
		if (!this.#isAllowed(path) || !this.#fits(route)) return;
		if (this.#show(path)) this.#outbox.tell(path, { held: false, route });
	}

	onRestart(path: string, route: Route): void {
		this.onActive(path, route);
	}

	onUpdate(path: string, route: Route): void {
		const { grant, version } = this.#context;
		// Retracting a live path so as to tell another way to it would cut off viewers; only relays need to know.
		const matters = version.announceRestart || (version.hops === "ids" && grant.cluster);
		if (matters || !this.#shown.has(path)) this.onActive(path, route);
	}

	onEnded(path: string): void {
		if (!this.#shown.delete(path)) return;
		this.#options.names.remove(path);
		this.#outbox.tell(path, { held: true, route: undefined });
	}

	/** Count a name as shown; false when there is no room. Told once: it is the owner who may want to know. */
	#show(path: string): boolean {
		if (this.#options.names.add(path)) {
			this.#shown.add(path);
			return true;
		}
		if (!this.#short) this.#report("announcement", "too many names to show");
		this.#short = true;
		return false;
	}

	#report(dies: Violation["dies"], reason: string): void {
		this.#context.report({ dies, part: "announce", code: Code.BoundsExceeded, reason });
	}

	#replace(path: string, route: Route): void {
		if (!this.#fits(route)) {
			this.onEnded(path);
			return;
		}
		this.#outbox.tell(path, { held: true, route });
	}

	/** The messages that take the peer from what it was told to what it is to be told. */
	#change(path: string, { held, route }: Told): Uint8Array {
		if (route === undefined) return this.#encode("ended", path);
		const active = this.#encode("active", path, route);
		if (!held || this.#context.version.announceRestart) return active;
		const ended = this.#encode("ended", path);
		return new Writer(ended.length + active.length).bytes(ended).bytes(active).finish();
	}

	#encode(status: Announce["status"], path: string, route?: Route): Uint8Array {
		const { origin, version } = this.#context;
		const passed = route?.hops ?? [];
		const hops = version.senderStampsHops && route !== undefined ? [...passed, origin.id] : passed;
		return encodeAnnounce({ status, suffix: this.#suffix(path), hops }, version);
	}

	/** Whether the chain still has room for us, whoever appends our id. */
	#fits(route: Route): boolean {
		return route.hops.length < limits.HOPS_MAX;
	}

	#isExcluded(route: Route): boolean {
		return this.#excluded !== 0 && route.hops.includes(this.#excluded);
	}

	/** Whether the peer is a relay that can tell another way from an echo: what we have lost is not shown to it. */
	get #mayKnowOthers(): boolean {
		const { grant, version } = this.#context;
		return grant.cluster && version.hops === "ids";
	}

	/**
	 * Whom the peer does not want to hear of. Where hops have no ids it cannot say, and a server tells it everything, as
	 * the reference does; a client does not tell a server what it has from that server, or both would believe it.
	 */
	get #excluded(): Varint62 {
		const { connection, peerId, version } = this.#context;
		return version.hops === "ids" || connection.info.server ? this.#options.excludeHop : peerId;
	}

	#isAllowed(path: string): boolean {
		const { grant } = this.#context;
		const name = stripPrefix(path, grant.root);
		return name !== undefined && maySubscribe(grant, name);
	}

	#suffix(path: string): Path {
		// The watch shows nothing that is not under the prefix.
		return stripPrefix(path, this.#options.prefix) as Path;
	}
}
