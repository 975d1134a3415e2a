/**
 * The media that crosses relays: made by ffmpeg, and read back by ffprobe packet by packet.
 * @module
 */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import type { Readable } from "node:stream";

/** What of a packet must survive. */
export interface Packet {
	readonly timeMs: number;
	readonly isKey: boolean;
	/** Of the payload, in hex. */
	readonly sha256: string;
	readonly bytes: number;
}

/** The packets of a file. */
export interface Packets {
	readonly video: readonly Packet[];
	readonly audio: readonly Packet[];
}

/** A fragmented MP4 with H.264 and AAC. */
export interface Clip extends Packets {
	readonly file: string;
}

/** What of a clip may be missing. */
export interface Allowance {
	/** At the beginning, in ms: whoever joins late begins with a later group. */
	readonly lateMs: number;
	/** At the end, in ms. */
	readonly lostMs: number;
}

/** Make a clip of 5 s; clips of different `tone` differ in every packet of sound and picture. */
export function makeClip(file: string, tone: number): Clip {
	const picture = `testsrc2=size=320x180:rate=30,hue=h=${tone}`;
	const sound = `sine=frequency=${tone}:sample_rate=48000`;
	const sources = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-t", String(CLIP_MS / 1000)];
	const video = [
		"-c:v",
		"libx264",
		"-preset",
		"ultrafast",
		"-pix_fmt",
		"yuv420p",
		"-bf",
		"0",
		"-g",
		String((GROUP_MS * 30) / 1000),
	];
	const audio = ["-c:a", "aac", "-b:a", "64k"];
	execFileSync("ffmpeg", ["-v", "error", "-y", ...sources, ...video, ...audio, ...FRAGMENTED, file]);
	return { file, ...packetsOf(file) };
}

/** The clip at the speed it plays, fragmented, as a live source would be. */
export function playClip(clip: Clip): Readable {
	const args = ["-v", "error", "-re", "-i", clip.file, "-c", "copy", ...FRAGMENTED, "-"];
	return spawn("ffmpeg", args, { stdio: ["ignore", "pipe", "ignore"] }).stdout;
}

/** One track of a clip, cut as CMAF wants it. */
export interface CutTrack {
	/** `ftyp` and `moov`. */
	readonly init: Uint8Array;
	/** `moof` and `mdat`; each begins with a key frame. */
	readonly fragments: readonly Uint8Array[];
}

/** Cut one track out of a clip. */
export function cutTrack(clip: Clip, kind: "video" | "audio"): CutTrack {
	const args = ["-v", "error", "-i", clip.file, "-map", `0:${kind[0]}`, "-c", "copy", ...FRAGMENTED];
	// Every packet of sound is a key frame, and would be a fragment of its own.
	const cut = kind === "audio" ? ["-movflags", "cmaf+empty_moov+default_base_moof", ...BY_TIME] : [];
	const file = execFileSync("ffmpeg", [...args, ...cut, "-"], { maxBuffer: BYTES_MAX });
	const parts: Uint8Array[] = [];
	let begin = 0;
	for (let at = 0; at < file.length; at += file.readUInt32BE(at)) {
		const type = file.toString("latin1", at + 4, at + 8);
		if (type !== "moof" && type !== "mfra") continue;
		parts.push(file.subarray(begin, at));
		begin = at;
		if (type === "mfra") return { init: parts[0] ?? file, fragments: parts.slice(1) };
	}
	return { init: parts[0] ?? file, fragments: [...parts.slice(1), file.subarray(begin)] };
}

