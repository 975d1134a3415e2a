import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Code } from "../codes.ts";
import { HOPS_MAX } from "../limits.ts";
import { Malformed } from "../malformed.ts";
import { parsePath } from "../path.ts";
import { LITE_01, LITE_02, LITE_03, LITE_04, LITE_05, LITE_VERSIONS, type LiteVersion } from "../version.ts";
import { type Announce, decodeAnnounce, encodeAnnounce } from "./announce.ts";
import { type Codec, checkCodec, origins, paths } from "./codec-suite.test.ts";

const HANG = parsePath("bbb.hang");
const ALICE = parsePath("alice");

const VECTORS: ReadonlyMap<LiteVersion, Codec<Announce>["vectors"]> = new Map([
	[LITE_01, [["0a01086262622e68616e67", { status: "active", suffix: HANG, hops: [] }]]],
	[LITE_02, [["0a00086262622e68616e67", { status: "ended", suffix: HANG, hops: [] }]]],
	[LITE_03, [["0b01086262622e68616e6701", { status: "active", suffix: HANG, hops: [0] }]]],
	[
		LITE_04,
		[
			["0b0105616c6963650201412c", { status: "active", suffix: ALICE, hops: [1, 300] }],
			["080005616c69636500", { status: "ended", suffix: ALICE, hops: [] }],
			["1301086262622e68616e6701c00cc06a4aefe5f0", { status: "active", suffix: HANG, hops: [0xc_c06a_4aef_e5f0] }],
		],
	],
	[LITE_05, [["0b01086262622e68616e6700", { status: "active", suffix: HANG, hops: [] }]]],
]);

for (const version of LITE_VERSIONS) {
	test(`Announce in ${version.name}`, () => {
		checkCodec<Announce>({
			encode: (message) => encodeAnnounce(message, version),
			decode: (body) => decodeAnnounce(body, version),
			messages: fc.record({
				status: fc.constantFrom("active", "ended"),
				suffix: paths,
				hops: fc.array(origins, { maxLength: HOPS_MAX }),
			}),
			seen: (message) => ({ ...message, hops: seenHops(message, version) }),
			vectors: VECTORS.get(version) ?? [],
		});
	});
}

function seenHops(message: Announce, version: LiteVersion): Announce["hops"] {
	if (message.status === "ended" || version.hops === "none") return [];
	return version.hops === "count" ? message.hops.map(() => 0) : message.hops;
}

test("encodeAnnounce() sends a restart as a second active, where there are restarts", () => {
	const restart: Announce = { status: "restart", suffix: ALICE, hops: [] };
	assert.deepEqual(encodeAnnounce(restart, LITE_05), encodeAnnounce({ ...restart, status: "active" }, LITE_05));
	assert.throws(() => encodeAnnounce(restart, LITE_04), TypeError);
});

test("decodeAnnounce() takes status 2 only where there are restarts", () => {
	const body = Buffer.from("0205616c69636500", "hex");
	assert.equal(decodeAnnounce(body, LITE_05).status, "restart");
	assert.throws(() => decodeAnnounce(body, LITE_04), Malformed);
	assert.throws(() => decodeAnnounce(Buffer.from("0305616c69636500", "hex"), LITE_05), Malformed);
});

test("Announce holds at most HOPS_MAX hops", () => {
	const body = new Uint8Array([1, 0, HOPS_MAX + 1, ...new Uint8Array(HOPS_MAX + 1)]);
	const tooMany = (thrown: unknown) => thrown instanceof Malformed && thrown.code === Code.BoundsExceeded;
	assert.throws(() => decodeAnnounce(body, LITE_04), tooMany);
	assert.throws(() => decodeAnnounce(new Uint8Array([1, 0, HOPS_MAX + 1]), LITE_03), tooMany);
	const hops = Array.from({ length: HOPS_MAX + 1 }, () => 1);
	assert.throws(() => encodeAnnounce({ status: "active", suffix: ALICE, hops }, LITE_04), RangeError);
});
