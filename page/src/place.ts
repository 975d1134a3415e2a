/** Which relay path, broadcast and token the page is about: `?path=demo&name=clip.hang&jwt=…`. */
export interface Place {
	/** The URL that sessions dial, token included. */
	readonly relay: URL;
	readonly path: string;
	readonly name: string;
	readonly jwt: string | undefined;
}

/** Read the page's own address. */
export function readPlace(page: URL): Place {
	const path = (page.searchParams.get("path") ?? "demo").replace(/^\/+|\/+$/g, "");
	const name = page.searchParams.get("name") ?? "clip.hang";
	const jwt = page.searchParams.get("jwt") ?? undefined;
	const relay = new URL(`/${path}`, page.origin);
	if (jwt !== undefined) relay.searchParams.set("jwt", jwt);
	return { relay, path, name, jwt };
}
