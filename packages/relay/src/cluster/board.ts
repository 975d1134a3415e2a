/**
 * What the relays of a tree tell each other: empty broadcasts whose names say who stands where.
 * @module
 */
import type { Announcement, Origin, Watch } from "@moq-relay/core";
import { parsePath } from "@moq-relay/wire";
import type { Place, Role } from "./choose-parent.ts";
import { announceName, FANOUT_PREFIX, TREE_PREFIX } from "./internal-names.ts";
import { NODES_MAX } from "./limits.ts";
import { isAsSafe, parseNode } from "./node-name.ts";

/** How to read and write the board. */
export interface BoardOptions {
	readonly origin: Origin;
	/** Our URL. */
	readonly self: string;
	/** Something is written or wiped out that others wrote. */
	readonly onChange: () => void;
}

/** The board as one relay reads it. While the root is away nothing is forgotten: the relays are most likely still there. */
export class Board implements Disposable {
	readonly #options: BoardOptions;
	readonly #watches: readonly Watch[];
	/** By path, so that of two lines of one relay the later one counts. */
	readonly #lines: Map<string, { readonly node: string; readonly place: Place }> = new Map();
	readonly #fanouts: Map<string, number> = new Map();
	/** Paths that ended while the root was away. */
	readonly #faded: Set<string> = new Set();
	#own: Announcement | undefined;
	#ownPath = "";
	#isHeld = false;

	constructor(options: BoardOptions) {
		this.#options = options;
		const { origin } = options;
		this.#watches = [
			origin.watch(
				TREE_PREFIX,
				this.#sink((path) => this.#read(path)),
			),
			origin.watch(
				FANOUT_PREFIX,
				this.#sink((path) => this.#readFanout(path)),
			),
		];
	}

	/** Everyone's place by URL. */
	get places(): ReadonlyMap<string, Place> {
		return new Map([...this.#lines.values()].map(({ node, place }) => [node, place]));
	}

	/** How many children the root says that it feeds; of several roots the least. */
	get fanout(): number | undefined {
		return this.#fanouts.size === 0 ? undefined : Math.min(...this.#fanouts.values());
	}

	/** Say where we stand. */
	write({ role, parent }: Place): void {
		const path = formatPlace(this.#options.self, { role, parent });
		if (path === this.#ownPath) return;
		const old = this.#own;
		this.#own = announceName(this.#options.origin, parsePath(path));
		this.#ownPath = path;
		old?.close();
	}

	/** Forget nothing from now on. */
	hold(): void {
		this.#isHeld = true;
	}

	/** Forget what is wiped out, and what was meanwhile. */
	release(): void {
		this.#isHeld = false;
		for (const path of this.#faded) this.#drop(path);
		this.#faded.clear();
		this.#options.onChange();
	}

	[Symbol.dispose](): void {
		for (const watch of this.#watches) watch.close();
		this.#own?.close();
	}

	#sink(read: (path: string) => void) {
		const active = (path: string): void => {
			this.#faded.delete(path);
			read(path);
			if (path !== this.#ownPath) this.#options.onChange();
		};
		return {
			onStart: (all: readonly { readonly path: string }[]) => {
				for (const { path } of all) read(path);
			},
			onActive: active,
			onRestart: () => {},
			onUpdate: () => {},
			onEnded: (path: string) => {
				if (this.#isHeld) this.#faded.add(path);
				else this.#drop(path);
				this.#options.onChange();
			},
		};
	}

	#read(path: string): void {
		const line = parsePlace(path);
		if (line === undefined || this.#lines.size >= NODES_MAX || !isDialable(line.node, this.#options.self)) return;
		this.#lines.delete(path);
		this.#lines.set(path, line);
	}

	#readFanout(path: string): void {
		const fanout = Number(path.slice(FANOUT_PREFIX.length + 1));
		if (Number.isSafeInteger(fanout) && fanout > 0) this.#fanouts.set(path, fanout);
	}

	#drop(path: string): void {
		this.#lines.delete(path);
		this.#fanouts.delete(path);
	}
}

/** The name that says where a relay stands. */
export function formatPlace(node: string, { role, parent }: Place): string {
	return [TREE_PREFIX, encodeURIComponent(node), role, parent === undefined ? "-" : encodeURIComponent(parent)].join(
		"/",
	);
}

/** What such a name says; undefined for other names. */
export function parsePlace(path: string): { readonly node: string; readonly place: Place } | undefined {
	const [node = "", role = "", parent = "", ...rest] = path.slice(TREE_PREFIX.length + 1).split("/");
	if (node === "" || parent === "" || rest.length > 0 || !isRole(role)) return undefined;
	try {
		const place = { role, parent: parent === "-" ? undefined : decodeURIComponent(parent) };
		return { node: decodeURIComponent(node), place };
	} catch (error) {
		if (error instanceof URIError) return undefined;
		throw error;
	}
}

/** A name that is no relay's, or one in clear where we are not, gets neither a dial nor our token. */
function isDialable(node: string, self: string): boolean {
	return parseNode(node)?.url === node && isAsSafe(node, self);
}

function isRole(text: string): text is Role {
	return text === "origin" || text === "regional" || text === "edge";
}
