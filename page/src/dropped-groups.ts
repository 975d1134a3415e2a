import { type Group, Track } from "@moq/net";
import { MissingGroups } from "./missing-groups.ts";

type Subscriber = Track.Subscriber;

/**
 * Counts the groups of video that were not shown whole: those that never came, those that were cut short on the way, and those
 * that the player gave up. The player's library does not tell, so the count is taken where it receives groups.
 */
export class DroppedGroups {
	readonly #open = new Map<Subscriber, MissingGroups>();
	#past = 0;

	/** Count in every subscription that the page's library makes from now on, to tracks for which `isVideo` holds. */
	constructor(isVideo: (track: string) => boolean) {
		const missing = (subscriber: Subscriber): MissingGroups => this.#of(subscriber);
		const prototype = Track.Subscriber.prototype;
		// oxlint-disable-next-line typescript/unbound-method -- it is called with each subscriber as `this` below
		const recvGroup = prototype.recvGroup;
		prototype.recvGroup = async function (this: Subscriber) {
			const group = await recvGroup.call(this);
			if (group !== undefined && isVideo(this.name)) {
				missing(this).began(group.sequence);
				watchGroup(group, this, () => missing(this).cut(group.sequence));
			}
			return group;
		};
	}

	/** Groups dropped so far. */
	get count(): number {
		let sum = this.#past;
		for (const { count } of this.#open.values()) sum += count;
		return sum;
	}

	/** Begin at zero, as for another broadcast. */
	clear(): void {
		this.#past = 0;
		this.#open.clear();
	}

	#of(subscriber: Subscriber): MissingGroups {
		const known = this.#open.get(subscriber);
		if (known !== undefined) return known;
		const groups = new MissingGroups();
		this.#open.set(subscriber, groups);
		subscriber.closed.subscribe(() => {
			if (this.#open.delete(subscriber)) this.#past += groups.count;
		});
		return groups;
	}
}

/** Call `onCut` when the group ends before its end while its subscription lives on. */
function watchGroup(group: Group.Consumer, subscriber: Subscriber, onCut: () => void): void {
	const cut = (): void => {
		// A subscription that ends closes its groups with it, in whatever order.
		setTimeout(() => {
			if (subscriber.closed.peek() === undefined) onCut();
		});
	};
	group.closed.subscribe((end) => {
		if (end instanceof Error) cut();
	});
	const close = group.close.bind(group);
	group.close = (abort) => {
		if (!group.isClosed) cut();
		close(abort);
	};
}
