import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "@moq-relay/testkit";
import { Terminal } from "./terminal.ts";

test("Terminal updates one status line on a TTY, and notes go above it", () => {
	const { terminal, written } = make({ isTTY: true, columns: 40 });
	terminal.status("one");
	terminal.status("two");
	terminal.note("note");
	terminal.end();
	terminal.note("last");
	assert.equal(written(), "\rone\u001b[K\rtwo\u001b[K\rnote\u001b[K\ntwo\nlast\n");
});

test("Terminal cuts a status that would wrap", () => {
	const { terminal, written } = make({ isTTY: true, columns: 10 });
	terminal.status("0123456789");
	assert.equal(written(), "\r01234567…\u001b[K");
});

test("Terminal does not cut a status for a terminal that tells no width", () => {
	const { terminal, written } = make({ isTTY: true, columns: 0 });
	terminal.status("0123456789");
	assert.equal(written(), "\r0123456789\u001b[K");
});

test("Terminal writes at most one status line a second to a pipe", () => {
	const { terminal, written, clock } = make({});
	terminal.status("a");
	terminal.status("b");
	clock.run(500);
	terminal.status("c");
	clock.run(1000);
	terminal.status("d");
	assert.equal(written(), "a\nd\n");
});

test("Terminal says what its level lets through", () => {
	const said = (["error", "info", "debug"] as const).map((level) => {
		const { terminal, written } = make({ level });
		terminal.debug("debug");
		terminal.note("note");
		terminal.status("status");
		terminal.error("error");
		return written();
	});
	assert.deepEqual(said, ["moq: error\n", "note\nstatus\nmoq: error\n", "debug\nnote\nstatus\nmoq: error\n"]);
});

function make({
	level = "info",
	...stream
}: {
	readonly isTTY?: boolean;
	readonly columns?: number;
	readonly level?: "error" | "info" | "debug";
}): { readonly terminal: Terminal; readonly written: () => string; readonly clock: VirtualClock } {
	let text = "";
	const clock = new VirtualClock();
	const write = (part: string): void => {
		text += part;
	};
	return { terminal: new Terminal({ ...stream, write }, clock, level), written: () => text, clock };
}
