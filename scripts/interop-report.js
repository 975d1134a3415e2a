/** A node:test reporter: the outcome of `npm run interop` as a page of docs/reports. Plain JavaScript; Node calls the default export. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import { root } from "./bootstrap.js";

/** Yields the page when the run is over. */
export default async function* report(events) {
	const rows = [];
	for await (const { type: kind, data } of events) {
		if (kind === "test:diagnostic" && data.nesting > 0) rows.at(-1)?.notes.push(data.message);
		if (kind !== "test:pass" && kind !== "test:fail") continue;
		rows.push({ ...rowOf(kind, data), notes: [] });
	}
	const tests = rows.filter(({ isSuite }) => !isSuite);
	const failed = tests.filter(({ error }) => error !== undefined).length;
	yield `# Interop with the Rust relay and client, ${new Date().toISOString().slice(0, 10)}\n\n`;
	yield `${tests.length - failed} of ${tests.length} passed. Written by \`npm run interop\`.\n\n`;
	yield "Media crossings publish a clip of 5 s (H.264 and AAC) and compare every packet that a viewer recorded with the clip:\n";
	yield "SHA-256, order and time. The Rust viewer writes whole fragments of 200 ms and so may lack the last one.\n\n";
	yield* facts().map(([name, value]) => `- ${name}: ${value}\n`);
	let section;
	for (const row of suitesFirst(rows)) {
		if (row.section !== section) yield heading((section = row.section));
		yield `| ${row.name} | ${row.error === undefined ? "pass" : "**fail**"} | ${row.seconds} | ${detail(row)} |\n`;
	}
}

function heading(section) {
	return `\n## ${section}\n\n| crossing | result | seconds | what arrived |\n|---|---|---|---|\n`;
}

function detail({ error, notes }) {
	return [...(error === undefined ? [] : [error]), ...notes].map((text) => text.replaceAll("|", "\\|")).join("<br>");
}

function rowOf(kind, data) {
	const cause = data.details.error?.cause;
	return {
		name: data.name,
		isSuite: data.details.type === "suite",
		seconds: (data.details.duration_ms / 1000).toFixed(1),
		error: kind === "test:fail" ? firstLine(cause?.message ?? String(data.details.error?.message)) : undefined,
	};
}

/** The events name a suite after its tests. */
function suitesFirst(rows) {
	const sorted = [];
	let pending = [];
	for (const row of rows) {
		if (!row.isSuite) pending.push(row);
		else {
			sorted.push(...pending.map((test) => ({ ...test, section: row.name })));
			pending = [];
		}
	}
	return [...sorted, ...pending.map((test) => ({ ...test, section: "others" }))];
}

function firstLine(message) {
	return message.split("\n", 1)[0].replaceAll(`${root}/`, "");
}

function facts() {
	const manifest = JSON.parse(readFileSync(`${root}/package.json`, "utf8"));
	const { dependencies } = JSON.parse(readFileSync(`${root}/test/peers/package.json`, "utf8"));
	const [cpu, ...others] = cpus();
	const memory = Math.round(totalmem() / 2 ** 30);
	return [
		["command", "`npm run interop`"],
		["machine", `${cpu?.model.trim()}, ${others.length + 1} cores, ${memory} GiB, ${type()} ${release()}`],
		[
			"ours",
			`${manifest.version}, commit ${output("git", ["rev-parse", "--short=12", "HEAD"])}, Node ${process.version}`,
		],
		["theirs", ["REF_RELAY_BIN", "REF_MOQ_BIN"].map((name) => output(process.env[name], ["--version"])).join(", ")],
		["npm", `@moq/net ${dependencies["@moq/net"]}`],
		["media", output("ffmpeg", ["-version"]).split(" ").slice(0, 3).join(" ")],
	];
}

function output(command, args) {
	const { stdout } = spawnSync(command, args, { encoding: "utf8", cwd: root });
	return (stdout ?? "").split("\n", 1)[0].trim();
}
