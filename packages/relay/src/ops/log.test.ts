import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { LOG_EVENT_REPEATS_MAX, LOG_REPEATS_MAX } from "./limits.ts";
import { type Log, type LogOptions, openLog } from "./log.ts";
import { logProcessTrouble } from "./process-trouble.ts";

function capture(options: Partial<LogOptions> = {}): { log: Log; lines: string[] } {
	const lines: string[] = [];
	const sink = { write: (line: string) => void lines.push(line) };
	const log = openLog({ level: "info", format: "json", terminal: false, sink, nowMs: () => 0, ...options });
	return { log, lines };
}

const records = (lines: readonly string[]): Record<string, unknown>[] =>
	lines.map((line) => JSON.parse(line) as Record<string, unknown>);

test("Log writes one JSON object per line, the event and its reason before what a peer chose", () => {
	const { log, lines } = capture();
	log.warn("auth.fail", { reason: "expired", remote: "192.0.2.1:5", path: "/demo?jwt=abc" }, "the token has expired");
	assert.match(
		lines.join(""),
		/^\{"level":"warn","time":"\d{4}-[^"]+Z","name":"moq-relay","event":"auth\.fail","reason":"expired","remote":"192\.0\.2\.1:5","path":"\/demo\?jwt=\*\*\*","msg":"the token has expired"\}\n$/,
	);
});

test("Log writes any text of a peer as one line that parses, without forged fields", () => {
	const { log, lines } = capture();
	fc.assert(
		fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }), (path, reason) => {
			lines.length = 0;
			log.info("session.close", { remote: "r", path, said: reason });
			assert.equal(lines.length, 1);
			assert.equal(lines[0]?.indexOf("\n"), (lines[0]?.length ?? 0) - 1);
			const [record] = records(lines);
			assert.deepEqual(Object.keys(record ?? {}), ["level", "time", "name", "event", "remote", "path", "said"]);
		}),
		{ numRuns: 150 },
	);
	lines.length = 0;
	log.info("session.close", { remote: "r", path: '","event":"auth.fail","remote":"198.51.100.99' });
	assert.deepEqual([records(lines)[0]?.["event"], records(lines)[0]?.["remote"]], ["session.close", "r"]);
});

test("Log keeps fields and targets of derived logs apart, and obeys RUST_LOG by target", () => {
	const { log, lines } = capture({ rustLog: "info,quic=debug" });
	const session = log.with({ conn: 7 });
	session.debug("session.open");
	session.for("quic").debug("session.open", { remote: "r" });
	log.info("relay.start");
	assert.deepEqual(
		records(lines).map(({ level, conn, remote }) => [level, conn, remote]),
		[
			["debug", 7, "r"],
			["info", undefined, undefined],
		],
	);
	assert.deepEqual([log.isEnabled("debug"), log.for("quic").isEnabled("debug")], [false, true]);
	const silent = capture({ rustLog: "off" });
	silent.log.error("process.crash");
	assert.deepEqual(silent.lines, []);
});

test("Log writes errors with stack and cause, bounded, and leaves out absent fields", () => {
	const { log, lines } = capture();
	const error = new TypeError(`bad\n${"x".repeat(10_000)}`, { cause: new Error("root ?jwt=abc") });
	log.error("process.crash", { error, absent: undefined, id: 2n ** 62n, list: ["a\n", 1] });
	const [record] = records(lines);
	const shown = record?.["error"] as Record<string, string>;
	assert.equal(shown["type"], "TypeError");
	assert.ok((shown["message"]?.length ?? 0) < 5000 && (shown["stack"]?.length ?? 0) < 20_000);
	assert.equal(shown["cause"], "Error: root ?jwt=***");
	assert.deepEqual(
		[record?.["id"], record?.["list"], "absent" in (record ?? {})],
		[String(2n ** 62n), ["a\\u000a", 1], false],
	);
});

