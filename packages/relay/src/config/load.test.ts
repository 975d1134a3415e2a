import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { LIMITS_DEFAULT } from "../limits.ts";
import { catalogue } from "./catalogue.ts";
import { parseCommandLine } from "./command-line.ts";
import { ConfigError, formatProblem } from "./config-error.ts";
import { checkConfig, loadConfig } from "./load.ts";
import type { LoadedConfig } from "./relay-config.ts";

interface Given {
	/** TOML. */
	readonly file?: string;
	readonly env?: Record<string, string>;
	readonly args?: readonly string[];
}

/** Enough to start: everything else is what the test is about. */
const STARTABLE = ["--tls-generate", "localhost", "--auth-key", "k.jwk"];

function load({ file, env = {}, args = STARTABLE }: Given): LoadedConfig {
	const folder = mkdtempSync(join(tmpdir(), "moq-config-"));
	try {
		const path = join(folder, "relay.toml");
		if (file !== undefined) writeFileSync(path, file);
		const line = parseCommandLine([...(file === undefined ? [] : [path]), ...args], env);
		assert.ok(line.command === "run");
		return loadConfig(line.sources);
	} finally {
		rmSync(folder, { recursive: true });
	}
}

function problems(given: Given): string[] {
	try {
		load(given);
	} catch (error) {
		assert.ok(error instanceof ConfigError, String(error));
		assert.doesNotMatch(error.message, /\n/);
		return error.problems.map((problem) => formatProblem(problem).replace(/^\S*\/relay\.toml/, "relay.toml"));
	}
	return [];
}

