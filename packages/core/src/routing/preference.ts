/**
 * Which of several routes to one path is used. Every relay decides alike, so that neighbours agree.
 * @module
 */
import { encodeUtf8 } from "@moq-relay/wire";
import { PUBLISHER_TIE_MS } from "../model/limits.ts";
import type { OriginId, Route } from "../model/route.ts";

/** A route that may be chosen. */
export interface Candidate {
	readonly route: Route;
	/** When its publisher first appeared at this path, in `Clock.nowMs` and by count. */
	readonly publisherSince: Since;
}

/** A moment, and its place among all of them. */
export interface Since {
	readonly atMs: number;
	readonly order: number;
}

/** The id of the original publisher; undefined where no one has named it (0 names nobody). */
export function publisherOf(route: Route): OriginId | undefined {
	const [first] = route.hops;
	return first === undefined || first === 0 ? undefined : first;
}

/** Whether both carry the groups of one publisher, so that one may continue the other. Unknown publishers never do. */
export function isSamePublisher(a: Route, b: Route): boolean {
	const publisher = publisherOf(a);
	return publisher !== undefined && publisher === publisherOf(b);
}

/**
 * The candidate to use; of equal ones the last in order. `tieMs`: age difference below which two publishers with a relay
 * between count as equally new, in ms.
 */
export function chooseBest<C extends Candidate>(
	path: string,
	candidates: Iterable<C>,
	tieMs: number = PUBLISHER_TIE_MS,
): C | undefined {
	const byPublisher = new Map<OriginId | C, C>();
	for (const candidate of candidates) {
		const key = publisherOf(candidate.route) ?? candidate;
		const rival = byPublisher.get(key);
		if (rival === undefined || compareRoutes(path, candidate.route, rival.route) <= 0) byPublisher.set(key, candidate);
	}
	// Those that are here directly first: the newest of them is the one that stands for this relay.
	const rivals = [...byPublisher.values()].sort((a, b) => a.route.hops.length - b.route.hops.length);
	let best: C | undefined;
	for (const candidate of rivals) {
		if (best === undefined || isPreferred(path, [candidate, best], tieMs)) best = candidate;
	}
	return best;
}

/** Negative when `a` is better: lower cost, then fewer hops, then the lower hash, which spreads names over equal routes. */
export function compareRoutes(path: string, a: Route, b: Route): number {
	if (a.cost !== b.cost) return a.cost - b.cost;
	if (a.hops.length !== b.hops.length) return a.hops.length - b.hops.length;
	const hashA = hashHops(path, a.hops);
	const hashB = hashHops(path, b.hops);
	if (hashA === hashB) return 0;
	return hashA < hashB ? -1 : 1;
}

/** FNV-1a (64 bits, own seed) of the path and each id as eight bytes, lowest first: the same in every implementation. */
export function hashHops(path: string, hops: readonly OriginId[]): bigint {
	let hash = FNV_SEED;
	for (const byte of encodeUtf8(path)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * FNV_PRIME);
	for (const hop of hops) {
		for (let left = BigInt(hop), i = 0; i < 8; i++, left >>= 8n) {
			hash = BigInt.asUintN(64, (hash ^ (left & 0xffn)) * FNV_PRIME);
		}
	}
	return hash;
}

/**
 * Of two publishers the newer one: the older is most likely a session that has not noticed its own death. But when both
 * appeared at nearly the same time and a relay lies between, each of two neighbours may see the other's as the newer, and
 * they would swap for ever; then the hash decides.
 */
function isPreferred(path: string, [a, b]: readonly [Candidate, Candidate], tieMs: number): boolean {
	// Who publishes something itself holds on to it: given up for a neighbour's, it would be withdrawn from that neighbour,
	// who would then withdraw its own, and so on for ever.
	const isLocal = a.route.hops.length === 0;
	if (isLocal !== (b.route.hops.length === 0)) return isLocal;
	const publisherA = publisherOf(a.route);
	const publisherB = publisherOf(b.route);
	const isRelayed = a.route.hops.length > 1 || b.route.hops.length > 1;
	const isTie = Math.abs(a.publisherSince.atMs - b.publisherSince.atMs) < tieMs;
	if (isRelayed && isTie && publisherA !== undefined && publisherB !== undefined) {
		return hashHops(path, [publisherA]) < hashHops(path, [publisherB]);
	}
	return a.publisherSince.order > b.publisherSince.order;
}

const FNV_SEED = 0x420c0decb00bn;
const FNV_PRIME = 0x100000001b3n;
