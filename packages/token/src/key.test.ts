import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { ALGORITHMS } from "./algorithm.ts";
import { generateKey } from "./generate.ts";
import { formatKey, parseKey, parseKeys } from "./key.ts";
import { KEY_TEXT_BYTES_MAX, KEYS_MAX } from "./limits.ts";
import { KeyError } from "./token-error.ts";

const secretJwk = { kty: "oct", alg: "HS256", k: "A".repeat(43), kid: "k1" };
const refused = (value: unknown): string => {
	const text = typeof value === "string" ? value : JSON.stringify(value);
	try {
		parseKeys(text);
	} catch (error) {
		assert.ok(error instanceof KeyError, String(error));
		return error.message;
	}
	return assert.fail(`accepted ${text.slice(0, 80)}`);
};

test("formatKey() in both forms is what parseKey() reads, for every algorithm", async () => {
	for (const algorithm of ALGORITHMS) {
		const key = await generateKey({ algorithm });
		assert.match(key.id ?? "", /^[0-9a-f]{16}$/);
		for (const form of ["json", "base64url"] as const) {
			const read = parseKey(`\n${formatKey(key, form)}\n`);
			assert.deepEqual(read.export(), key.export());
			assert.deepEqual([read.algorithm, read.canSign, read.canVerify], [algorithm, true, true]);
		}
	}
});

test("parseKey() takes padded and plain base64, a missing kty, a missing key_ops and an implied algorithm", async () => {
	const { kty: _, ...bare } = secretJwk;
	assert.equal(parseKey(JSON.stringify(bare)).symmetric, true);
	assert.equal(parseKey(JSON.stringify(bare)).canSign, true);
	const padded = Buffer.from(JSON.stringify({ ...secretJwk, k: `${"+/".repeat(21)}+=` })).toString("base64");
	assert.equal(parseKey(padded).export()["k"], `${"-_".repeat(21)}-`);
	const { alg: __, ...noAlg } = (await generateKey({ algorithm: "ES384" })).export();
	assert.equal(parseKey(JSON.stringify(noAlg)).algorithm, "ES384");
});

test("parseKeys() reads a JWKS, parseKey() only one key", async () => {
	const other = (await generateKey({ algorithm: "EdDSA", id: "k2" })).toPublic().export();
	const jwks = JSON.stringify({ keys: [secretJwk, other] });
	assert.deepEqual(
		parseKeys(jwks).map((key) => key.id),
		["k1", "k2"],
	);
	assert.throws(() => parseKey(jwks), KeyError);
	assert.match(refused({ keys: [] }), /no key/);
	assert.match(refused({ keys: Array.from({ length: KEYS_MAX + 1 }, () => secretJwk) }), /more than/);
});

test("parseKeys() refuses weak, broken and mismatched keys, and never shows their material", async () => {
	const rsa = (await generateKey({ algorithm: "RS256" })).export();
	const ec = (await generateKey({ algorithm: "ES256" })).export();
	const cases: [unknown, RegExp][] = [
		[{ ...secretJwk, k: "A".repeat(42) }, /at least 32 bytes/],
		[{ ...secretJwk, k: undefined }, /"k" of the key is missing/],
		[{ ...secretJwk, k: "!!" }, /"k" of the key is not base64url/],
		[{ ...secretJwk, alg: "none" }, /"alg"/],
		[{ ...secretJwk, alg: "hs256" }, /"alg"/],
		[{ ...secretJwk, alg: undefined }, /"alg"/],
		[{ ...secretJwk, alg: "ES256" }, /needs "kty" EC/],
		[{ ...ec, alg: "ES384" }, /needs "crv" P-384/],
		[{ ...rsa, n: "AQAB" }, /at least 2048 bits/],
		[{ ...rsa, p: undefined }, /needs all of/],
		[{ ...secretJwk, kid: "../x" }, /"kid"/],
		[{ ...secretJwk, kid: "" }, /"kid"/],
		[{ ...secretJwk, kid: "x".repeat(129) }, /"kid"/],
		[{ ...secretJwk, kid: 5 }, /"kid"/],
		[{ ...secretJwk, key_ops: "sign" }, /"key_ops"/],
		[{ ...secretJwk, scope: { root: "a" } }, /scope grants nothing/],
		[{ ...secretJwk, scope: { root: 1, put: ["a"] } }, /scope/],
		[{ ...secretJwk, scope: { put: [1] } }, /scope/],
		[[], /neither JSON nor base64url/],
		["null", /neither JSON|not an object/],
		["", /neither JSON/],
		[`{"k":"secret-${"x".repeat(40)}`, /neither JSON/],
		["x".repeat(KEY_TEXT_BYTES_MAX + 1), /longer than/],
	];
	for (const [value, expected] of cases) {
		const message = refused(value);
		assert.match(message, expected);
		assert.doesNotMatch(message, /AAAA|secret-|!!/);
	}
});

test("Key shows nothing of itself when it is printed or serialised", async () => {
	for (const algorithm of ["HS256", "ES256"] as const) {
		const key = await generateKey({ algorithm });
		const secret = String(key.export()[algorithm === "HS256" ? "k" : "d"]);
		for (const shown of [JSON.stringify(key), inspect(key, { depth: 9, showHidden: true })]) {
			assert.ok(!shown.includes(secret), shown);
		}
	}
});

test("Key.toPublic() holds no secret and cannot sign; a symmetric key has no public half", async () => {
	for (const algorithm of ["RS256", "PS512", "ES256", "ES384", "EdDSA"] as const) {
		const half = (await generateKey({ algorithm, id: "k" })).toPublic();
		const fields = Object.keys(half.export());
		assert.deepEqual(
			fields.filter((name) => ["d", "p", "q", "dp", "dq", "qi", "k"].includes(name)),
			[],
		);
		assert.deepEqual([half.canSign, half.canVerify, half.hasPrivateHalf, half.id], [false, true, false, "k"]);
		assert.deepEqual(half.export()["key_ops"], ["verify"]);
		await assert.rejects(half.import("sign"), KeyError);
	}
	const shared = await generateKey({ algorithm: "HS512" });
	assert.throws(() => shared.toPublic(), KeyError);
});

test("Key.import() says that material is wrong without quoting it", async () => {
	const ec = (await generateKey({ algorithm: "ES256" })).export();
	const x = "B".repeat(43);
	await assert.rejects(parseKey(JSON.stringify({ ...ec, x })).import("verify"), (error) => {
		assert.ok(error instanceof KeyError && error.cause === undefined);
		return !error.message.includes(x) && /material/.test(error.message);
	});
});
