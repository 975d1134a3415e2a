import assert from "node:assert/strict";
import { createHmac, createPrivateKey, createPublicKey, sign as cryptoSign, type JsonWebKey } from "node:crypto";
import { test } from "node:test";
import { ALGORITHMS } from "./algorithm.ts";
import { generateKey } from "./generate.ts";
import { formatKey, Key, parseKey } from "./key.ts";
import { TOKEN_BYTES_MAX } from "./limits.ts";
import type { RejectReason } from "./reject-reason.ts";
import { signToken } from "./sign.ts";
import { KeyError, TokenError } from "./token-error.ts";
import { type KeyFinder, type VerifyOptions, verifyToken } from "./verify.ts";

const NOW_S = 1_800_000_000;
const NOW: VerifyOptions = { nowMs: NOW_S * 1000 };
const base64url = (value: unknown): string =>
	Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const EVERYTHING = { root: "", put: [""], get: [""] };

const shared = await generateKey({ algorithm: "HS256", id: "shared" });
const curve = await generateKey({ algorithm: "ES256", id: "curve" });
const curveJwk = curve.export() as JsonWebKey;
const rsa = await generateKey({ algorithm: "RS256", id: "rsa" });

/** A token of any header and payload with a genuine HS256 signature of `secret`. */
function forge(header: unknown, payload: unknown, secret: string | Buffer = String(shared.export()["k"])): string {
	const signed = `${base64url(header)}.${base64url(payload)}`;
	const key = typeof secret === "string" ? Buffer.from(secret, "base64url") : secret;
	return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
}

async function assertRefused(
	token: string,
	reason: RejectReason,
	options: { key?: Key | KeyFinder; at?: VerifyOptions } = {},
): Promise<void> {
	await assert.rejects(verifyToken(token, options.key ?? shared, options.at ?? NOW), (error) => {
		assert.ok(error instanceof TokenError, String(error));
		assert.equal(error.reason, reason, `${error.message}: ${token.slice(0, 120)}`);
		assert.ok(token.length < 24 || !error.message.includes(token.slice(0, 24)));
		return true;
	});
}

test("verifyToken() believes what signToken() made, with every algorithm, and no other key", async () => {
	for (const algorithm of ALGORITHMS) {
		const key = await generateKey({ algorithm });
		const token = await signToken(key, { root: "demo", publish: ["a"], expires: NOW_S + 1 });
		const half = key.symmetric ? key : key.toPublic();
		const { claims, key: used } = await verifyToken(token, half, NOW);
		assert.deepEqual([claims.root, claims.publish, claims.subscribe, claims.expires], ["demo", ["a"], [], NOW_S + 1]);
		assert.equal(used, half);
		await assertRefused(token, "signature", { key: await generateKey({ algorithm }) });
		const changed = token.replace(/\.[^.]+\./, `.${base64url(EVERYTHING)}.`);
		await assertRefused(changed, "signature", { key: half });
	}
});

test("verifyToken() refuses an unsigned token for its algorithm, however none is written", async () => {
	for (const alg of ["none", "None", "NONE", "nOnE", ""]) {
		await assertRefused(`${base64url({ alg })}.${base64url(EVERYTHING)}.`, "alg");
		await assertRefused(forge({ alg }, EVERYTHING), "alg");
	}
	await assertRefused(forge({ typ: "JWT" }, EVERYTHING), "malformed");
	await assertRefused(forge({ alg: ["HS256"] }, EVERYTHING), "malformed");
});

test("verifyToken() refuses HS256 signed with the bytes of a public key", async () => {
	for (const key of [curve, rsa]) {
		const half = key.toPublic();
		const node = createPublicKey({ key: half.export() as JsonWebKey, format: "jwk" });
		const secrets = [
			node.export({ type: "spki", format: "pem" }),
			node.export({ type: "spki", format: "der" }),
			formatKey(half, "json"),
			formatKey(half, "base64url"),
		];
		for (const secret of secrets) {
			await assertRefused(forge({ alg: "HS256" }, EVERYTHING, Buffer.from(secret)), "alg", { key: half });
		}
	}
});

test("verifyToken() refuses another algorithm of the same key", async () => {
	const asPss = parseKey(JSON.stringify({ ...rsa.export(), alg: "PS256" }));
	await assertRefused(await signToken(asPss, { publish: [""] }), "alg", { key: rsa.toPublic() });
	const longer = parseKey(JSON.stringify({ ...rsa.export(), alg: "RS512" }));
	await assertRefused(await signToken(longer, { publish: [""] }), "alg", { key: rsa.toPublic() });
	// The same claim in the header, so that only the signature tells.
	const lying = (await signToken(asPss, { publish: [""] })).replace(/^[^.]+/, base64url({ alg: "RS256" }));
	await assertRefused(lying, "signature", { key: rsa.toPublic() });
});

