import "@moq/watch/element";
import {
	broadcastProblem,
	certificatePin,
	type Problem,
	secureContextProblem,
	udpProblem,
	webTransportReach,
} from "./diagnosis.ts";
import { DroppedGroups } from "./dropped-groups.ts";
import { part, showProblem } from "./page-part.ts";
import type { Place } from "./place.ts";

type Player = HTMLElementTagNameMap["moq-watch"];

/** How often the numbers under the picture are read, in ms. */
const STATUS_MS = 500;
/** How long without a picture before the page asks why, in ms. */
const PATIENCE_MS = 4000;

/** The watch tab: a player, what it runs on, and what is wrong when it shows nothing. */
export class WatchTab {
	readonly #place: Place;
	readonly #player: Player = document.createElement("moq-watch");
	readonly #dropped = new DroppedGroups();
	#painted = -1;
	#paintedAt = performance.now();
	#asking = false;
	#name: string;

	constructor(place: Place) {
		this.#place = place;
		this.#name = place.name;
		this.#dropped.watch();
		const name = part("watch-name", HTMLInputElement);
		name.value = place.name;
		name.addEventListener("change", () => this.#follow(name.value));
		part("sound", HTMLButtonElement).addEventListener("click", () => this.#toggleSound());
	}

	/** Begin to play; resolves when the player is on the page. */
	async start(): Promise<void> {
		showProblem(secureContextProblem());
		const pin = await certificatePin(this.#place);
		// An https page already trusts the certificate, or its visitor accepted a throw-away one, which WebTransport only takes by its hash.
		if (
			pin !== undefined &&
			location.protocol === "https:" &&
			(await webTransportReach(this.#place, undefined)) !== "yes"
		) {
			this.#player.connection.webtransport = { serverCertificateHashes: [{ value: pin }] };
		}
		this.#player.append(document.createElement("canvas"));
		this.#player.muted = true;
		this.#player.visible = "always";
		this.#player.url = this.#place.relay;
		this.#player.name = this.#name;
		part("player", HTMLElement).replaceChildren(this.#player);
		setInterval(() => this.#report(pin), STATUS_MS);
	}

	#follow(name: string): void {
		this.#name = name.trim();
		this.#dropped.clear();
		this.#player.name = this.#name;
	}

	#toggleSound(): void {
		this.#player.muted = !this.#player.muted;
		part("sound", HTMLButtonElement).textContent = this.#player.muted ? "Sound on" : "Sound off";
	}

	#report(pin: string | undefined): void {
		const session = this.#player.connection.established.peek();
		part("transport", HTMLElement).textContent =
			session === undefined ? "connecting …" : transportName(session.transport);
		part("version", HTMLElement).textContent = session?.version ?? "–";
		part("behind", HTMLElement).textContent = this.#behind();
		part("dropped", HTMLElement).textContent = String(this.#dropped.count);
		const painted = this.#player.renderer.out.timestamp.peek() ?? -1;
		if (painted !== this.#painted) {
			this.#painted = painted;
			this.#paintedAt = performance.now();
			if (session?.transport === "webtransport" && isSecureContext) showProblem(undefined);
		}
		if (performance.now() - this.#paintedAt > PATIENCE_MS || session?.transport === "websocket")
			void this.#explain(pin);
	}

	/** Newest media received minus media painted, plus the way here: how far the picture is behind what the relay has. */
	#behind(): string {
		const painted = this.#player.renderer.out.timestamp.peek();
		const ranges = this.#player.video.out.buffered.peek();
		const newest = ranges.at(-1)?.end ?? this.#player.video.out.timestamp.peek();
		if (painted === undefined || newest === undefined) return "–";
		const way = (this.#player.connection.probe.peek()?.rtt ?? 0) / 2;
		return `${Math.round(Math.max(0, newest - painted) + way)} ms`;
	}

	/** Ask the relay over HTTP what is wrong; one question at a time. */
	async #explain(pin: string | undefined): Promise<void> {
		if (this.#asking) return;
		this.#asking = true;
		try {
			showProblem(secureContextProblem() ?? (await this.#reason(pin)));
		} finally {
			setTimeout(() => {
				this.#asking = false;
			}, PATIENCE_MS);
		}
	}

	async #reason(pin: string | undefined): Promise<Problem | undefined> {
		const reason = await broadcastProblem(this.#place, this.#name);
		if (reason !== undefined) return reason;
		if (this.#player.connection.established.peek()?.transport === "webtransport") return undefined;
		const reach = await webTransportReach(this.#place, pin);
		return reach === "blocked" ? udpProblem(this.#place) : undefined;
	}
}

function transportName(transport: string): string {
	return transport === "websocket" ? "WebSocket" : "WebTransport";
}
