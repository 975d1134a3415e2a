/** What every door does first: install what is missing, build what changed, say what is happening. Plain JavaScript, Node 20. */
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The Node that the project pins, whatever Node runs this script. */
export const node = `${root}/node_modules/node/bin/node`;

/** Run a command with its output shown; returns the exit status. */
export function run(command, args, options = {}) {
	const result = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
	if (result.error) process.stderr.write(`${command}: ${result.error.message}\n`);
	return result.status ?? 1;
}

/** Run a command and end this process with its status when it fails. */
export function must(command, args, options) {
	const status = run(command, args, options);
	if (status !== 0) process.exit(status);
}

function installed(folder) {
	const mark = `${folder}/node_modules/.package-lock.json`;
	return existsSync(mark) && statSync(mark).mtimeMs >= statSync(`${folder}/package-lock.json`).mtimeMs;
}

/**
 * Install what the lockfile names in the project's folder, or in a folder of it with its own lockfile, unless that is done already.
 * Not `npm ci`: it refuses a lockfile that was made where only one platform's optional packages could be had.
 */
export function install(folder = root) {
	if (installed(folder)) return;
	process.stdout.write(`installing packages${folder === root ? "" : ` in ${folder.slice(root.length + 1)}`} …\n`);
	must("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: folder });
	if (folder === root && !existsSync(node)) {
		process.stderr.write('the package "node" did not bring its binary; run "npm rebuild node"\n');
		process.exit(1);
	}
}

/**
 * Build engine, packages and page. With `engine: "required"` a missing cargo ends the process; with "optional" it is said
 * in one line and the relay runs over WebSocket only. Returns whether the engine is there.
 */
export async function build({ engine }) {
	install();
	const { buildEngine } = await import("./build-engine.js");
	const built = await buildEngine();
	if (!built && engine === "required") process.exit(3);
	process.stdout.write("building packages …\n");
	must(`${root}/node_modules/.bin/tsc`, ["-b", "tsconfig.build.json"]);
	const page = await import("./build-page.js");
	await page.buildPage();
	return built;
}
