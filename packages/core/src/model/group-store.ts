/**
 * The recent groups of one track, charged to the shared cache.
 * @module
 */
import type { CacheEntry } from "./cache.ts";
import type { Group } from "./group.ts";
import type { Settings } from "./settings.ts";

/**
 * Holds groups by sequence. The latest one stays; the others go when they are older than the window (counted from when
 * a newer one came) or when the cache needs room. An aborted group goes at once.
 */
export class GroupStore {
	readonly #settings: Settings;
	readonly #entries: Map<number, StoredGroup> = new Map();
	/** Entries that are not the latest, oldest first. */
	readonly #superseded: Set<StoredGroup> = new Set();
	#latest: StoredGroup | undefined;
	#keepMs: number;
	#retired = false;
	#cancelTimer: (() => void) | undefined;

	/** `keepMs`: how long a group is kept once a newer one exists. */
	constructor(settings: Settings, keepMs: number) {
		this.#settings = settings;
		this.#keepMs = keepMs;
	}

	set keepMs(keepMs: number) {
		this.#keepMs = keepMs;
	}

	/** The group with the highest sequence. */
	get latest(): Group | undefined {
		return this.#latest?.group;
	}

	get size(): number {
		return this.#entries.size;
	}

	get(sequence: number): Group | undefined {
		return this.#entries.get(sequence)?.group;
	}

	/** Groups from `first` on, in ascending order. */
	from(first: number): Group[] {
		const found: Group[] = [];
		for (const [sequence, entry] of this.#entries) if (sequence >= first) found.push(entry.group);
		return found.sort((a, b) => a.sequence - b.sequence);
	}

	/** Hold a group; its sequence must not be held already. */
	add(group: Group): void {
		const entry = new StoredGroup(group, (gone) => this.#evict(gone));
		this.#entries.set(group.sequence, entry);
		// Charged before it is offered: an offer over the budget is taken at once.
		this.#charge(entry, group.byteLength);
		const latest = this.#latest;
		if (latest === undefined || latest.group.sequence < group.sequence) {
			this.#latest = entry;
			if (latest !== undefined) this.#supersede(latest);
		} else {
			this.#supersede(entry);
		}
		this.#prune();
	}

	/** The group takes `bytes` more than before. */
	grow(group: Group, bytes: number): void {
		const entry = this.#entries.get(group.sequence);
		if (entry?.group === group) this.#charge(entry, bytes);
	}

	/** Drop one group, if it is still held. */
	remove(group: Group): void {
		const entry = this.#entries.get(group.sequence);
		if (entry?.group === group) this.#evict(entry);
	}

	/** The track is gone: let even the latest group go after the window, so that running plays may end. */
	retire(): void {
		this.#retired = true;
		if (this.#latest !== undefined) this.#supersede(this.#latest);
		this.#latest = undefined;
		this.#prune();
	}

	#charge(entry: StoredGroup, bytes: number): void {
		entry.charged += bytes;
		this.#settings.cache.charge(bytes);
	}

	#supersede(entry: StoredGroup): void {
		entry.supersededMs = this.#settings.clock.nowMs();
		this.#superseded.add(entry);
		this.#settings.cache.offer(entry);
	}

	#evict(entry: StoredGroup): void {
		const { cache } = this.#settings;
		this.#entries.delete(entry.group.sequence);
		this.#superseded.delete(entry);
		cache.withdraw(entry);
		cache.release(entry.charged);
		entry.charged = 0;
		if (this.#latest === entry) this.#promote();
		entry.group.evict();
	}

	/** The latest went (aborted): the next lower one takes its place and is kept. */
	#promote(): void {
		let latest: StoredGroup | undefined;
		for (const entry of this.#superseded) {
			if (latest === undefined || entry.group.sequence > latest.group.sequence) latest = entry;
		}
		this.#latest = latest;
		if (latest === undefined || this.#retired) return;
		this.#superseded.delete(latest);
		this.#settings.cache.withdraw(latest);
	}

	/** Evict what is too old, and wake again when the next one is. */
	#prune(): void {
		const { clock } = this.#settings;
		const nowMs = clock.nowMs();
		for (const entry of this.#superseded) {
			const leftMs = entry.supersededMs + this.#keepMs - nowMs;
			if (leftMs <= 0) {
				this.#evict(entry);
				continue;
			}
			this.#cancelTimer ??= clock.after(leftMs, () => {
				this.#cancelTimer = undefined;
				this.#prune();
			});
			return;
		}
		this.#cancelTimer?.();
		this.#cancelTimer = undefined;
	}
}

class StoredGroup implements CacheEntry {
	readonly group: Group;
	readonly #onEvict: (entry: StoredGroup) => void;
	charged = 0;
	supersededMs = 0;

	constructor(group: Group, onEvict: (entry: StoredGroup) => void) {
		this.group = group;
		this.#onEvict = onEvict;
	}

	evict(): void {
		this.#onEvict(this);
	}
}
