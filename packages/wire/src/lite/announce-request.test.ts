import { test } from "node:test";
import fc from "fast-check";
import { parsePath } from "../path.ts";
import { LITE_VERSIONS } from "../version.ts";
import { type AnnounceRequest, decodeAnnounceRequest, encodeAnnounceRequest } from "./announce-request.ts";
import { checkCodec, origins, paths } from "./codec-suite.test.ts";

for (const version of LITE_VERSIONS) {
	test(`AnnounceRequest in ${version.name}`, () => {
		const room = parsePath("room");
		checkCodec<AnnounceRequest>({
			encode: (message) => encodeAnnounceRequest(message, version),
			decode: (body) => decodeAnnounceRequest(body, version),
			messages: fc.record({ prefix: paths, excludeHop: origins }),
			seen: (message) => (version.excludeHop ? message : { ...message, excludeHop: 0 }),
			vectors: version.excludeHop
				? [
						["0704726f6f6d404d", { prefix: room, excludeHop: 77 }],
						["0900c007e86f516918e4", { prefix: parsePath(""), excludeHop: 0x7_e86f_5169_18e4 }],
					]
				: [["0504726f6f6d", { prefix: room, excludeHop: 0 }]],
		});
	});
}
