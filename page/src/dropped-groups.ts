import { Track } from "@moq/net";

/**
 * Counts groups of video that never came, by the holes in their sequence numbers. The player's library does not tell, so the count
 * is taken where it receives groups; a group that comes late fills its hole again.
 */
export class DroppedGroups {
	readonly #seen = new Map<string, { next: number; readonly missing: Set<number> }>();

	/** Groups missing so far. */
	get count(): number {
		let sum = 0;
		for (const { missing } of this.#seen.values()) sum += missing.size;
		return sum;
	}

	/** Begin at zero, as after a new broadcast. */
	clear(): void {
		this.#seen.clear();
	}

	/** Note that a group of `track` arrived. */
	arrived(track: string, sequence: number): void {
		const state = this.#seen.get(track);
		if (state === undefined || sequence < state.next - HOLES_MAX) {
			this.#seen.set(track, { next: sequence + 1, missing: new Set() });
			return;
		}
		state.missing.delete(sequence);
		for (let hole = Math.max(state.next, sequence - HOLES_MAX); hole < sequence; hole++) state.missing.add(hole);
		state.next = Math.max(state.next, sequence + 1);
	}

	/** Watch every subscription that the page's library makes from now on. */
	watch(): void {
		const arrived = this.arrived.bind(this);
		const prototype = Track.Subscriber.prototype;
		const recvGroup = prototype.recvGroup;
		prototype.recvGroup = async function (this: InstanceType<typeof Track.Subscriber>) {
			const group = await recvGroup.call(this);
			if (group !== undefined && this.name.startsWith("video")) arrived(this.name, group.sequence);
			return group;
		};
	}
}

/** Holes remembered per track, so that a stranger's numbering can't fill the page's memory. */
const HOLES_MAX = 10_000;