const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}.toml`, import.meta.url));

test("loadConfig() reads the three files of the guide as printed", () => {
	const read = (name: string): LoadedConfig => loadConfig({ file: fixture(name), env: {}, flags: new Map() });
	const origin = read("origin");
	assert.deepEqual(origin.config.server.bind, { host: "::", port: 443 });
	assert.deepEqual(origin.config.server.tls.cert, ["/etc/letsencrypt/live/origin.example.com/fullchain.pem"]);
	assert.deepEqual([origin.unsupported, origin.warnings], [[], []]);
	const regional = read("regional");
	assert.equal(regional.config.cluster.root, "https://origin.example.com?jwt=CLUSTER_TOKEN");
	assert.equal(regional.config.cluster.node, "https://eu.example.com");
	assert.deepEqual(
		regional.unsupported.map(({ key }) => key),
		["cluster.node", "cluster.root"].filter((key) => catalogue.settings.get(key)?.setting.facts.pending !== undefined),
	);
	const edge = read("edge");
	assert.equal(edge.config.log.level, "warn");
	assert.deepEqual(edge.config.auth.public, { subscribe: ["demo"], publish: ["demo"], api: undefined });
	assert.deepEqual(edge.config.web.https.listen, { host: "::", port: 443 });
	assert.equal(edge.warnings.filter((warning) => warning.includes('public = { subscribe = ["demo"] }')).length, 1);
});

test("loadConfig() lets flags win over variables, variables over the file, the file over defaults", () => {
	const file = '[log]\nlevel = "warn"\n[server]\nlisten = "1.1.1.1:1"\nversion = "moq-lite-03"\n[web]\nws = false\n';
	const env = { MOQ_LOG_LEVEL: "error", MOQ_SERVER_BIND: "2.2.2.2:2" };
	const { config } = load({ file, env, args: [...STARTABLE, "--server-bind", "3.3.3.3:3"] });
	assert.deepEqual(config.server.bind, { host: "3.3.3.3", port: 3 });
	assert.equal(config.log.level, "error");
	assert.deepEqual(config.server.version, ["moq-lite-03"]);
	assert.equal(config.web.ws, false, "a default of a flag must not undo the file");
	assert.equal(config.log.format, "auto");
});

test("loadConfig() reads each setting from its flag and from its variable alike", () => {
	for (const { path, flag, env, setting } of catalogue.settings.values()) {
		const text = SAMPLES[setting.kind.placeholder] ?? sampleOf(path, setting.kind.placeholder);
		const byFlag = load({ args: args(path, flag, text) });
		const byEnv = load({ env: { [env]: text }, args: args(path) });
		assert.deepEqual(byFlag.config, byEnv.config, path);
		for (const old of setting.facts.oldFlags ?? []) {
			assert.deepEqual(load({ args: args(path, old, text) }).config, byFlag.config, old);
		}
	}
});

/** The flags of `STARTABLE` but the one that is being tried, and those that it needs. */
function args(path: string, flag?: string, text = ""): string[] {
	const all: [string, string, string][] = [
		["server.tls.generate", "--tls-generate", "localhost"],
		["auth.key", "--auth-key", "k.jwk"],
		["server.tls.cert", "--tls-cert", "a.pem"],
		["server.tls.key", "--tls-key", "a.pem"],
		["cluster.node", "--cluster-node", "https://me/"],
		["cluster.tls.cert", "--cluster-tls-cert", "a.pem"],
		["cluster.tls.key", "--cluster-tls-key", "a.pem"],
		["web.https.listen", "--web-https-listen", "[::1]:1"],
		["web.https.cert", "--web-https-cert", "a.pem"],
		["web.https.key", "--web-https-key", "a.pem"],
	];
	const needed = all.filter(([known]) => known !== path && !(path === "auth.auth_api" && known === "auth.key"));
	return [...needed.flatMap(([, name, value]) => [name, value]), ...(flag === undefined ? [] : [`${flag}=${text}`])];
}

const SAMPLES: Readonly<Record<string, string>> = {
	"HOST:PORT": "[::1]:5",
	"IP:PORT": "1.2.3.4:5",
	"true|false": "true",
	DURATION: "77s",
	SIZE: "5MiB",
	N: "5",
	VERSION: "moq-lite-04",
	HEX: "abcd",
	SHA256: "ab".repeat(32),
	CIDR: "10.0.0.0/8",
	JSON: '{"a.example":"live"}',
};

/** A word of a choice, or any text. */
function sampleOf(path: string, placeholder: string): string {
	if (path === "cluster.prefix") return "internal/others";
	return /^[a-z]+\|/.test(placeholder) ? (placeholder.split("|").at(-1) ?? "") : `some-${path}`;
}

test("loadConfig() takes one value or a list, in the file and by commas", () => {
	const one = load({ file: '[server.tls]\ncert = "a"\nkey = "b"\n', args: ["--auth-key", "k"] });
	const many = load({ file: 'server.tls.cert = ["a", "c"]\nserver.tls.key = ["b", "d"]\n', args: ["--auth-key", "k"] });
	assert.deepEqual([one.config.server.tls.cert, many.config.server.tls.cert], [["a"], ["a", "c"]]);
	const flags = load({ args: ["--tls-generate", "a,b", "--tls-generate", "c", "--auth-public", ""] });
	assert.deepEqual(flags.config.server.tls.generate, ["a", "b", "c"]);
	const env = load({ env: { MOQ_CLUSTER_CONNECT: "https://a/, https://b/" } });
	assert.deepEqual(env.config.cluster.connect, ["https://a/", "https://b/"]);
});

test("loadConfig() reads public as text, list, table, flag and variable, and takes an empty one for everything", () => {
	const of = (given: Given): unknown => {
		const { subscribe, publish } = load({ args: ["--tls-generate", "x", "--auth-key", "k"], ...given }).config.auth
			.public;
		return [subscribe, publish];
	};
	assert.deepEqual(of({ file: 'auth.public = "demo"' }), [["demo"], ["demo"]]);
	assert.deepEqual(of({ file: 'auth.public = ["a", "b"]' }), [
		["a", "b"],
		["a", "b"],
	]);
	assert.deepEqual(of({ file: 'auth.public = { subscribe = "demo" }' }), [["demo"], []]);
	assert.deepEqual(of({ file: '[auth.public]\nsubscribe = ["a"]\npublish = "b"' }), [["a"], ["b"]]);
	assert.deepEqual(of({ env: { MOQ_AUTH_PUBLIC: "" } }), [[""], [""]]);
	assert.deepEqual(of({ env: { MOQ_AUTH_PUBLIC: "a", MOQ_AUTH_PUBLIC_PUBLISH: "b" } }), [["a"], ["b"]]);
	const flags = ["--tls-generate", "x", "--auth-public", "", "--auth-public-publish", "mine"];
	assert.deepEqual(of({ args: flags }), [[""], ["mine"]]);
	assert.deepEqual(of({ file: 'auth.public = { subscribe = "a", publish = "a" }', env: { MOQ_AUTH_PUBLIC: "z" } }), [
		["z"],
		["z"],
	]);
});

test("loadConfig() takes an empty variable for an absent one where an empty text means nothing", () => {
	assert.equal(load({ env: { MOQ_LOG_LEVEL: "", MOQ_CLUSTER_NODE: "" } }).config.log.level, "info");
});

test("loadConfig() understands settings of earlier releases", () => {
	const { config } = load({
		file: [
			'[server]\nlisten = "[::1]:9"\nmax_streams = 5\nquic_lb_id = "abcd"\n',
			'[cluster]\nroot = "origin:4443"\nadvertise = "https://me/"\nprefix = "internal/q"\ntoken = "t.jwt"\n',
			"[auth]\nrefresh_interval = 60\n[client]\nmax_streams = 6\n[stats]\ninterval = 2\n",
		].join(""),
	});
	assert.deepEqual(config.server.bind, { host: "::1", port: 9 });
	assert.deepEqual([config.server.quic.maxStreams, config.client.quic.maxStreams], [5, 6]);
	assert.equal(config.server.quic.quicLbId, "abcd");
	assert.deepEqual(
		[config.cluster.root, config.cluster.node, config.cluster.prefix],
		["origin:4443", "https://me/", "internal/q"],
	);
	assert.deepEqual([config.auth.refreshIntervalMs, config.stats.intervalMs], [60_000, 2000]);
	const mesh = load({ file: '[cluster]\nmesh = "https://me/"' }).config.cluster;
	assert.deepEqual([mesh.mesh, mesh.node], [true, "https://me/"]);
	assert.equal(load({ file: '[cluster]\nmesh = true\nnode = "me"' }).config.cluster.mesh, true);
	const big = load({ file: "[cluster]\nid = 4611686018427387903" }).config.cluster.id;
	assert.equal(big, "4611686018427387903");
});

test("loadConfig() checks what [cluster] says of other relays, without repeating a token", () => {
	const cases: readonly (readonly [string, RegExp])[] = [
		["mesh = true", /cluster\.mesh: needs cluster\.node/],
		['connect = "https://?jwt=secret"', /cluster\.connect: an entry is not a URL/],
		['root = "ftp://a/?jwt=secret"', /cluster\.root: an entry has scheme ftp:/],
		['connect = "https://a/?cost=much&jwt=secret"', /has a cost that is no whole number/],
		['prefix = "relays"', /cluster\.prefix: must be under internal\//],
		['listen = "10.0.0.1:5"\nallow = "10.0.0.0/99"', /10\.0\.0\.0\/99 is no address range/],
		['listen = "[::]:443"', /cluster\.listen: is where everybody comes in already/],
		['listen = "10.0.0.1:5"\n[cluster.tls]\ncert = "a"', /cluster\.tls\.cert: must have as many files/],
		['peers = { "a b" = "x" }', /cluster\.peers = .*: expected a table such as/],
		['peers = { a = { watch = "x" } }', /cluster\.peers = .*: expected a table such as/],
	];
	for (const [file, expected] of cases) {
		const found = problems({ file: `[cluster]\n${file}` }).join();
		assert.match(found, expected);
		assert.doesNotMatch(found, /secret/);
	}
});

test("loadConfig() reads the prefixes of peers as text, list or table", () => {
	const file = [
		"[cluster.peers]",
		'"Edge.internal" = "/live/"',
		'"*.eu.internal" = ["a", "b/c"]',
		'"*" = { publish = [] }',
	].join("\n");
	const { peers } = load({ file }).config.cluster;
	assert.deepEqual(peers, [
		{ name: "edge.internal", publish: ["live"], subscribe: ["live"] },
		{ name: "*.eu.internal", publish: ["a", "b/c"], subscribe: ["a", "b/c"] },
		{ name: "*", publish: [], subscribe: [""] },
	]);
	const flag = load({ args: [...STARTABLE, "--cluster-peers", '{"*":{"publish":[]}}'] }).config.cluster.peers;
	assert.deepEqual(flag, peers.slice(2));
});

test("loadConfig() warns of a listener for relays that nobody is told of, and of what counts only beside one", () => {
	const { warnings } = load({ file: '[cluster]\nlisten = "10.0.0.1:5"' });
	assert.match(warnings.join(), /cluster\.listen is open, but nobody is told/);
	assert.match(load({ file: "[cluster]\npublic = true" }).warnings.join(), /cluster\.public only counts beside/);
	assert.deepEqual(load({ file: '[cluster]\nlisten = "10.0.0.1:5"\nnode = "https://10.0.0.1:5"' }).warnings, []);
});

test("loadConfig() has the limits of limits.ts as defaults", () => {
	assert.deepEqual(load({}).config.limits, LIMITS_DEFAULT);
	const { limits } = load({
		file: '[limits]\nmax_sessions = 7\nmax_frame = "1MiB"\nhandshake_timeout = "3s"\nexempt = "10.0.0.0/8"',
	}).config;
	assert.deepEqual(
		[limits.maxSessions, limits.maxFrameBytes, limits.handshakeTimeoutMs, limits.exempt],
		[7, 1024 ** 2, 3000, ["10.0.0.0/8"]],
	);
});

test("loadConfig() names an unknown key, its line, and the nearest setting", () => {
	const cases: [string, string][] = [
		['[server]\nlissten = "x"', "relay.toml line 2: server.lissten: is not a setting; did you mean server.listen?"],
		['\n[sever]\nlisten = "x"', "relay.toml line 2: sever: is not a setting; did you mean server?"],
		['[server.tls]\ncrt = "x"', "relay.toml line 2: server.tls.crt: is not a setting; did you mean server.tls.cert?"],
		["tls.cert = 1", "relay.toml line 1: tls: is not a setting; did you mean server.tls?"],
		["[auth]\nkeydir = 1", "relay.toml line 2: auth.keydir: is not a setting; did you mean auth.key_dir?"],
		["[server.quic]\nquux_zebra = 1", "relay.toml line 2: server.quic.quux_zebra: is not a setting; [server.quic] has"],
		["server = 5", "relay.toml line 1: server: expected a table"],
		['[server]\nbind = "[::]:1"\nlisten = "[::]:2"', "relay.toml line 3: server.listen: is given twice, here and at"],
		['[log]\n"__proto__" = 1', "relay.toml line 2: log.__proto__: is not a setting"],
	];
	for (const [file, expected] of cases) {
		const [first = ""] = problems({ file });
		assert.ok(first.startsWith(expected), first);
	}
});

test("loadConfig() names the value that does not fit, where it is from, and what would", () => {
	const cases: [Given, string][] = [
		[
			{ file: '[server.quic]\nidle_timeout = "5 lightyears"' },
			'relay.toml line 2: server.quic.idle_timeout = "5 lightyears": expected a duration',
		],
		[{ file: '[web]\nws = "true"' }, 'relay.toml line 2: web.ws = "true": expected true or false'],
		[{ env: { MOQ_LOG_LEVEL: "loud" } }, 'MOQ_LOG_LEVEL: log.level = "loud": expected one of trace, debug'],
		[
			{ args: [...STARTABLE, "--server-bind", "443"] },
			'--server-bind: server.bind = "443": expected an address such as',
		],
		[
			{ file: "[server.tls]\ngenerate = [1]", args: [] },
			"relay.toml line 2: server.tls.generate = [1]: expected a host name",
		],
		[{ file: "[stats]\ndepth = 1.5" }, "relay.toml line 2: stats.depth = 1.5: expected a whole number"],
		[{ file: "[cluster]\nid = 0" }, "relay.toml line 2: cluster.id = 0: expected a number from 1"],
		[{ file: "[cluster]\nid = 9223372036854775807" }, "relay.toml line 2: cluster.id = 9223372036854775807: expected"],
		[{ file: "[server.quic]\nquic_lb_nonce = 3" }, "relay.toml line 2: server.quic.quic_lb_nonce = 3: expected"],
		[{ file: "[log]\nlevel = 2026-01-01" }, "relay.toml line 2: log.level"],
		[{ file: '[log]\nlevel = "info' }, "relay.toml line 2 column"],
		[{ args: [...STARTABLE, "--log-level", "info", "--log-level", "warn"] }, "--log-level: log.level: is given twice"],
	];
	for (const [given, expected] of cases) {
		const [first = ""] = problems(given);
		assert.ok(first.startsWith(expected), `${first} should start with ${expected}`);
	}
});

test("loadConfig() reports all values that do not fit at once, and shows no secret", () => {
	const all = problems({
		file: '[log]\nlevel = 1\n[cluster]\nconnect = ["https://a/?jwt=eyJsecret", 5]\ntoken = 7\n[web]\nws = 0',
	});
	assert.equal(all.length, 4);
	assert.doesNotMatch(all.join("\n"), /secret/);
});

test("loadConfig() refuses what cannot work, with the remedy", () => {
	const cases: [Given, RegExp][] = [
		[{ args: ["--tls-generate", "x"] }, /nobody can authenticate; set auth\.key .*auth\.public = ""/],
		[{ args: ["--tls-generate", "x"], file: "auth.public = []" }, /nobody can authenticate/],
		[{ args: ["--auth-key", "k"] }, /server\.tls: there is no certificate/],
		[{ args: ["--auth-key", "k", "--tls-cert", "a"] }, /as many files as server\.tls\.key/],
		[{ args: [...STARTABLE, "--web-https-listen", "[::]:1"] }, /web\.https: needs all of listen, cert and key/],
		[{ args: [...STARTABLE, "--web-https-cert", "a"] }, /web\.https: needs all of/],
		[{ args: [...STARTABLE, "--auth-api", "https://x/"] }, /auth\.auth_api: answers everything by itself/],
		[{ args: [...STARTABLE, "--auth-refresh-interval", "5s"] }, /at least 30 s/],
	];
	for (const [given, expected] of cases) assert.match(problems(given).join("\n"), expected);
});

test("loadConfig() accepts each single way to authenticate, and a relay on TCP alone without a certificate", () => {
	for (const way of [
		["--auth-key", "k"],
		["--auth-key-dir", "d"],
		["--auth-public", ""],
		["--auth-public-subscribe", "x"],
		["--auth-api", "https://x/"],
		["--server-tls-root", "ca.pem"],
	]) {
		assert.deepEqual(problems({ args: ["--tls-generate", "x", ...way] }), [], way.join(" "));
	}
	const stream = load({ args: ["--server-tcp-bind", "127.0.0.1:1", "--auth-key", "k"] });
	assert.equal(stream.config.server.bind, undefined);
	assert.deepEqual(load({}).config.server.bind, { host: "::", port: 443 });
});

test("loadConfig() warns of what is open to everyone, and only then", () => {
	const warnings = (...more: string[]): string => load({ args: ["--tls-generate", "x", ...more] }).warnings.join("\n");
	const loopback = ["--server-bind", "127.0.0.1:1"];
	assert.match(warnings("--auth-public", ""), /open to everyone/);
	assert.equal(warnings("--auth-public", "", ...loopback), "");
	assert.match(
		warnings("--auth-public", "", ...loopback, "--web-http-listen", "0.0.0.0:1"),
		/open to everyone[^]*unencrypted/,
	);
	assert.equal(warnings("--auth-public-subscribe", "demo"), "");
	assert.match(warnings("--auth-public", "demo"), /publish there as well/);
	assert.match(warnings("--auth-key", "k", "--cluster-connect", "origin:4443"), /without a scheme/);
	assert.match(warnings("--auth-key", "k", "--server-version", "moq-lite-05,moq-lite-99"), /names moq-lite-99, which/);
});

test("loadConfig() reports settings that have no effect, unless they say what holds anyway", () => {
	const keys = (file: string): string[] => load({ file }).unsupported.map(({ key }) => key);
	assert.deepEqual(keys("[iroh]\nenabled = false\n[stats]\nenabled = false"), []);
	assert.deepEqual(keys('[iroh]\nenabled = true\nsecret = "s"'), ["iroh.enabled", "iroh.secret"]);
	for (const { path, setting } of catalogue.settings.values()) {
		const { fallback, pending } = setting.facts;
		if (fallback !== undefined) assert.deepEqual(keys(`${path} = ${JSON.stringify(fallback)}`), [], path);
		assert.doesNotMatch(pending ?? "", /\.$/);
	}
});

test("loadConfig() says why a file cannot be read", () => {
	const read = (file: string) => (): unknown => loadConfig({ file, env: {}, flags: new Map() });
	assert.throws(read("/absent/relay.toml"), /no such file/);
	assert.throws(read(tmpdir()), /is a folder/);
});

test("checkConfig() says OK with its warnings, or every problem, and the exit code", () => {
	const flags = new Map([["auth.key", ["k"]]]);
	const good = checkConfig({ file: fixture("edge"), env: {}, flags });
	assert.equal(good.exitCode, 0);
	assert.match(good.text, /^warning: (?:.*\n)+OK$/);
	const bad = checkConfig({ file: undefined, env: { MOQ_LOG_LEVEL: "loud", MOQ_WEB_WS: "maybe" }, flags });
	assert.equal(bad.exitCode, 2);
	assert.equal(bad.text.split("\n").length, 2);
});
