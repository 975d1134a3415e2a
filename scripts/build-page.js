/** Bundles the demo page into page/dist, when a source of it is newer than the bundle. */
import { cpSync, existsSync, readdirSync, statSync } from "node:fs";
import { root } from "./bootstrap.js";

/** Build the page; a folder that is up to date is left alone. */
export async function buildPage() {
	const out = `${root}/page/dist`;
	const sources = ["page/index.html", "page/page.css", "package-lock.json"];
	for (const name of readdirSync(`${root}/page/src`)) sources.push(`page/src/${name}`);
	const built = existsSync(`${out}/page.js`) ? statSync(`${out}/page.js`).mtimeMs : 0;
	if (sources.every((source) => statSync(`${root}/${source}`).mtimeMs < built)) return;
	process.stdout.write("building the page …\n");
	const { build } = await import("rolldown");
	await build({
		input: { page: `${root}/page/src/main.ts` },
		cwd: root,
		logLevel: "warn",
		output: { dir: out, format: "esm", minify: true, entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js" },
	});
	cpSync(`${root}/page/index.html`, `${out}/index.html`);
	cpSync(`${root}/page/page.css`, `${out}/page.css`);
}
