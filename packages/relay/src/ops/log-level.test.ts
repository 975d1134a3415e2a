import assert from "node:assert/strict";
import { test } from "node:test";
import { levelChooser } from "./log-level.ts";

const chosen = (rustLog: string | undefined, ...targets: string[]): string[] =>
	targets.map(levelChooser("warn", rustLog));

test("levelChooser() follows [log] level where RUST_LOG says nothing", () => {
	for (const rustLog of [undefined, "", " ", "nonsense!", "=debug,,"])
		assert.deepEqual(chosen(rustLog, "moq_relay", "quic"), ["warn", "warn"]);
});

test("levelChooser() lets a bare level in RUST_LOG win over all", () => {
	assert.deepEqual(chosen("info", "moq_relay", "quic"), ["info", "info"]);
	assert.deepEqual(chosen("DEBUG", "moq_relay"), ["debug"]);
	assert.deepEqual(chosen("off", "moq_relay"), ["silent"]);
});

test("levelChooser() lets the longest target win, and is quiet of the others as the reference", () => {
	const rustLog = "moq_relay=debug,quic=warn,moq_relay::auth=trace";
	assert.deepEqual(
		chosen(rustLog, "moq_relay", "moq_relay::auth", "moq_relay::auth::x", "quic", "other", "moq_relayer"),
		["debug", "trace", "trace", "warn", "error", "error"],
	);
	assert.deepEqual(chosen("warn,quic=trace", "moq_relay", "quic"), ["warn", "trace"]);
	assert.deepEqual(chosen("moq_relay", "moq_relay", "quic"), ["trace", "error"]);
});
