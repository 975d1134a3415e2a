import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { catalogue } from "./catalogue.ts";
import { parseCommandLine } from "./command-line.ts";
import { ConfigError } from "./config-error.ts";

const file = (...args: string[]): unknown => {
	const line = parseCommandLine(args, {});
	return line.command === "print" ? line : [line.command, line.sources.file];
};
const complaint = (...args: string[]): string => {
	try {
		parseCommandLine(args, {});
	} catch (error) {
		assert.ok(error instanceof ConfigError, String(error));
		return error.message;
	}
	return "";
};

test("parseCommandLine() takes the file as an argument and by --file, before and after flags", () => {
	assert.deepEqual(file(), ["run", undefined]);
	assert.deepEqual(file("relay.toml"), ["run", "relay.toml"]);
	assert.deepEqual(file("--file", "relay.toml"), ["run", "relay.toml"]);
	assert.deepEqual(file("--log-level", "info", "relay.toml", "--web-ws"), ["run", "relay.toml"]);
	assert.deepEqual(file("check", "relay.toml"), ["check", "relay.toml"]);
	assert.deepEqual(file("check", "--file", "relay.toml"), ["check", "relay.toml"]);
	assert.deepEqual(file("check", "relay.toml", "--log-level", "info"), ["check", "relay.toml"]);
	assert.deepEqual(file("--log-level", "info", "check"), ["check", undefined]);
});

test("parseCommandLine() collects flags by setting, older ones too, and a switch needs no value", () => {
	const line = parseCommandLine(
		["--listen", "[::]:1", "--web-ws", "x.toml", "--tls-generate", "a", "--tls-generate=b", "--auth-public="],
		{},
	);
	assert.ok(line.command === "run");
	assert.deepEqual(line.sources.file, "x.toml");
	assert.deepEqual(Object.fromEntries(line.sources.flags), {
		"server.bind": ["[::]:1"],
		"web.ws": ["true"],
		"server.tls.generate": ["a", "b"],
		"auth.public": [""],
	});
	const off = parseCommandLine(["--web-ws=false"], {});
	assert.ok(off.command === "run");
	assert.deepEqual(off.sources.flags.get("web.ws"), ["false"]);
});

test("parseCommandLine() prints the version of the package, and help that has every flag", () => {
	const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
	const version = parseCommandLine(["--version"], {});
	assert.deepEqual(version, { command: "print", text: `${(JSON.parse(manifest) as { version: string }).version}\n` });
	const help = parseCommandLine(["--help"], {});
	assert.ok(help.command === "print");
	for (const { flag, env } of catalogue.settings.values()) {
		assert.ok(help.text.includes(`${flag} <`), flag);
		assert.ok(help.text.replaceAll(/\s+/g, " ").includes(`[${env}]`), env);
	}
	const check = parseCommandLine(["check", "--help"], {});
	assert.ok(check.command === "print" && check.text.includes("moq-relay check"));
});

test("parseCommandLine() refuses what it does not know, in one line with the nearest flag", () => {
	assert.match(complaint("--lgo-level", "info"), /unknown option '--lgo-level' \(Did you mean --log-level\?\)/);
	assert.match(complaint("--log-level"), /argument missing/);
	assert.match(complaint("a.toml", "b.toml"), /too many arguments/);
	assert.match(complaint("--file", "a.toml", "b.toml"), /give FILE once/);
	assert.match(complaint("-x"), /unknown option/);
	for (const args of [["--lgo-level"], ["a", "b"]]) assert.doesNotMatch(complaint(...args), /\n/);
});

test("parseCommandLine() gives no two settings the same flag, variable or path", () => {
	const names = [...catalogue.settings.values()].flatMap(({ path, flag, env, setting }) => [
		path,
		flag,
		env,
		...(setting.facts.aliases ?? []),
		...(setting.facts.oldFlags ?? []),
	]);
	assert.equal(new Set(names).size, names.length);
});
