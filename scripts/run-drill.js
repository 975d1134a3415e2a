/** The second half of `npm run drill`, on the pinned Node: run the drills one after the other and write down what they measured. */
import { execFileSync } from "node:child_process";
import { globSync, mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import { basename } from "node:path";
import { run } from "node:test";
import { spec as Spec } from "node:test/reporters";
import { root } from "./bootstrap.js";

/** What one drill may take before it counts as hung, in ms. */
const HANG_MS = 900_000;
/** The same where `--seeds` says how much there is to do. */
const SEEDS_HANG_MS = 24 * 3600 * 1000;

const args = process.argv.slice(2);
const isShort = args.includes("--short");
const seeds = valueOf("--seeds");
const from = valueOf("--from");
const wanted = args.filter((arg, at) => !arg.startsWith("--") && !/^--(seeds|from)$/.test(args[at - 1] ?? ""));
if (seeds !== undefined) process.env.MOQ_DRILL_SEEDS = seeds;
if (from !== undefined) process.env.MOQ_DRILL_FROM = from;
// The crossings of `npm test`, long enough for 30 s at the 20 pictures a second of the fake camera, and without a stall.
process.env.MOQ_BROWSER_FRAMES = isShort ? "60" : "600";
process.env.MOQ_BROWSER_STALL_MS = "1000";
if (isShort) process.env.MOQ_DRILL_SHORT = "1";

const files = ["test/browser/browser.test.ts", ...globSync("test/drill/**/*.drill.ts", { cwd: root }).sort()]
	.filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
	.map((file) => `${root}/${file}`);
if (files.length === 0) {
	process.stderr.write("no drill matches\n");
	process.exit(2);
}

const began = new Date();
const results = [];
const notes = new Map();
const events = run({
	files,
	concurrency: 1,
	timeout: seeds === undefined ? HANG_MS : SEEDS_HANG_MS,
	execArgv: ["-C", "source"],
	cwd: root,
});
for (const [event, isPassed] of [
	["test:pass", true],
	["test:fail", false],
]) {
	events.on(event, ({ name, file, details, nesting }) => {
		if (details.type === "suite" || file === undefined || name === file) return;
		results.push({ name: `${"– ".repeat(nesting)}${name}`, file, isPassed, seconds: details.duration_ms / 1000 });
	});
}
events.on("test:diagnostic", ({ message, file, nesting }) => {
	if (
		file === undefined || nesting === 0
			? /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /.test(message)
			: false
	)
		return;
	const at = results.at(-1);
	if (at === undefined) return;
	notes.set(at, [...(notes.get(at) ?? []), message]);
});
events.compose(new Spec()).pipe(process.stdout);
await new Promise((resolve) => events.once("end", resolve));

const isGood = results.length > 0 && results.every(({ isPassed }) => isPassed);
process.exitCode = isGood ? 0 : 1;
if (isShort) process.stdout.write(`\n${report()}`);
else {
	const day = began.toISOString().slice(0, 10);
	mkdirSync(`${root}/docs/reports`, { recursive: true });
	// Part of the drills must not replace a report of all of them.
	const part = wanted.length === 0 ? "" : `-${wanted.join("-").replaceAll(/[^a-z0-9]+/gi, "-")}`;
	const file = `docs/reports/${day}-drill${part}.md`;
	writeFileSync(`${root}/${file}`, report());
	process.stdout.write(`\nwritten: ${file}\n`);
}

function valueOf(flag) {
	const at = args.indexOf(flag);
	return at < 0 ? undefined : args[at + 1];
}

function report() {
	const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).trim();
	const memory = Math.round(totalmem() / 2 ** 30);
	const rows = results.map((result) => {
		const measured = (notes.get(result) ?? []).join("; ").replaceAll("|", "\\|");
		return `| ${basename(result.file).replace(/\.(drill|test)\.ts$/, "")} | ${result.name} | ${result.isPassed ? "passed" : "**failed**"} | ${result.seconds.toFixed(1)} | ${measured} |`;
	});
	return [
		`# Drill of ${began.toISOString().slice(0, 10)}`,
		"",
		`- Command: \`npm run drill${args.length > 0 ? ` -- ${args.join(" ")}` : ""}\` at commit ${commit}`,
		`- Machine: ${availableParallelism()} × ${cpus()[0]?.model.trim() ?? "unknown"}, ${memory} GiB, Linux ${release()}, Node ${process.version}`,
		`- Took ${Math.round((Date.now() - began.getTime()) / 1000)} s`,
		"",
		"| drill | what | result | seconds | measured |",
		"|---|---|---|---|---|",
		...rows,
		"",
	].join("\n");
}
