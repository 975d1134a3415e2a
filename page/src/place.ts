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

/** A page of the relay's, as `/announced/demo`, with the token of the place. */
export function pageOf(place: Place, path: string): URL {
	const url = new URL(path, place.relay);
	if (place.jwt !== undefined) url.searchParams.set("jwt", place.jwt);
	return url;
}

/** The port of the relay, also where the address leaves it out. */
export function portOf(place: Place): string {
	return place.relay.port || (place.relay.protocol === "https:" ? "443" : "80");
}
