/**
 * Builds the native engine when its sources or the compiler changed. Plain JavaScript, Node 20.
 *
 * As a command: 0 built or up to date, 3 no usable cargo (one line says so), 1 the build failed.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const crate = join(dirname(dirname(fileURLToPath(import.meta.url))), "packages", "engine", "native");
const library = join(crate, "moq-engine.node");
/** Beside the library: the hash of the sources it was built from, and the compiler that built it. */
const stamp = join(crate, "moq-engine.hash");
/** The oldest cargo that the crate's dependencies build with. */
const CARGO_MIN = [1, 88];

/**
 * Build the engine if need be. `profile` is "release" unless given; "quick" compiles faster and runs slower. Resolves to
 * whether the engine is there; if not, one line on standard error has said why.
 */
export async function buildEngine({ profile = "release" } = {}) {
	if (process.platform !== "linux") return missing(`the engine needs Linux, this is ${process.platform}`);
	const sources = hashSources(profile);
	const [built, builder] = existsSync(library) && existsSync(stamp) ? readFileSync(stamp, "utf8").split("\n") : [];
	const cargo = tool("cargo");
	const rustc = tool("rustc");
	if (cargo === undefined || rustc === undefined) {
		// a library of these very sources serves without its compiler
		if (built === sources) return true;
		return missing("the engine is not built: cargo is missing (cargo 1.88 or newer, https://rustup.rs)");
	}
	if (built === sources && builder === rustc) return true;
	if (!recent(cargo))
		return missing(`the engine is not built: it needs cargo ${CARGO_MIN.join(".")} or newer, this is ${cargo}`);
	return compile(profile, `${sources}\n${rustc}\n`);
}

function compile(profile, note) {
	process.stderr.write("building the engine (a minute or two the first time) …\n");
	const target = join(crate, "target");
	const args = ["build", "--locked", "--profile", profile, "--target-dir", target];
	const result = spawnSync("cargo", args, { cwd: crate, stdio: ["ignore", "inherit", "inherit"] });
	if (result.status !== 0) {
		process.stderr.write("the engine is not built: cargo failed, its messages are above\n");
		return false;
	}
	// renamed into place, so that a process which has the old library loaded keeps it whole
	copyFileSync(join(target, profile, "libmoq_engine.so"), `${library}.new`);
	renameSync(`${library}.new`, library);
	writeFileSync(stamp, note);
	return true;
}

function missing(line) {
	process.stderr.write(`${line}\n`);
	return false;
}

/** First line of `name --version`; undefined when there is no such tool. */
function tool(name) {
	const result = spawnSync(name, ["--version"], { cwd: crate, encoding: "utf8" });
	return result.status === 0 ? result.stdout.trim() : undefined;
}

function recent(version) {
	const found = /(\d+)\.(\d+)/.exec(version);
	if (found === null) return false;
	const [major, minor] = [Number(found[1]), Number(found[2])];
	return major > CARGO_MIN[0] || (major === CARGO_MIN[0] && minor >= CARGO_MIN[1]);
}

function hashSources(profile) {
	const hash = createHash("sha256").update(profile);
	for (const path of ["Cargo.toml", "Cargo.lock", "build.rs", ...rustFiles("src")]) {
		hash.update(`${path}\0`).update(readFileSync(join(crate, path)));
	}
	return hash.digest("hex");
}

function rustFiles(folder) {
	const entries = readdirSync(join(crate, folder), { withFileTypes: true, recursive: true });
	const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith(".rs"));
	return files.map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(crate.length + 1)).sort();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const built = await buildEngine(process.argv.includes("--quick") ? { profile: "quick" } : {});
	if (!built)
		process.exitCode = tool("cargo") === undefined || process.platform !== "linux" || !recent(tool("cargo")) ? 3 : 1;
}
