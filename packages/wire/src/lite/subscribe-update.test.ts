import { test } from "node:test";
import fc from "fast-check";
import { LITE_VERSIONS } from "../version.ts";
import { bytes, checkCodec, optionals, varints } from "./codec-suite.test.ts";
import { priorityOnly } from "./delivery.ts";
import { decodeSubscribeUpdate, encodeSubscribeUpdate, type SubscribeUpdate } from "./subscribe-update.ts";

for (const version of LITE_VERSIONS) {
	test(`SubscribeUpdate in ${version.name}`, () => {
		checkCodec<SubscribeUpdate>({
			encode: (message) => encodeSubscribeUpdate(message, version),
			decode: (body) => decodeSubscribeUpdate(body, version),
			messages: fc.record({
				priority: bytes,
				ordered: fc.boolean(),
				latencyMs: varints,
				startGroup: optionals,
				endGroup: optionals,
			}),
			seen: (message) => (version.delivery ? message : priorityOnly(message.priority)),
			vectors: version.delivery
				? [
						["050300000000", { ...priorityOnly(3), latencyMs: 0 }],
						["06500041f40000", { ...priorityOnly(80), latencyMs: 500 }],
					]
				: [["0150", priorityOnly(80)]],
		});
	});
}
