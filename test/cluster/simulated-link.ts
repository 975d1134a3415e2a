/**
 * The client's own lasting link, dialling on a simulated network.
 * @module
 */
import { Link, type LinkUp } from "@moq-relay/client";
import type { Grant, Origin } from "@moq-relay/core";
import type { Fabric, Life } from "./fabric.ts";

/** Whose link it is, and where it leads. */
export interface LinkStart {
	readonly fabric: Fabric;
	readonly life: Life;
	readonly from: string;
	readonly urls: readonly URL[];
	readonly origin: Origin;
	/** What the relay may do. */
	readonly grant: Grant;
}

/** A link and the session that is up. */
export class SimulatedLink {
	/** Undefined between two sessions. */
	up: LinkUp | undefined;
	readonly #fabric: Fabric;
	readonly #link: Link;

	constructor({ fabric, life, from, urls, origin, grant }: LinkStart) {
		this.#fabric = fabric;
		this.#link = new Link({
			urls,
			origin,
			grant,
			clock: fabric.clockOf(life, { awaits: true }),
			dial: (url, signal) => fabric.dial({ from, url, life, signal }),
			sink: {
				onUp: (up) => {
					this.up = up;
					fabric.note(`${from} is up with ${up.url.hostname}`);
					fabric.touch();
				},
				onDown: ({ message, retryMs }) => {
					this.up = undefined;
					fabric.note(`${from} is down: ${message}, again in ${retryMs} ms`);
				},
			},
		});
		fabric.touch();
	}

	/** For good. */
	close(): void {
		this.#link.close();
		this.#fabric.touch();
	}
}