test("verifyToken() refuses ES256 signatures of zeros and of a wrong length or form", async () => {
	const token = await signToken(curve, { publish: [""] });
	const signed = token.slice(0, token.lastIndexOf("."));
	const genuine = Buffer.from(token.slice(signed.length + 1), "base64url");
	const der = cryptoSign("sha256", Buffer.from(signed), createPrivateKey({ key: curveJwk, format: "jwk" }));
	const wrong = [
		Buffer.alloc(64),
		Buffer.alloc(0),
		genuine.subarray(0, 63),
		Buffer.concat([genuine, Buffer.alloc(1)]),
		Buffer.concat([Buffer.alloc(32), genuine.subarray(32)]),
		Buffer.alloc(64, 0xff),
		der,
	];
	for (const signature of wrong) {
		await assertRefused(`${signed}.${signature.toString("base64url")}`, "signature", { key: curve.toPublic() });
	}
});

test("verifyToken() gives a signature's mirror image no other meaning than the signature", async () => {
	const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
	const token = await signToken(curve, { root: "demo", publish: ["a"] });
	const at = token.lastIndexOf(".") + 1;
	const signature = Buffer.from(token.slice(at), "base64url");
	const s = BigInt(`0x${signature.subarray(32).toString("hex")}`);
	const mirrored = Buffer.from((order - s).toString(16).padStart(64, "0"), "hex");
	const other = `${token.slice(0, at)}${Buffer.concat([signature.subarray(0, 32), mirrored]).toString("base64url")}`;
	const [one, two] = await Promise.all([token, other].map((text) => verifyToken(text, curve.toPublic(), NOW)));
	assert.deepEqual(one?.claims, two?.claims);
});

test("verifyToken() asks for no key when the key id is not one, and refuses unknown ones", async () => {
	const asked: unknown[] = [];
	const key: KeyFinder = (id) => {
		asked.push(id);
		return id === "shared" ? shared : undefined;
	};
	const ids = [
		"../../etc/passwd",
		"..%2f",
		"/etc/passwd",
		"a\u0000",
		"x".repeat(10_240),
		"",
		["shared"],
		null,
		7,
		"a.b",
	];
	const urls = ["https://evil.example/k", "caf\u00e9", " shared", "shared\n"];
	for (const kid of [...ids, ...urls])
		await assertRefused(forge({ alg: "HS256", kid }, EVERYTHING), "malformed", { key });
	assert.deepEqual(asked, []);
	for (const kid of ["__proto__", "constructor", "toString", "x".repeat(128)]) {
		await assertRefused(forge(JSON.parse(`{"alg":"HS256","kid":"${kid}"}`), EVERYTHING), "unknown_key", { key });
	}
	await assertRefused(forge({ alg: "HS256" }, EVERYTHING), "unknown_key", { key });
	await verifyToken(forge({ alg: "HS256", kid: "shared" }, EVERYTHING), key, NOW);
	assert.deepEqual(asked.at(-1), "shared");
});

test("verifyToken() passes on what its key finder throws", async () => {
	const key: KeyFinder = () => {
		throw new TokenError("backend", "the key server answered 500");
	};
	await assertRefused(forge({ alg: "HS256" }, EVERYTHING), "backend", { key });
});

test("verifyToken() refuses keys, places of keys and extensions inside the token", async () => {
	const attacks = [
		{ jwk: shared.export() },
		{ jku: "https://evil.example/keys" },
		{ x5u: "https://evil.example/cert" },
		{ x5c: ["AAAA"] },
		{ crit: ["b64"], b64: false },
		{ b64: false },
		{ crit: [] },
		{ zip: "DEF" },
	];
	for (const attack of attacks) await assertRefused(forge({ alg: "HS256", ...attack }, EVERYTHING), "malformed");
});

test("verifyToken() refuses what is not three base64url parts", async () => {
	const token = forge({ alg: "HS256" }, EVERYTHING);
	const [header = "", payload = "", signature = ""] = token.split(".");
	const texts = [
		"",
		".",
		"..",
		"...",
		header,
		`${header}.${payload}`,
		`${token}.`,
		`${header}.e30.e30.e30.${signature}`,
		`\ufeff${token}`,
		` ${token}`,
		`${token}\n`,
		token.replace(".", ". "),
		`${token}=`,
		`Bearer ${token}`,
		`${base64url("[]")}.${payload}.${signature}`,
		`${base64url('{"alg":"none","alg":"HS256"}')}.${payload}.${signature}`,
		`${base64url('\ufeff{"alg":"HS256"}')}.${payload}.${signature}`,
	];
	for (const text of texts) await assertRefused(text, "malformed");
});

test("verifyToken() refuses every truncation, and every changed character", async () => {
	const token = forge({ alg: "HS256" }, { root: "demo", put: ["a"] });
	for (let end = 0; end < token.length; end++) {
		await assert.rejects(verifyToken(token.slice(0, end), shared, NOW), TokenError);
	}
	const signatureAt = token.lastIndexOf(".") + 1;
	// The last character holds two bits that mean nothing.
	for (let index = 0; index < token.length - 1; index++) {
		const replacement = token[index] === "A" ? "B" : "A";
		const changed = token.slice(0, index) + replacement + token.slice(index + 1);
		await assert.rejects(verifyToken(changed, shared, NOW), TokenError, `${index} of ${signatureAt}`);
	}
});

