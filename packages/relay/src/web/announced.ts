/**
 * What is live, as one grant may see it.
 * @module
 */
import { type Grant, maySubscribe, type Origin } from "@moq-relay/core";
import { stripPrefix } from "@moq-relay/wire";
import { ANNOUNCED_MAX } from "./limits.ts";

/** Names relative to the grant's root, sorted. */
export function announcedUnder(origin: Origin, grant: Grant): readonly string[] {
	const names: string[] = [];
	for (const { path } of origin.active(grant.root)) {
		const name = stripPrefix(path, grant.root);
		if (name !== undefined && maySubscribe(grant, name)) names.push(name);
		if (names.length === ANNOUNCED_MAX) break;
	}
	return names.toSorted();
}
