/**
 * Makes a client offer one WebSocket subprotocol only, and so pins framing and version.
 * @module
 */

/** What became of the pinned socket. */
export interface PinnedWebSocket {
	/** The subprotocol that the server chose; undefined before it did. */
	readonly subprotocol: string | undefined;
}

/**
 * Replace the global WebSocket by one that offers `pin` alone; "" leaves the offer as it is, and "none" offers nothing.
 * A client that does not offer `pin` itself then offers nothing, and fails.
 */
export function pinSubprotocol(pin: string): PinnedWebSocket {
	let last: WebSocket | undefined;
	globalThis.WebSocket = new Proxy(plain, {
		construct: (target, [url, protocols]: [string | URL, (string | string[])?]) => {
			const offered = protocols === undefined ? [] : [protocols].flat();
			if (pin !== "" && pin !== "none" && !offered.includes(pin)) {
				throw new Error(`the client does not offer ${pin}, only ${offered.join()}`);
			}
			last = new target(
				url,
				offered.filter((protocol) => pin === "" || protocol === pin),
			);
			return last;
		},
	});
	return {
		get subprotocol(): string | undefined {
			return last?.protocol;
		},
	};
}

const plain = globalThis.WebSocket;
