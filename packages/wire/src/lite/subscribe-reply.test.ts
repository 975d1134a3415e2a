import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Malformed } from "../malformed.ts";
import { MessageReader } from "../message-reader.ts";
import { LITE_01, LITE_02, LITE_03, LITE_04, LITE_05, type LiteVersion } from "../version.ts";
import { bytes, type Codec, checkCodec, optionals, varints } from "./codec-suite.test.ts";
import { priorityOnly } from "./delivery.ts";
import type { SubscribeDrop } from "./subscribe-drop.ts";
import type { SubscribeOk } from "./subscribe-ok.ts";
import { decodeSubscribeReply, encodeSubscribeReply, hasReplyType, type SubscribeReply } from "./subscribe-reply.ts";

const ok: SubscribeOk = { reply: "ok", ...priorityOnly(1), ordered: true, latencyMs: 50, startGroup: 4 };
const drop: SubscribeDrop = { reply: "drop", start: 1, end: 300, code: 26 };

/** The type travels before the body, so the codec is checked one type at a time. */
function check<T extends SubscribeReply>(
	version: LiteVersion,
	type: number,
	part: Pick<Codec<SubscribeReply>, "messages" | "vectors"> & { readonly seen?: (message: T) => SubscribeReply },
): void {
	const { seen, ...codec } = part;
	checkCodec<SubscribeReply>({
		...codec,
		...(seen !== undefined && { seen: (message) => seen(message as T) }),
		encode: (message) => encodeSubscribeReply(message, version),
		decode: (body) => decodeSubscribeReply(type, body, version),
		bodyOf: (encoded) => {
			const reader = new MessageReader();
			reader.push(encoded);
			const message = hasReplyType(version) ? reader.typed() : { type: 0, body: reader.message() };
			assert.equal(message?.type, type);
			assert.ok(message.body !== undefined);
			reader.finish();
			return message.body;
		},
	});
}

const oks: fc.Arbitrary<SubscribeOk> = fc.record({
	reply: fc.constant("ok"),
	priority: bytes,
	ordered: fc.boolean(),
	latencyMs: varints,
	startGroup: optionals,
	endGroup: optionals,
});
const drops: fc.Arbitrary<SubscribeDrop> = fc
	.tuple(varints, varints, varints)
	.map(([a, b, code]) => ({ reply: "drop", start: Math.min(a, b), end: Math.max(a, b), code }));

test("SubscribeOk in moq-lite-01 carries the priority", () => {
	check<SubscribeOk>(LITE_01, 0, {
		messages: oks,
		vectors: [["0164", { reply: "ok", ...priorityOnly(100) }]],
		seen: (message) => ({ reply: "ok", ...priorityOnly(message.priority) }),
	});
});

test("SubscribeOk in moq-lite-02 is empty", () => {
	check<SubscribeOk>(LITE_02, 0, {
		messages: oks,
		vectors: [["00", { reply: "ok", ...priorityOnly(0) }]],
		seen: () => ({ reply: "ok", ...priorityOnly(0) }),
	});
});

for (const version of [LITE_03, LITE_04]) {
	test(`SubscribeOk and SubscribeDrop in ${version.name}`, () => {
		check(version, 0, {
			messages: oks,
			vectors: [
				["00050101320500", ok],
				["00056400000000", { reply: "ok", ...priorityOnly(100), latencyMs: 0 }],
			],
		});
		check(version, 1, { messages: drops, vectors: [["010401412c1a", drop]] });
	});
}

test("SubscribeStart, SubscribeEnd and SubscribeDrop in moq-lite-05", () => {
	const groups = (reply: "start" | "end") => fc.record({ reply: fc.constant(reply), group: varints });
	check(LITE_05, 0, { messages: groups("start"), vectors: [["000101", { reply: "start", group: 1 }]] });
	check(LITE_05, 1, { messages: groups("end"), vectors: [["010100", { reply: "end", group: 0 }]] });
	check(LITE_05, 2, { messages: drops, vectors: [["020401412c1a", drop]] });
});

test("encodeSubscribeReply() refuses what the version lacks", () => {
	assert.throws(() => encodeSubscribeReply(ok, LITE_05), TypeError);
	assert.throws(() => encodeSubscribeReply(drop, LITE_02), TypeError);
	assert.throws(() => encodeSubscribeReply({ reply: "start", group: 1 }, LITE_04), TypeError);
});

test("decodeSubscribeReply() rejects unknown types and a drop that runs backwards", () => {
	for (const [type, version] of [
		[1, LITE_02],
		[2, LITE_04],
		[3, LITE_05],
		[2 ** 40, LITE_05],
	] as const) {
		assert.throws(() => decodeSubscribeReply(type, new Uint8Array([0]), version), Malformed);
	}
	assert.throws(() => decodeSubscribeReply(2, new Uint8Array([5, 4, 0]), LITE_05), Malformed);
});