/** The packets of a file, perhaps unfinished. @throws Error when it holds nothing that ffprobe can read. */
export function packetsOf(file: string): Packets {
	if (!existsSync(file)) throw new Error("there is no recording");
	const entries = "packet=codec_type,pts_time,flags,size,data_hash";
	const args = ["-v", "fatal", "-show_packets", "-show_data_hash", "sha256", "-show_entries", entries];
	const text = execFileSync("ffprobe", [...args, "-of", "json", "-"], {
		input: readFileSync(file),
		encoding: "utf8",
		maxBuffer: BYTES_MAX,
		stdio: ["pipe", "pipe", "ignore"],
	});
	const { packets = [] } = JSON.parse(text) as { packets?: readonly ProbedPacket[] };
	const of = (kind: string): Packet[] => packets.filter((packet) => packet.codec_type === kind).map(packetOf);
	return { video: of("video"), audio: of("audio") };
}

/** As `verifyPackets`, of one file. */
export function verifyRecording(file: string, clip: Clip, allowance: Allowance): string {
	return verifyPackets(packetsOf(file), clip, allowance);
}

/**
 * The recording holds the clip's packets, byte for byte, in order and at their times, from one of its first key frames on.
 * Returns how many there are. @throws AssertionError when one differs, or when more are missing than may be.
 */
export function verifyPackets({ video, audio }: Packets, clip: Clip, allowance: Allowance): string {
	return [
		verifyKind("video", { got: video, sent: clip.video, ...allowance }),
		verifyKind("audio", { got: audio, sent: clip.audio, ...allowance }),
	].join(", ");
}

interface Comparison extends Allowance {
	readonly got: readonly Packet[];
	readonly sent: readonly Packet[];
}

function verifyKind(kind: string, { got, sent, lateMs, lostMs }: Comparison): string {
	const [first] = got;
	assert.ok(first !== undefined, `no ${kind} packets`);
	const begin = sent.findIndex(({ sha256 }) => sha256 === first.sha256);
	const origin = sent[begin];
	assert.ok(origin !== undefined, `the first ${kind} packet is not of the clip`);
	assert.ok(origin.isKey, `the recording begins with ${kind} packet ${begin}, which is no key frame`);
	assert.ok(origin.timeMs <= lateMs, `${kind} begins ${origin.timeMs} ms late`);
	for (const [at, packet] of got.entries()) {
		const wanted = sent[begin + at];
		if (packet.sha256 !== wanted?.sha256) {
			const other = sent.findIndex(({ sha256 }) => sha256 === packet.sha256);
			assert.fail(
				`${kind} packet ${begin + at} of ${sent.length} is ${other < 0 ? "not of the clip" : `packet ${other}`}`,
			);
		}
		const shift = packet.timeMs - first.timeMs - ((wanted?.timeMs ?? 0) - origin.timeMs);
		assert.ok(Math.abs(shift) <= ROUNDING_MS, `${kind} packet ${begin + at} is ${shift} ms off its time`);
	}
	const next = sent[begin + got.length];
	const missingMs = next === undefined ? 0 : CLIP_MS - next.timeMs;
	assert.ok(
		missingMs <= lostMs,
		`${begin} + ${got.length} of ${sent.length} ${kind} packets, then ${missingMs} ms less`,
	);
	return `${kind} ${got.length}/${sent.length}`;
}

interface ProbedPacket {
	readonly codec_type: string;
	readonly pts_time: string;
	readonly flags: string;
	readonly size: string;
	readonly data_hash: string;
}

function packetOf(probed: ProbedPacket): Packet {
	return {
		timeMs: Number(probed.pts_time) * 1000,
		isKey: probed.flags.startsWith("K"),
		sha256: probed.data_hash.replace(/^SHA256:/, ""),
		bytes: Number(probed.size),
	};
}

/** Length of every clip, in ms. */
const CLIP_MS = 5000;

/** From key frame to key frame, in ms. */
export const GROUP_MS = 500;

/** Timescales differ between files, in ms. */
const ROUNDING_MS = 2;

const FRAGMENTED = ["-f", "mp4", "-movflags", "cmaf+frag_keyframe+empty_moov+default_base_moof"];
const BY_TIME = ["-frag_duration", String(GROUP_MS * 1000)];

/** What a program may say, in bytes. */
const BYTES_MAX = 64 * 1024 * 1024;
