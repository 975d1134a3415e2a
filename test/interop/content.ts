/**
 * What interop publishers send: known to both sides from a seed alone, so that a viewer's hashes can be computed anew.
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { patternBytes, SeededRandom } from "@moq-relay/testkit";

/** The tracks of every interop broadcast. */
export const TRACKS: readonly string[] = ["catalog.json", "video", "audio"];

/** Groups of each track. */
export const GROUPS = 24;

/** The one group whose publisher gives it up before its last frame. */
export const ABORTED = { track: "video", group: 5 } as const;

/** The largest frame, in bytes. */
export const FRAME_BYTES_MAX: number = 2 * 1024 * 1024;

/** Names one group of one track of one broadcast. */
export interface GroupName {
	readonly seed: number;
	readonly track: string;
	/** Counted from 0 by the publisher; what number it gets on the wire is the client's affair. */
	readonly group: number;
}

/** The frames of a group: 1 to 30 of them, of 0 B to 2 MB; the first begins with the group's number. */
export function groupFrames(name: GroupName): Uint8Array[] {
	const random = new SeededRandom(name.seed).fork(`${name.track} ${name.group}`);
	const large = isLarge(name);
	const count = large ? 30 : 1 + random.below(30);
	return Array.from({ length: count }, (_, index) => {
		const frame = filled(random, frameBytes(random, name, index));
		if (index === 0) new DataView(frame.buffer).setUint32(0, name.group);
		return frame;
	});
}

/** The group's number as its first frame tells it. */
export function groupOf(first: Uint8Array): number {
	return new DataView(first.buffer, first.byteOffset, first.byteLength).getUint32(0);
}

/** Presentation time of a frame in ms, where the version carries one. */
export function frameMs(group: number, index: number): number {
	return group * 1000 + index;
}

/** Hashes frames, and where one ends and the next begins. */
export class FrameHash {
	readonly #hash: Hash = createHash("sha256");
	#frames = 0;
	#bytes = 0;

	add(frame: Uint8Array): void {
		const length = new Uint8Array(4);
		new DataView(length.buffer).setUint32(0, frame.byteLength);
		this.#hash.update(length).update(frame);
		this.#frames++;
		this.#bytes += frame.byteLength;
	}

	get frames(): number {
		return this.#frames;
	}

	get bytes(): number {
		return this.#bytes;
	}

	/** Lower-case hex of everything so far; further frames may follow. */
	digest(): string {
		return this.#hash.copy().digest("hex");
	}
}

/** What a viewer of the whole group reports. */
export interface GroupFacts {
	readonly frames: number;
	readonly sha256: string;
}

/** Number and hash of the group's frames; computed once for each group. */
export function groupFacts(name: GroupName): GroupFacts {
	const key = `${name.seed} ${name.track} ${name.group}`;
	const known = facts.get(key);
	if (known !== undefined) return known;
	const hash = new FrameHash();
	for (const frame of groupFrames(name)) hash.add(frame);
	const made = { frames: hash.frames, sha256: hash.digest() };
	facts.set(key, made);
	return made;
}

function frameBytes(random: SeededRandom, name: GroupName, index: number): number {
	if (index === 0) return 16 + random.below(500);
	if (isLarge(name) && index === 1) return FRAME_BYTES_MAX;
	return random.chance(0.05) ? random.pick([16_383, 16_384, 65_536, 200_000]) : random.pick(SMALL)(random);
}

/** Groups with a frame of the largest size. */
function isLarge(name: GroupName): boolean {
	return name.track === "video" && name.group % 8 === 3;
}

function filled(random: SeededRandom, length: number): Uint8Array<ArrayBuffer> {
	return patternBytes(random.below(2 ** 31), length);
}

const facts = new Map<string, GroupFacts>();

const SMALL: readonly ((random: SeededRandom) => number)[] = [
	() => 0,
	() => 1,
	(random) => random.below(200),
	(random) => random.below(6000),
];
