/** A reporter for node:test: a line for each file, all about each failure, and node's own summary. */
import { relative } from "node:path";
import { Readable } from "node:stream";
import { spec as Spec } from "node:test/reporters";
import { root } from "./bootstrap.js";

export default async function* report(events) {
	yield* Readable.from(narrow(events)).pipe(new Spec());
}

/** What is worth a line in a run of thousands of tests. */
async function* narrow(events) {
	let hasFailed = false; // the last test: what it noted follows
	for await (const event of events) {
		const { type, data } = event;
		if (type === "test:pass" || type === "test:fail") hasFailed = type === "test:fail";
		if (type === "test:summary" && data.file !== undefined) yield note(lineOf(data));
		else if (type === "test:summary" || type === "test:stderr") yield event;
		else if (type === "test:diagnostic" && (hasFailed || (data.nesting === 0 && data.file === undefined))) yield event;
		else if (type === "test:fail") {
			// node's reporter wants to have heard of the beginning
			yield { type: "test:start", data };
			yield event;
		}
	}
}

function lineOf({ file, counts, duration_ms: ms, success }) {
	const seconds = (ms / 1000).toFixed(1).padStart(6);
	return `${seconds} s ${String(counts.tests).padStart(4)} tests  ${relative(root, file)}${success ? "" : "  FAILED"}`;
}

function note(message) {
	return { type: "test:diagnostic", data: { nesting: 0, message } };
}
