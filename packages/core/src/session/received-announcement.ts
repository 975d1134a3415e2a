/**
 * One path that the peer announces, and what became of it in the routing table.
 * @module
 */
import type { Path, Varint62 } from "@moq-relay/wire";
import { ECHO_END_MS } from "../model/limits.ts";
import type { Route } from "../model/route.ts";
import type { Announcement } from "../routing/announcement.ts";
import type { Watch } from "../routing/watch.ts";
import type { SessionContext } from "./context.ts";
import { fullPath, mayPublish } from "./grant.ts";
import type { PeerSource } from "./peer-source.ts";

/** What is told of one path. */
export interface Told {
	readonly route: Route;
	/** Who published it first; undefined where nobody said, which never equals anybody. */
	readonly publisher: Varint62 | undefined;
}

/** A live announcement of the peer, whether or not it is used. */
export class ReceivedAnnouncement {
	readonly #context: SessionContext;
	/** As the peer calls it. */
	readonly #name: Path;
	readonly #sourceOf: (name: Path) => PeerSource;
	#told: Told;
	#announcement: Announcement | undefined;
	/** Set while it is taken for an echo: ends the waiting for the end of what it would repeat. */
	#cancelEcho: (() => void) | undefined;

	constructor(context: SessionContext, name: Path, options: { told: Told; sourceOf: (name: Path) => PeerSource }) {
		this.#context = context;
		this.#name = name;
		this.#told = options.told;
		this.#sourceOf = options.sourceOf;
		this.#announce();
	}

	/** The path was announced again without having ended. */
	replace(told: Told): void {
		const same = told.publisher !== undefined && told.publisher === this.#told.publisher;
		this.#told = told;
		if (same && this.#announcement !== undefined) {
			this.#announcement.update(told.route);
			return;
		}
		// Another publisher: nothing known of the tracks before holds for its own.
		this.close();
		this.#announce();
	}

	/** The grant changed. */
	regrant(): void {
		const allowed = mayPublish(this.#context.grant, this.#name);
		if (!allowed) this.close();
		else if (this.#announcement === undefined) this.#announce();
	}

	/** The peer ended it. */
	close(): void {
		this.#cancelEcho?.();
		this.#announcement?.close();
		this.#announcement = undefined;
	}

	/** The peer is gone without having ended it. */
	lost(): void {
		this.#cancelEcho?.();
		this.#announcement?.lost();
		this.#announcement = undefined;
	}

	#announce(): void {
		const { grant, origin } = this.#context;
		this.#cancelEcho?.();
		if (!mayPublish(grant, this.#name)) return this.#refuse("outside the grant", true);
		const path = fullPath(grant, this.#name);
		if (path === undefined) return this.#refuse("path too long");
		if (this.#isEcho(path)) return this.#awaitEnd(path);
		const outcome = origin.announce(path, this.#told.route, this.#sourceOf(this.#name));
		if (typeof outcome !== "string") {
			this.#announcement = outcome;
			return;
		}
		// A route that came back to us, or from too far away, is an everyday thing among relays.
		if (outcome === "full") this.#refuse("routing table full");
	}

	/** A server repeats to a client what it has from it; where hops have no ids, only the name tells. */
	#isEcho(path: Path): boolean {
		const { connection, origin, peerId, version } = this.#context;
		if (connection.info.server || version.hops === "ids") return false;
		// What waits for its source to return has none that could be repeated: the peer itself may be what has returned.
		const route = origin.routeOf(path);
		return route !== undefined && !route.hops.includes(peerId);
	}

	/** What outlives the name that it was taken to repeat was none: the peer has it from elsewhere, and will not say so again. */
	#awaitEnd(path: Path): void {
		const { clock, origin } = this.#context;
		let cancelTimer: (() => void) | undefined;
		const ignore = (): void => {};
		const watch: Watch = origin.watch(path, {
			onStart: ignore,
			onActive: ignore,
			onRestart: ignore,
			onUpdate: ignore,
			onEnded: (ended) => {
				if (ended !== path) return;
				cancelTimer?.();
				cancelTimer = clock.after(ECHO_END_MS, () => this.#announce());
			},
		});
		this.#cancelEcho = () => {
			this.#cancelEcho = undefined;
			cancelTimer?.();
			watch.close();
		};
	}

	#refuse(reason: string, outsideGrant = false): void {
		const told = `${this.#name}: ${reason}`;
		this.#context.report({ dies: "announcement", part: "announce", code: 0, reason: told, outsideGrant });
	}
}