test("verifyToken() decodes nothing of a token that is too long", async () => {
	await assertRefused(forge({ alg: "HS256" }, { ...EVERYTHING, pad: "x".repeat(1024 * 1024) }), "malformed");
	await assertRefused("A".repeat(TOKEN_BYTES_MAX + 1), "malformed");
});

test("verifyToken() refuses payloads that two readers could read differently", async () => {
	for (const payload of [
		'{"put":"a","put":"b"}',
		'{"put":"a","exp":9999999999,"exp":1}',
		"[]",
		"null",
		'"x"',
		"{",
		"\ufeff{}",
	]) {
		await assertRefused(forge({ alg: "HS256" }, payload), "malformed");
	}
	await assertRefused(forge({ alg: "HS256" }, { root: "a" }), "scope");
	await assertRefused(forge({ alg: "HS256" }, { put: [], get: [] }), "scope");
});

test("verifyToken() holds a token to its time, to the millisecond", async () => {
	const times = (claims: object): string => forge({ alg: "HS256" }, { put: "", ...claims });
	await assertRefused(times({ exp: NOW_S }), "expired");
	await assertRefused(times({ exp: NOW_S - 1 }), "expired");
	await assertRefused(times({ exp: -1 }), "expired");
	await assertRefused(times({ exp: "soon" }), "malformed");
	await assertRefused(forge({ alg: "HS256" }, '{"put":"","exp":NaN}'), "malformed");
	await assertRefused(times({ exp: 1e300 }), "malformed");
	await assertRefused(times({ nbf: NOW_S + 1 }), "not_yet");
	await verifyToken(times({ exp: NOW_S, nbf: NOW_S }), shared, { nowMs: NOW_S * 1000, toleranceMs: 1 });
	await verifyToken(times({ exp: NOW_S, nbf: NOW_S - 5 }), shared, { nowMs: NOW_S * 1000 - 1 });
	const tolerant = { nowMs: NOW_S * 1000, toleranceMs: 30_000 };
	await verifyToken(times({ exp: NOW_S - 29, nbf: NOW_S + 30 }), shared, tolerant);
	await assertRefused(times({ exp: NOW_S - 30 }), "expired", { at: tolerant });
	await assertRefused(times({ nbf: NOW_S + 31 }), "not_yet", { at: tolerant });
});

test("verifyToken() demands exp and iat where a longest lifetime is set, and only there", async () => {
	const times = (claims: object): string => forge({ alg: "HS256" }, { put: "", ...claims });
	await verifyToken(times({}), shared, NOW);
	const at = { ...NOW, lifetimeMsMax: 3_600_000 };
	await assertRefused(times({}), "malformed", { at });
	await assertRefused(times({ exp: NOW_S + 60 }), "malformed", { at });
	await assertRefused(times({ iat: NOW_S, exp: null }), "malformed", { at });
	await assertRefused(times({ iat: NOW_S, exp: NOW_S + 3601 }), "scope", { at });
	await assertRefused(times({ iat: NOW_S + 1, exp: NOW_S + 2 }), "not_yet", { at });
	await verifyToken(times({ iat: NOW_S, exp: NOW_S + 3600 }), shared, at);
});

test("verifyToken() refuses a token for another audience where one is asked for", async () => {
	const meant = (aud: unknown): string => forge({ alg: "HS256" }, { put: "", aud });
	const at = { ...NOW, audience: "relay" };
	await assertRefused(meant("other"), "scope", { at });
	await assertRefused(meant(undefined), "scope", { at });
	await verifyToken(meant(["other", "relay"]), shared, at);
	await verifyToken(meant("other"), shared, NOW);
});

test("verifyToken() and signToken() hold a token to the scope of its key", async () => {
	const scope = { root: "demo", publish: ["live"], subscribe: [] };
	const scoped = await generateKey({ algorithm: "HS256", scope });
	const { scope: _, ...bare } = scoped.export();
	const unscoped = parseKey(JSON.stringify(bare));
	for (const claims of [
		{ publish: [""] },
		{ root: "demo", publish: ["lively"] },
		{ root: "demo/live", subscribe: [""] },
	]) {
		await assert.rejects(signToken(scoped, claims), TokenError);
		await assertRefused(await signToken(unscoped, claims), "scope", { key: scoped });
	}
	await verifyToken(await signToken(scoped, { root: "demo/live", publish: ["a"] }), scoped, NOW);
});

test("verifyToken() takes no key that is not for verifying", async () => {
	const signer = parseKey(JSON.stringify({ ...shared.export(), key_ops: ["sign"] }));
	await assertRefused(await signToken(signer, { publish: [""] }), "unknown_key", { key: signer });
	const verifier = parseKey(JSON.stringify({ ...shared.export(), key_ops: ["verify"] }));
	await assert.rejects(signToken(verifier, { publish: [""] }), KeyError);
});

test("verifyToken() with a private key verifies by its public half", async () => {
	await verifyToken(await signToken(curve, { publish: [""] }), curve, NOW);
});
