import { prefersWebTransport, reachesByWebTransport } from "./browser-abilities.ts";
import { type Place, portOf } from "./place.ts";
import { askPin, type Problem } from "./relay-questions.ts";

/** The reconnecting connection of a player or publisher, as far as the page touches it. */
interface Reconnecting {
	delay: { initial: number; multiplier: number; max: number; timeout?: number };
	websocket?: { enabled?: boolean; delay?: number } | undefined;
	webtransport?: { serverCertificateHashes?: { value: string | BufferSource }[] };
	readonly url: { peek(): URL | undefined; set(url: URL | undefined): void };
	readonly established: { peek(): { readonly version: string; readonly transport?: string } | undefined };
}

/** How long a session over WebTransport alone may take before WebSocket is allowed again, in ms. */
const ALONE_MS = 5000;
/** Time between two questions whether UDP is open by now, in ms. */
const REACH_EVERY_MS = 10_000;

/**
 * The way of one player or publisher to the relay: which certificate it accepts, that it goes on trying, and that it moves from
 * WebSocket to WebTransport when that is possible after all.
 */
export class Way {
	readonly #place: Place;
	readonly #connection: Reconnecting;
	#isPinned = false;
	#aloneSince: number | undefined;
	#askedAt = Number.NEGATIVE_INFINITY;
	#isAsking = false;
	#problem: Problem | undefined;

	constructor(place: Place, connection: Reconnecting) {
		this.#place = place;
		this.#connection = connection;
		connection.delay = { initial: 500, multiplier: 2, max: 2000, timeout: 0 };
	}

	/** Find out which certificate to accept, and connect. */
	async open(): Promise<void> {
		await this.#choosePin();
		this.#connection.url.set(this.#place.relay);
	}

	/** What hinders WebTransport, while a session runs without it. */
	get problem(): Problem | undefined {
		return this.#connection.established.peek()?.transport === "websocket" ? this.#problem : undefined;
	}

	/**
	 * Hang up and dial anew, when there is a session: a transport may take half a minute to notice that nobody is at the other
	 * end. Resolves when that session is gone.
	 */
	async redial(): Promise<void> {
		if (this.#connection.established.peek() === undefined) return;
		this.#connection.url.set(undefined);
		// Not in the same turn: two changes of one turn would count as none.
		await new Promise((resolve) => setTimeout(resolve));
		this.#connection.url.set(this.#place.relay);
	}

	/** Look after the connection; to be called every half second or so. */
	tend(nowMs: number): void {
		const session = this.#connection.established.peek();
		if (this.#aloneSince !== undefined && (session !== undefined || nowMs - this.#aloneSince > ALONE_MS)) {
			this.#aloneSince = undefined;
			this.#connection.websocket = undefined;
		}
		if (session === undefined && this.#isPinned && this.#aloneSince === undefined) void this.#repin();
		if (session?.transport !== "websocket" || !prefersWebTransport()) return;
		if (nowMs - this.#askedAt > REACH_EVERY_MS) void this.#reach(nowMs);
	}

	/**
	 * A page over https has a certificate that the browser trusts, or one that its visitor accepted by hand; WebTransport takes
	 * the second kind by its hash only. Over http the library asks for the hash by itself.
	 */
	async #choosePin(): Promise<void> {
		if (this.#place.relay.protocol !== "https:" || !prefersWebTransport()) return;
		const pin = await askPin(this.#place);
		if (pin === undefined) return;
		const trusted = reachesByWebTransport(this.#place, undefined);
		const pinned = reachesByWebTransport(this.#place, pin);
		const first = await Promise.race([trusted.then((is) => is && "trusted"), pinned.then((is) => is && "pinned")]);
		this.#isPinned = first === "pinned" || (first === false && !(await trusted) && (await pinned));
		if (this.#isPinned) this.#connection.webtransport = { serverCertificateHashes: [{ value: pin }] };
	}

	/** A relay that comes back may have another throw-away certificate. */
	async #repin(): Promise<void> {
		if (this.#isAsking) return;
		this.#isAsking = true;
		const pin = await askPin(this.#place);
		if (pin !== undefined) this.#connection.webtransport = { serverCertificateHashes: [{ value: pin }] };
		this.#isAsking = false;
	}

	/** Find out whether WebSocket is all there is, or only was faster. */
	async #reach(nowMs: number): Promise<void> {
		if (this.#isAsking) return;
		this.#isAsking = true;
		this.#askedAt = nowMs;
		const pin = this.#isPinned || this.#place.relay.protocol === "http:" ? await askPin(this.#place) : undefined;
		const isOpen = await reachesByWebTransport(this.#place, pin);
		this.#isAsking = false;
		this.#problem = isOpen ? undefined : blocked(this.#place);
		if (!isOpen || this.#connection.established.peek()?.transport !== "websocket") return;
		this.#aloneSince = performance.now();
		this.#connection.websocket = { enabled: false };
		await this.redial();
	}
}

function blocked(place: Place): Problem {
	const port = portOf(place);
	return `UDP port ${port} seems to be blocked between this browser and the relay, so this plays over WebSocket, with more delay. Open UDP port ${port} in the firewall for WebTransport (a relay that was built without its engine has none).`;
}
