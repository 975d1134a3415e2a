/**
 * Which relay a relay takes its media from, so that all of them form a tree under the root. Only facts in, one name out.
 * @module
 */
import { NEAR_MS } from "./limits.ts";

/** Where a relay stands in the tree. */
export type Role = "origin" | "regional" | "edge";

/** What a relay says of itself. */
export interface Place {
	readonly role: Role;
	/** URL of its parent; undefined while it has none. */
	readonly parent: string | undefined;
}

/** The tree as one relay sees it; relays are named by URL. */
export interface TreeView {
	readonly self: string;
	readonly role: Role;
	readonly root: string;
	/** Children that the root feeds. */
	readonly fanout: number;
	/** Everyone but the root; perhaps also ourselves. */
	readonly places: ReadonlyMap<string, Place>;
	/** Those that just failed us. */
	readonly avoided: ReadonlySet<string>;
}

/**
 * The relays to choose from: the best kind of which there is one. Who has children below it comes first, viewers' relays
 * last; never one that is below us. The root takes everyone when there is nobody else.
 */
export function candidatesOf(view: TreeView): readonly string[] {
	const usable = [...view.places.keys()].filter((node) => {
		return node !== view.self && node !== view.root && !view.avoided.has(node) && reachesRoot(view, node);
	});
	const regionals = usable.filter((node) => view.places.get(node)?.role === "regional");
	const root = hasRoomAtRoot(view) && !view.avoided.has(view.root) ? [view.root] : [];
	if (view.role !== "edge") return firstOf([root, regionals, [view.root]]);
	const edges = usable.filter((node) => {
		return view.places.get(node)?.role === "edge" && childrenOf(view, node).length < view.fanout;
	});
	return firstOf([regionals, root, edges, [view.root]]);
}

/** The nearest of them, and of equally near ones that with the fewest children. `rttOf` is undefined where not measured. */
export function pickParent(
	view: TreeView,
	candidates: readonly string[],
	{ current, rttOf }: { readonly current: string | undefined; readonly rttOf: (node: string) => number | undefined },
): string {
	const measured = candidates.map((node) => ({ node, rttMs: rttOf(node) ?? Number.POSITIVE_INFINITY }));
	const leastMs = Math.min(...measured.map(({ rttMs }) => rttMs));
	const reachMs = leastMs + Math.max(NEAR_MS, leastMs / 2);
	const near = measured.filter(({ rttMs }) => rttMs <= reachMs).map(({ node }) => node);
	const loads = new Map(near.map((node) => [node, childrenOf(view, node).length]));
	const least = Math.min(...loads.values());
	// Moving must make things more even, not just different.
	if (current !== undefined && (loads.get(current) ?? Number.POSITIVE_INFINITY) <= least) return current;
	const lightest = near.filter((node) => loads.get(node) === least);
	const ranked = lightest.toSorted((a, b) => spread(view.self, a) - spread(view.self, b));
	return ranked[0] ?? view.root;
}

/** Its children besides ourselves. */
export function childrenOf(view: TreeView, parent: string): readonly string[] {
	return [...view.places].flatMap(([node, place]) => (place.parent === parent && node !== view.self ? [node] : []));
}

/** Those who feed others go before those who feed viewers; where too many came at once, the last by name go elsewhere. */
function hasRoomAtRoot(view: TreeView): boolean {
	const rank = RANK[view.role];
	const rivals = childrenOf(view, view.root).filter((node) => {
		const other = RANK[view.places.get(node)?.role ?? "edge"];
		if (other !== rank) return other < rank;
		return view.places.get(view.self)?.parent !== view.root || node < view.self;
	});
	return rivals.length < view.fanout;
}

/** Whether the root is above `node`, and we are not. */
function reachesRoot(view: TreeView, node: string): boolean {
	let at: string | undefined = node;
	for (let steps = 0; steps < DEPTH_MAX && at !== undefined; steps++) {
		if (at === view.root) return true;
		if (at === view.self) return false;
		at = view.places.get(at)?.parent;
	}
	return false;
}

function firstOf(kinds: readonly (readonly string[])[]): readonly string[] {
	return kinds.find((kind) => kind.length > 0) ?? [];
}

/** FNV-1a of both names: each relay prefers another one of several equal parents. */
function spread(self: string, parent: string): number {
	let hash = 0x811c9dc5;
	for (const char of `${self} ${parent}`) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
	return hash;
}

const RANK: Readonly<Record<Role, number>> = { origin: 0, regional: 1, edge: 2 };
/** A tree deeper than the longest list of hops would lose broadcasts. */
const DEPTH_MAX = 32;
