/**
 * One relay's place in the tree: it joins the root, learns of the others, and holds a link to its parent.
 * @module
 */
import type { Clock, Grant, Origin } from "@moq-relay/core";
import type { Log } from "../ops/log.ts";
import { Board } from "./board.ts";
import { candidatesOf, pickParent, type Role, type TreeView } from "./choose-parent.ts";
import type { LinkPlan } from "./cluster-link.ts";
import { AVOID_MS, HANDOVER_MS, LEARN_MS, MEASURED_MAX, MOVE_MS_MAX, ROOT_WAIT_MS } from "./limits.ts";
import type { NodeName } from "./node-name.ts";
import type { Peer } from "./peer.ts";

/** A lasting link, as the tree needs it. */
export interface TreeLink {
	readonly isUp: boolean;
	/** Dial now if a pause is being made. */
	hurry(): void;
	/** For good. */
	close(): void;
}

/** What a place in the tree needs. */
export interface TreeOptions {
	readonly clock: Clock;
	readonly log: Log;
	readonly origin: Origin;
	readonly self: NodeName;
	readonly role: Role;
	/** Where the root is, perhaps with a token. */
	readonly root: Peer;
	readonly rootName: NodeName;
	/** Where the root announces who has joined. */
	readonly prefix: string;
	/** Children of the root, unless it says otherwise itself. */
	readonly fanout: number;
	/** Open a lasting link. */
	readonly link: (plan: LinkPlan) => TreeLink;
	/** Measure the round trip to a relay, in ms. Never rejects: Infinity is out of reach. */
	readonly measure: (peer: Peer) => Promise<number>;
}

/** A parent, or one that is to be. */
interface Attachment {
	readonly node: string;
	readonly link: TreeLink;
}

/** Holds a relay's place. Media comes over one link only, so every broadcast has one way through the tree. */
export class Tree implements Disposable {
	readonly #options: TreeOptions;
	readonly #board: Board;
	readonly #rttMs: Map<string, number> = new Map();
	readonly #avoided: Map<string, () => void> = new Map();
	readonly #rootLink: TreeLink;
	#parent: Attachment | undefined;
	/** The one before, until the new one stands. */
	#old: Attachment | undefined;
	#cancelReview: (() => void) | undefined;
	#isMeasuring = false;
	#isClosed = false;

