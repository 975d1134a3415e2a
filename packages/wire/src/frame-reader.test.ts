import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Code } from "./codes.ts";
import { FRAME_LIMITS, type FrameLimits, FrameReader, type FrameSink } from "./frame-reader.ts";
import { FRAME_BYTES_MAX } from "./limits.ts";
import { encodeFrameHeader, type FrameEncoding } from "./lite/frame-header.ts";
import { Malformed } from "./malformed.ts";
import { encodeVarint } from "./varint.ts";

interface Frame {
	readonly timestamp: number | undefined;
	readonly payload: string;
}

/** Collects frames, and checks that events come in order. */
class Frames implements FrameSink {
	readonly whole: Frame[] = [];
	#size = 0;
	#timestamp: number | undefined;
	#payload: number[] | undefined;

	onFrame(size: number, timestamp: number | undefined): void {
		assert.equal(this.#payload, undefined, "a frame inside a frame");
		this.#payload = [];
		this.#size = size;
		this.#timestamp = timestamp;
	}

	onPayload(bytes: Uint8Array): void {
		assert.ok(bytes.length > 0, "an empty payload event");
		this.#payload?.push(...bytes);
	}

	onFrameEnd(): void {
		assert.equal(this.#payload?.length, this.#size);
		this.whole.push({ timestamp: this.#timestamp, payload: Buffer.from(this.#payload ?? []).toString("hex") });
		this.#payload = undefined;
	}
}

function encode(frames: readonly Frame[], encoding: FrameEncoding): Uint8Array {
	let last = 0;
	const parts = frames.map(({ timestamp = 0, payload }) => {
		const header = encodeFrameHeader({ size: payload.length / 2, timestampDelta: timestamp - last }, encoding);
		last = timestamp;
		return Buffer.concat([header, Buffer.from(payload, "hex")]);
	});
	return Buffer.concat(parts);
}

function reader(encoding: FrameEncoding, limits?: Partial<FrameLimits>): { frames: Frames; reader: FrameReader } {
	const frames = new Frames();
	return { frames, reader: new FrameReader(encoding, frames, { ...FRAME_LIMITS, ...limits }) };
}

function rejects(code: number): (thrown: unknown) => boolean {
	return (thrown) => thrown instanceof Malformed && thrown.code === code;
}

const groups = fc.array(
	fc.record({
		timestamp: fc.oneof(fc.nat(1000), fc.nat(), fc.maxSafeNat()),
		payload: fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes).toString("hex")),
	}),
	{ maxLength: 8 },
);

for (const encoding of ["lite-01", "lite-05"] as const) {
	test(`FrameReader yields the same however a ${encoding} group is cut`, () => {
		fc.assert(
			fc.property(groups, fc.array(fc.nat(400), { maxLength: 20 }), (group, cuts) => {
				const bytes = encode(group, encoding);
				const expected = group.map(({ timestamp, payload }) => ({
					timestamp: encoding === "lite-05" ? timestamp : undefined,
					payload,
				}));
				for (const ends of [cuts, [...bytes.keys()], []]) {
					const { frames, reader: subject } = reader(encoding);
					let from = 0;
					for (const to of [...ends.filter((end) => end < bytes.length).sort((a, b) => a - b), bytes.length]) {
						subject.push(bytes.subarray(from, to));
						from = to;
					}
					subject.finish();
					assert.deepEqual(frames.whole, expected);
					assert.equal(subject.frames, group.length);
				}
			}),
		);
	});

	test(`FrameReader.finish() throws wherever a ${encoding} group breaks off inside a frame`, () => {
		const group = [
			{ timestamp: 70_000, payload: "00".repeat(70) },
			{ timestamp: 3, payload: "" },
			{ timestamp: 9, payload: "0102" },
		];
		const ends = group.map((_, at) => encode(group.slice(0, at + 1), encoding).length);
		const bytes = encode(group, encoding);
		for (let end = 0; end <= bytes.length; end++) {
			const { reader: subject } = reader(encoding);
			subject.push(bytes.subarray(0, end));
			const whole = end === 0 || ends.includes(end);
			assert.equal(subject.idle, whole);
			if (whole) subject.finish();
			else assert.throws(() => subject.finish(), Malformed, `cut at ${end}`);
		}
	});
}

test("FrameReader reads the captured groups", () => {
	const timed = reader("lite-05");
	timed.reader.push(Buffer.from("47d00568656c6c6f4fa006776f726c6421", "hex"));
	assert.deepEqual(timed.frames.whole, [
		{ timestamp: 1000, payload: Buffer.from("hello").toString("hex") },
		{ timestamp: 3000, payload: Buffer.from("world!").toString("hex") },
	]);
	const plain = reader("lite-01");
	plain.reader.push(Buffer.from("0568656c6c6f06776f726c6421", "hex"));
	assert.deepEqual(
		plain.frames.whole.map((frame) => frame.timestamp),
		[undefined, undefined],
	);
});

test("FrameReader does not copy payload", () => {
	const seen: Uint8Array[] = [];
	const subject = new FrameReader("lite-01", {
		onFrame: () => {},
		onPayload: (bytes) => seen.push(bytes),
		onFrameEnd: () => {},
	});
	const first = new Uint8Array([3, 1]);
	const second = new Uint8Array([2, 3]);
	subject.push(first);
	subject.push(second);
	assert.equal(seen[0]?.buffer, first.buffer);
	assert.equal(seen[1], second);
});

test("FrameReader holds its limits as soon as a header breaks them", () => {
	const large = reader("lite-01");
	large.reader.push(encodeVarint(FRAME_BYTES_MAX));
	assert.throws(() => reader("lite-01").reader.push(encodeVarint(FRAME_BYTES_MAX + 1)), rejects(Code.FrameTooLarge));
	const group = reader("lite-01", { groupBytes: 5 });
	group.reader.push(new Uint8Array([5, 0, 0, 0, 0, 0, 0]));
	assert.throws(() => group.reader.push(new Uint8Array([1])), rejects(Code.BoundsExceeded));
	const many = reader("lite-05", { frames: 2 });
	many.reader.push(new Uint8Array([0, 0, 0, 0]));
	assert.throws(() => many.reader.push(new Uint8Array([0, 0])), rejects(Code.BoundsExceeded));
});

test("FrameReader rejects sizes near 2^62", () => {
	for (const size of [2n ** 62n - 1n, 2n ** 53n, 2 ** 53 - 1]) {
		assert.throws(() => reader("lite-01").reader.push(encodeVarint(size)), Malformed);
		assert.throws(() => reader("lite-05").reader.push(new Uint8Array([0, ...encodeVarint(size)])), Malformed);
	}
});

test("FrameReader takes timestamps up to 2^61 and none below 0", () => {
	const far = reader("lite-05");
	far.reader.push(new Uint8Array([...encodeVarint(2n ** 61n), 0, 1, 0]));
	assert.deepEqual(
		far.frames.whole.map((frame) => frame.timestamp),
		[2 ** 60, 2 ** 60],
	);
	const below = reader("lite-05");
	below.reader.push(new Uint8Array([4, 0]));
	assert.throws(() => below.reader.push(new Uint8Array([5, 0])), Malformed);
});

test("FrameReader throws nothing but Malformed", () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom("lite-01", "lite-05"), (bytes, encoding) => {
			const { reader: subject } = reader(encoding);
			try {
				subject.push(bytes);
				subject.finish();
			} catch (thrown) {
				assert.ok(thrown instanceof Malformed, String(thrown));
			}
		}),
	);
});
