/**
 * The null arm: the engine playing tapes to every connection, with no relay above it. What `ours` costs beyond it is our logic.
 * Arguments: port, frames per second, bytes per frame, frames per group.
 * @module
 */
import { type Lane, Tape } from "@moq-relay/core";
import { Engine } from "@moq-relay/engine";
import { makeThrowAway } from "@moq-relay/relay";
import { encodeFrameHeader, encodeVarint } from "@moq-relay/wire";
import { Content } from "./content.ts";

const [port = 0, fps = 60, frameBytes = 4000, groupFrames = 60] = process.argv.slice(2).map(Number);
const engine = Engine.load();
if ("missing" in engine) throw new Error(engine.missing);
const content = new Content(frameBytes);
const lanes = new Set<Lane>();
const policy = { priority: 60, order: "newest", latencyMs: 5000, budgetBytes: 8 << 20 } as const;
let tape: Tape | undefined;
let group = 0;

const identity = await makeThrowAway(["localhost"], Date.now());
await engine.listen(
	{ host: "127.0.0.1", port, certificates: [identity], protocols: ["moq-lite-05"] },
	{
		onIncoming(incoming) {
			const protocol = incoming.info.transport === "quic" ? incoming.info.alpn : (incoming.info.protocols[0] ?? "");
			const connection = incoming.accept(protocol);
			const lane = connection.lane(policy, { onDropped: () => {} });
			connection.accept({
				onBidi: () => {},
				onUni: (stream) => stream.accept({ onData: (chunk) => stream.consumed(chunk.byteLength), onReset: () => {} }),
				onDatagram: () => {},
				onEnd: () => lanes.delete(lane),
			});
			lanes.add(lane);
			if (tape !== undefined) lane.play(tape, encodeVarint(group), group);
		},
	},
);

const startMs = performance.timeOrigin + performance.now();
let number = 0;

function publish(): void {
	const nowMs = performance.timeOrigin + performance.now();
	for (; startMs + (number * 1000) / fps <= nowMs; number++) {
		const place = number % groupFrames;
		if (place === 0) begin();
		const scheduledMs = startMs + (number * 1000) / fps;
		const header = { size: frameBytes, timestampDelta: place === 0 ? 1_000_000 : Math.round(1e6 / fps) };
		const head = encodeFrameHeader(header, "lite-05");
		const frame = new Uint8Array(head.byteLength + frameBytes);
		frame.set(head);
		content.write(frame.subarray(head.byteLength), { group, place }, scheduledMs);
		tape?.append(frame);
		if (place === groupFrames - 1) tape?.finish();
	}
	const dueMs = startMs + (number * 1000) / fps;
	// a timer that is cut to whole milliseconds would wake this process twice a frame
	setTimeout(publish, Math.max(1, Math.ceil(dueMs - performance.timeOrigin - performance.now())));
}

const kept: Tape[] = [];

function begin(): void {
	group += 1;
	tape = new Tape("lite-05");
	kept.push(tape);
	if (kept.length > 6) kept.shift()?.evict();
	const header = encodeVarint(group);
	for (const lane of lanes) lane.play(tape, header, group);
}

publish();