	constructor(options: TreeOptions) {
		this.#options = options;
		const { origin, self, root, role } = options;
		this.#board = new Board({ origin, self: self.url, onChange: () => this.#reviewLater() });
		this.#board.write({ role, parent: undefined });
		this.#rootLink = options.link({
			peer: root,
			kind: "root",
			grant: this.#namesOnly(),
			register: self.url,
			onUp: () => this.#rootUp(),
			onDown: () => this.#board.hold(),
		});
		this.#board.hold();
	}

	/** URL of the parent; undefined while there is none. */
	get parent(): string | undefined {
		return this.#parent?.node;
	}

	/** Everyone else's place by URL. */
	get places(): Board["places"] {
		return this.#board.places;
	}

	[Symbol.dispose](): void {
		this.#isClosed = true;
		this.#cancelReview?.();
		for (const cancel of this.#avoided.values()) cancel();
		this.#board[Symbol.dispose]();
		this.#rootLink.close();
		this.#parent?.link.close();
		this.#old?.link.close();
	}

	/** The link to the root tells who is there. What is published crosses the links of the tree alone. */
	#namesOnly(): Grant {
		const names = [this.#options.prefix, ".internal"];
		return { root: "", publish: names, subscribe: names, cluster: true };
	}

	#rootUp(): void {
		const { clock } = this.#options;
		if (this.#parent?.node === this.#options.rootName.url) this.#parent.link.hurry();
		clock.after(LEARN_MS, () => {
			if (this.#isClosed || !this.#rootLink.isUp) return;
			this.#board.release();
			if (this.#parent === undefined) void this.#review();
		});
	}

	/** Something has changed. Whoever has no parent looks at once; the others take their time, each its own. */
	#reviewLater(): void {
		if (this.#isClosed || this.#parent === undefined || this.#cancelReview !== undefined) return;
		const { clock } = this.#options;
		this.#cancelReview = clock.after(clock.random() * MOVE_MS_MAX, () => {
			this.#cancelReview = undefined;
			void this.#review();
		});
	}

	async #review(): Promise<void> {
		if (this.#isClosed || this.#isMeasuring) return;
		const candidates = candidatesOf(this.#view);
		const unknown = candidates.filter((node) => candidates.length > 1 && !this.#rttMs.has(node));
		if (unknown.length > 0) {
			this.#isMeasuring = true;
			await Promise.all(unknown.slice(0, MEASURED_MAX).map((node) => this.#measure(node)));
			this.#isMeasuring = false;
			if (this.#isClosed) return;
			// Others have chosen meanwhile, at the same moment as we: look again, each in its own time.
			if (this.#parent !== undefined) {
				this.#reviewLater();
				return;
			}
		}
		const view = this.#view;
		const current = this.#parent?.node;
		const choice = pickParent(view, candidatesOf(view), { current, rttOf: (node) => this.#rttMs.get(node) });
		// Nobody better than a root that is away: then everybody stays where they are until it returns.
		if (current !== undefined && view.avoided.has(choice)) return;
		if (choice !== current) this.#attach(choice);
	}

	async #measure(node: string): Promise<void> {
		this.#rttMs.set(node, await this.#options.measure(this.#peerOf(node)));
	}

	/** Say it first, so that others count us in; then dial, and keep the old parent until the new one stands. */
	#attach(node: string): void {
		const { log, role } = this.#options;
		if (this.#old === undefined) this.#old = this.#parent;
		else this.#parent?.link.close();
		log.info("cluster.parent", { parent: node, instead: this.#old?.node });
		this.#board.write({ role, parent: node });
		const link = this.#options.link({
			peer: this.#peerOf(node),
			kind: "parent",
			onUp: () => this.#parentUp(node),
			onDown: () => this.#parentDown(node),
		});
		this.#parent = { node, link };
	}

	#parentUp(node: string): void {
		const old = this.#old;
		if (this.#parent?.node !== node) return;
		this.#board.write({ role: this.#options.role, parent: node });
		if (old === undefined) return;
		this.#old = undefined;
		this.#options.clock.after(HANDOVER_MS, () => old.link.close());
	}

	/** The root is waited for, unless others still have it; anybody else is replaced. */
	#parentDown(node: string): void {
		if (this.#isClosed || this.#parent?.node !== node) return;
		const { clock, role, log, rootName } = this.#options;
		if (node === rootName.url && this.#old === undefined) {
			// Whoever takes from us looks for somebody who is not adrift; whoever has lost the root too says so as we do.
			this.#board.write({ role, parent: undefined });
			clock.after(ROOT_WAIT_MS, () => this.#reviewAdrift(node));
			return;
		}
		this.#avoided.get(node)?.();
		this.#rttMs.delete(node);
		const cancel = clock.after(AVOID_MS, () => {
			this.#avoided.delete(node);
			this.#reviewLater();
		});
		this.#avoided.set(node, cancel);
		const old = this.#old;
		if (old?.link.isUp === true) {
			this.#parent.link.close();
			this.#parent = old;
			this.#old = undefined;
			log.info("cluster.parent", { parent: old.node, instead: node });
			this.#board.write({ role, parent: old.node });
			this.#reviewLater();
			return;
		}
		this.#parent.link.close();
		this.#old?.link.close();
		this.#parent = undefined;
		this.#old = undefined;
		this.#cancelReview?.();
		this.#cancelReview = undefined;
		void this.#review();
	}

	#reviewAdrift(node: string): void {
		if (!this.#isClosed && this.#parent?.node === node && !this.#parent.link.isUp) void this.#review();
	}

	#peerOf(node: string): Peer {
		const { root, rootName } = this.#options;
		if (node === rootName.url) return root;
		const url = new URL(node);
		// Who trusts us at the root trusts us everywhere, by the same token.
		const jwt = root.url.searchParams.get("jwt");
		if (jwt !== null) url.searchParams.set("jwt", jwt);
		return { url, cost: 1, shown: node };
	}

	get #view(): TreeView {
		const { self, role, rootName, fanout } = this.#options;
		const avoided = new Set(this.#avoided.keys());
		// The link for names tries for ever, so it knows first when the root is back.
		if (!this.#rootLink.isUp) avoided.add(rootName.url);
		return {
			self: self.url,
			role,
			root: rootName.url,
			fanout: this.#board.fanout ?? fanout,
			places: this.#board.places,
			avoided,
		};
	}
}
