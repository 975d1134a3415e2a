/**
 * One upstream request that serves all subscribers of a track.
 * @module
 */
import { CACHE_MS_MAX } from "./limits.ts";
import type { SubscribeRequest } from "./source.ts";

/**
 * The least request that covers all of `requests`: highest priority, longest latency, oldest first only when all want
 * that. Nobody keeps groups for longer than `CACHE_MS_MAX`, and no version can say "for ever". `latest` is the newest
 * group known here, which decides whether a start lies in the past.
 */
export function mergeRequests(requests: Iterable<SubscribeRequest>, latest: number | undefined): SubscribeRequest {
	let priority = 0;
	let latencyMs = 0;
	let ordered = true;
	let first = Number.POSITIVE_INFINITY;
	let fromLatest = false;
	let last: number | undefined = -1;
	for (const request of requests) {
		priority = Math.max(priority, request.priority);
		latencyMs = Math.max(latencyMs, request.latencyMs);
		ordered &&= request.ordered;
		if (request.startGroup === undefined) fromLatest = true;
		else first = Math.min(first, request.startGroup);
		last = last === undefined || request.endGroup === undefined ? undefined : Math.max(last, request.endGroup);
	}
	// Whoever wants the latest must not wait for a start in the future.
	const inPast = latest !== undefined && first < latest;
	const startGroup = fromLatest && !inPast ? undefined : first;
	return { priority, ordered, latencyMs: Math.min(latencyMs, CACHE_MS_MAX), startGroup, endGroup: last };
}

/** Whether upstream would do the same for both. */
export function isSameRequest(a: SubscribeRequest, b: SubscribeRequest): boolean {
	return (
		a.priority === b.priority &&
		a.ordered === b.ordered &&
		a.latencyMs === b.latencyMs &&
		a.startGroup === b.startGroup &&
		a.endGroup === b.endGroup
	);
}
