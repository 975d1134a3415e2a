/**
 * Where the third-party clients lie: apart from our own packages, so that their bins and types stay apart too.
 * @module
 */

/** The address of a client's module, to be imported. */
export function peerModule(name: string): string {
	return new URL(`../peers/node_modules/${name}/index.js`, import.meta.url).href;
}
