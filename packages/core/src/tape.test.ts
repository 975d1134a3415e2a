import assert from "node:assert/strict";
import { test } from "node:test";
import { Tape, type TapeSink } from "./tape.ts";

function recorder(onAppend: () => void = () => {}): TapeSink & { readonly events: string[] } {
	const events: string[] = [];
	return {
		events,
		append: (chunk) => {
			events.push(chunk.join(","));
			onAppend();
		},
		finish: () => events.push("finish"),
		abort: (code) => events.push(`abort ${code}`),
		evict: () => events.push("evict"),
	};
}

test("Tape.attach() replays what is there, the end included, then passes on", () => {
	const tape = new Tape("lite-05");
	tape.append(Uint8Array.of(1));
	const early = recorder();
	tape.attach(early);
	tape.append(Uint8Array.of(2, 3));
	tape.append(new Uint8Array());
	tape.finish();
	tape.append(Uint8Array.of(4));
	const late = recorder();
	tape.attach(late);
	assert.deepEqual(early.events, ["1", "2,3", "finish"]);
	assert.deepEqual(late.events, early.events);
	assert.equal(tape.byteLength, 3);
});

test("Tape tells a sink that was attached inside an append each chunk once", () => {
	const tape = new Tape("lite-05");
	const inner = recorder();
	let attached = false;
	tape.attach(
		recorder(() => {
			if (!attached) tape.attach(inner);
			attached = true;
		}),
	);
	tape.append(Uint8Array.of(1));
	tape.append(Uint8Array.of(2));
	assert.deepEqual(inner.events, ["1", "2"]);
});

test("Tape passes over no sink when one detaches inside an append", () => {
	const tape = new Tape("lite-05");
	const detach = tape.attach(recorder(() => detach()));
	const other = recorder();
	tape.attach(other);
	tape.append(Uint8Array.of(1));
	assert.deepEqual(other.events, ["1"]);
});

test("Tape tells nothing after its end when a sink ends it inside an append", () => {
	const tape = new Tape("lite-05");
	tape.attach(recorder(() => tape.evict()));
	const other = recorder();
	tape.attach(other);
	tape.append(Uint8Array.of(1));
	assert.deepEqual(other.events, ["evict"]);
	assert.deepEqual([tape.state, tape.chunks.length], ["evicted", 0]);
});

test("Tape.abort() and Tape.evict() reach whoever attaches later", () => {
	const tape = new Tape("lite-01");
	tape.abort(24);
	const aborted = recorder();
	tape.attach(aborted);
	tape.evict();
	const evicted = recorder();
	tape.attach(evicted)();
	assert.deepEqual(aborted.events, ["abort 24", "evict"]);
	assert.deepEqual(evicted.events, ["evict"]);
	assert.equal(tape.code, 24);
});
