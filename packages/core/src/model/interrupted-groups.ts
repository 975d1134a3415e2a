/**
 * Groups whose source was lost in their middle.
 * @module
 */
import { Code } from "@moq-relay/wire";
import type { Group } from "./group.ts";
import { INTERRUPTED_GROUPS_MAX } from "./limits.ts";

/** Keeps the groups of one track open for another source of the same publisher, which may go on with them. */
export class InterruptedGroups {
	/** By sequence, ascending. */
	#groups: Group[] = [];

	/** Where a source must begin to go on with all of them; undefined when there are none. */
	get first(): number | undefined {
		return this.#groups[0]?.sequence;
	}

	/** Keep a group that has not ended. One far behind the `latest` is aborted: all that follows it would have to come again. */
	add(group: Group, latest: number): void {
		if (latest - group.sequence >= INTERRUPTED_GROUPS_MAX) {
			group.abort(Code.Dropped);
			return;
		}
		this.#groups.push(group);
		this.#groups.sort((a, b) => a.sequence - b.sequence);
		const [first] = this.#groups;
		if (this.#groups.length > INTERRUPTED_GROUPS_MAX) first?.abort(Code.Dropped);
	}

	/** The group of that sequence, which is no longer kept. */
	take(sequence: number): Group | undefined {
		const group = this.#groups.find((kept) => kept.sequence === sequence);
		if (group !== undefined) this.forget(group);
		return group;
	}

	/** It has ended: aborted for its size or age, or taken by the cache. */
	forget(group: Group): void {
		if (this.#groups.includes(group)) this.#groups = this.#groups.filter((kept) => kept !== group);
	}

	/** Nobody will go on with them: abort all. */
	abort(code: number): void {
		const groups = this.#groups;
		this.#groups = [];
		for (const group of groups) group.abort(code);
	}
}
