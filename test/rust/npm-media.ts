/**
 * A clip through npm `@moq/net`: recorded from whatever a Rust publisher says, and published as CMAF.
 * @module
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { announced, connectPeer, type PeerConnection, type PeerSubscription } from "../interop/peer-client.ts";
import { pinSubprotocol } from "../interop/pinned-web-socket.ts";
import { type Clip, cutTrack, type Packets, packetsOf } from "./clip.ts";
import { pause } from "./eventually.ts";

/** Connect `@moq/net` 0.3.4 with one subprotocol; "" leaves its own offer. */
export async function connectNpm(url: URL, pin: string): Promise<PeerConnection> {
	pinSubprotocol(pin);
	return connectPeer("@moq/net", url);
}

/** Records one broadcast of CMAF tracks. */
export class NpmRecorder {
	readonly #connection: PeerConnection;
	readonly #broadcast: string;
	readonly #tracks = new Map<"video" | "audio", NpmTrack>();
	/** Why it stopped, if it did. */
	failure: unknown;

	constructor(connection: PeerConnection, broadcast: string) {
		this.#connection = connection;
		this.#broadcast = broadcast;
		this.#record().catch((error: unknown) => {
			this.failure = error;
		});
	}

	/** What came so far; `file` makes paths for what ffprobe reads. @throws AssertionError before both tracks are there */
	packets(file: () => string): Packets {
		if (this.failure !== undefined) throw new Error("the npm viewer stopped", { cause: this.failure });
		const of = (kind: "video" | "audio"): Packets => {
			const track = this.#tracks.get(kind);
			assert.ok(track !== undefined, `the catalog has no ${kind}`);
			const path = file();
			writeFileSync(path, track.bytes());
			return packetsOf(path);
		};
		return { video: of("video").video, audio: of("audio").audio };
	}

	async #record(): Promise<void> {
		await announced(this.#connection, this.#broadcast);
		const { video, audio } = await this.#catalog();
		for (const [kind, media] of [
			["video", video],
			["audio", audio],
		] as const) {
			const [name, rendition] = Object.entries(media?.renditions ?? {})[0] ?? [];
			assert.ok(name !== undefined && rendition?.container.kind === "cmaf", `no ${kind} in CMAF`);
			const init = Buffer.from(rendition.container.init, "base64");
			this.#tracks.set(kind, new NpmTrack(init, this.#connection.subscribe(this.#broadcast, name)));
		}
	}

	/** The first catalog; those after it only add what has been measured. */
	async #catalog(): Promise<Catalog> {
		const group = await this.#connection.subscribe(this.#broadcast, "catalog.json").next();
		const frame = await group?.next();
		assert.ok(frame !== undefined, "the catalog is empty");
		return JSON.parse(new TextDecoder().decode(frame.payload)) as Catalog;
	}
}

/** What came of one track. */
class NpmTrack {
	readonly #init: Uint8Array;
	readonly #groups = new Map<number, Uint8Array[]>();

	constructor(init: Uint8Array, subscription: PeerSubscription) {
		this.#init = init;
		// What is missing at the end is told by what is there.
		this.#read(subscription).catch(() => {});
	}

	/** A file of all whole frames, groups in order. */
	bytes(): Uint8Array {
		const groups = [...this.#groups.entries()].sort(([a], [b]) => a - b);
		return Buffer.concat([this.#init, ...groups.flatMap(([, frames]) => frames)]);
	}

	async #read(subscription: PeerSubscription): Promise<void> {
		for (let group = await subscription.next(); group !== undefined; group = await subscription.next()) {
			const frames: Uint8Array[] = [];
			this.#groups.set(group.sequence, frames);
			// A group may stay open while the next one comes.
			void (async (): Promise<void> => {
				for (let frame = await group.next(); frame !== undefined; frame = await group.next())
					frames.push(frame.payload);
			})().catch(() => {});
		}
	}
}

/** Publish the clip at the speed it plays, a fragment a group; resolves when the last one is out. */
export async function publishNpm(connection: PeerConnection, broadcast: string, clip: Clip): Promise<void> {
	const tracks = { video0: cutTrack(clip, "video"), audio0: cutTrack(clip, "audio") };
	const published = connection.publish(broadcast, ["catalog.json", ...Object.keys(tracks)]);
	const catalog = published.group("catalog.json");
	const text = JSON.stringify(catalogOf(tracks.video0.init, tracks.audio0.init));
	catalog.write({ payload: new TextEncoder().encode(text), timeMs: 0 });
	catalog.close();
	await published.demand();
	const count = Math.max(...Object.values(tracks).map(({ fragments }) => fragments.length));
	for (let index = 0; index < count; index++) {
		for (const [name, { fragments }] of Object.entries(tracks)) {
			const payload = fragments[index];
			if (payload === undefined) continue;
			const group = published.group(name);
			group.write({ payload, timeMs: index * PACE_MS });
			group.close();
		}
		await pause(PACE_MS);
	}
}

function catalogOf(video: Uint8Array, audio: Uint8Array): Catalog {
	const container = (init: Uint8Array): Container => ({ kind: "cmaf", init: Buffer.from(init).toString("base64") });
	const picture = { codedWidth: 320, codedHeight: 180, description: boxOf("avcC", video).toString("hex") };
	const sound = { sampleRate: 48_000, numberOfChannels: 1, description: AAC_LC_48_MONO };
	return {
		video: { renditions: { video0: { codec: "avc1.42c00d", container: container(video), ...picture } } },
		audio: { renditions: { audio0: { codec: "mp4a.40.2", container: container(audio), ...sound } } },
	};
}

/** What is in the first box of this type, however deep. */
function boxOf(type: string, bytes: Uint8Array): Buffer {
	const buffer = Buffer.from(bytes);
	const at = buffer.indexOf(type, 0, "latin1");
	assert.ok(at >= 4, `no ${type}`);
	return buffer.subarray(at + 4, at - 4 + buffer.readUInt32BE(at - 4));
}

interface Container {
	readonly kind: string;
	readonly init: string;
}

interface Rendition {
	readonly codec: string;
	readonly container: Container;
	readonly [property: string]: unknown;
}

interface Catalog {
	readonly video?: { readonly renditions: Readonly<Record<string, Rendition>> };
	readonly audio?: { readonly renditions: Readonly<Record<string, Rendition>> };
}

/** From fragment to fragment, in ms; the clip's own pace. */
const PACE_MS = 500;

/** AudioSpecificConfig: object type 2, frequency index 3, one channel. */
const AAC_LC_48_MONO = "1188";