test("Log is pretty on a terminal, or when it is asked to be, in single lines", () => {
	const terminal = capture({ format: "auto", terminal: true });
	terminal.log.info("session.open", { remote: "192.0.2.1:5", path: "/a b" }, "hello");
	assert.match(
		terminal.lines.join(""),
		/^\d\d:\d\d:\d\d\.\d{3} INFO {2}session\.open hello remote=192\.0\.2\.1:5 path="\/a b"\n$/,
	);
	const asked = capture({ format: "pretty" });
	asked.log.error("process.crash", { error: new Error("a\nb") });
	assert.equal(asked.lines.join("").split("\n").length, 2);
	const json = capture({ format: "json", terminal: true });
	json.log.info("relay.start");
	assert.equal(records(json.lines).length, 1);
});

test("Log counts lines that repeat, by event and reason, and says how many at the end", () => {
	const { log, lines } = capture();
	for (let time = 0; time < LOG_REPEATS_MAX + 10; time++) log.warn("auth.fail", { reason: "expired" });
	log.warn("auth.fail", { reason: "missing" });
	assert.equal(lines.length, LOG_REPEATS_MAX + 1);
	log.flush();
	const last = records(lines).at(-1);
	assert.deepEqual(
		[last?.["event"], last?.["of"], last?.["reason"], last?.["count"]],
		["log.suppressed", "auth.fail", "expired", 10],
	);
	log.flush();
	assert.equal(lines.length, LOG_REPEATS_MAX + 2);
});

test("Log counts the lines of one event together, when each has a reason of its own", () => {
	const { log, lines } = capture();
	for (let id = 0; id < LOG_EVENT_REPEATS_MAX + 10; id++)
		log.warn("proto.violation", { reason: `subscription ${id} twice` });
	log.warn("auth.fail", { reason: "expired" });
	assert.equal(lines.length, LOG_EVENT_REPEATS_MAX + 1);
	log.flush();
	const last = records(lines).at(-1);
	assert.deepEqual(
		[last?.["event"], last?.["of"], last?.["reason"], last?.["count"]],
		["log.suppressed", "proto.violation", "", 10],
	);
});

test("logProcessTrouble() turns warnings, exceptions and rejections into lines, and ends after the latter two", () => {
	const { log, lines } = capture();
	const emitter = new EventEmitter();
	let ends = 0;
	emitter.on("warning", () => assert.fail("Node's own listener is gone"));
	logProcessTrouble(log, emitter, () => ends++);
	emitter.emit("warning", Object.assign(new Error("old call"), { name: "DeprecationWarning" }));
	assert.equal(ends, 0);
	emitter.emit("uncaughtException", new Error("boom"));
	emitter.emit("unhandledRejection", "text\nonly");
	assert.equal(ends, 2);
	assert.deepEqual(
		records(lines).map(({ event, level }) => [event, level]),
		[
			["process.warning", "warn"],
			["process.crash", "error"],
			["process.crash", "error"],
		],
	);
});

test("standardError() has written every line when the process ends, a crash and a bad start included", () => {
	const source = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
	const program = `
		const { openLog, standardError } = await import(${JSON.stringify(source("./log.ts"))});
		const { logProcessTrouble, logConfigError } = await import(${JSON.stringify(source("./process-trouble.ts"))});
		const { ConfigError } = await import(${JSON.stringify(source("../config/config-error.ts"))});
		const log = openLog({ level: "info", format: "auto", terminal: false, sink: standardError(), nowMs: () => performance.now() });
		logProcessTrouble(log, process, () => process.exit(1));
		for (let line = 0; line < 150; line++) log.info("session.open", { line, pad: "x".repeat(200) });
		logConfigError(new ConfigError([{ origin: "relay.toml line 2", key: "server.lisen", message: "is not a setting" }]), {});
		process.emitWarning("careful");
		setImmediate(() => { throw new Error("boom"); });`;
	const ended = spawnSync(process.execPath, ["-C", "source", "--input-type=module", "-e", program], {
		encoding: "utf8",
	});
	assert.equal(ended.status, 1);
	const lines = ended.stderr.split("\n").filter((line) => line !== "");
	const events = records(lines).map(({ event }) => event);
	assert.equal(events.filter((event) => event === "session.open").length, 150);
	assert.deepEqual(events.slice(150), ["config.fail", "process.warning", "process.crash"]);
});
