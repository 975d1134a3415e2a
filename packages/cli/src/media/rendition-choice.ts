/**
 * Which renditions of a broadcast to take.
 * @module
 */
import type { AudioRendition, Catalog, VideoRendition } from "./catalog.ts";
import { MediaError } from "./media-error.ts";

/** One rendition by its track. */
export interface Chosen<Rendition> {
	readonly track: string;
	readonly rendition: Rendition;
}

/** What is taken; at least one of the two. */
export interface Choice {
	readonly video?: Chosen<VideoRendition>;
	readonly audio?: Chosen<AudioRendition>;
}

/** What the user asks for by name; undefined leaves the choice to us, "none" takes nothing of the kind. */
export interface Wish {
	readonly video: string | undefined;
	readonly audio: string | undefined;
}

/**
 * The renditions that were asked for, else the largest: by bitrate where all name one, else by picture size. Undefined when
 * the catalog has nothing (yet) that is wanted. @throws MediaError when it has media, but not those asked for.
 */
export function chooseRenditions(catalog: Catalog, wish: Wish): Choice | undefined {
	const video = choose(catalog.video?.renditions, { kind: "video", wish: wish.video, sizeOf: videoSize });
	const audio = choose(catalog.audio?.renditions, { kind: "audio", wish: wish.audio, sizeOf: audioSize });
	if (video === undefined && audio === undefined) return undefined;
	return { ...(video && { video }), ...(audio && { audio }) };
}

interface Preference<Rendition> {
	readonly kind: string;
	readonly wish: string | undefined;
	readonly sizeOf: (rendition: Rendition) => number;
}

function choose<Rendition extends VideoRendition | AudioRendition>(
	renditions: Readonly<Record<string, Rendition>> | undefined,
	{ kind, wish, sizeOf }: Preference<Rendition>,
): Chosen<Rendition> | undefined {
	if (wish === "none" || renditions === undefined) return undefined;
	const all = Object.entries(renditions).map(([track, rendition]) => ({ track, rendition }));
	if (wish !== undefined) {
		const named = all.find(({ track }) => track === wish);
		if (named !== undefined) return named;
		const names = all.map(({ track }) => JSON.stringify(track)).join(", ");
		throw new MediaError(`the broadcast has no ${kind} ${JSON.stringify(wish)}, only ${names}`);
	}
	const isRated = all.every(({ rendition }) => rendition.bitrate !== undefined);
	const rank = (chosen: Chosen<Rendition>): number =>
		isRated ? (chosen.rendition.bitrate ?? 0) : sizeOf(chosen.rendition);
	return all.reduce<Chosen<Rendition> | undefined>(
		(best, next) => (best === undefined || rank(next) > rank(best) ? next : best),
		undefined,
	);
}

function videoSize({ codedWidth = 0, codedHeight = 0 }: VideoRendition): number {
	return codedWidth * codedHeight;
}

function audioSize({ sampleRate, numberOfChannels }: AudioRendition): number {
	return sampleRate * numberOfChannels;
}
