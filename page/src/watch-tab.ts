import "@moq/watch/element";
import { DroppedGroups } from "./dropped-groups.ts";
import { LiveEdge } from "./live-edge.ts";
import { part, say, showProblem } from "./page-part.ts";
import type { Place } from "./place.ts";
import { askStanding, type Problem } from "./relay-questions.ts";
import { Way } from "./way.ts";

/** How often the numbers under the picture are read, in ms. */
const STATUS_MS = 500;
/** How long without a picture before the page asks why, in ms. */
const PATIENCE_MS = 2500;
/** Time between two such questions, in ms. */
const ASK_EVERY_MS = 2000;
/** How long a broadcast may be live without a picture before the page says so, in ms. */
const PICTURELESS_MS = 10_000;

/** The watch tab: a player, what it runs on, and what is wrong when it shows nothing. */
export class WatchTab {
	readonly #place: Place;
	readonly #player: HTMLElementTagNameMap["moq-watch"] = document.createElement("moq-watch");
	readonly #way: Way;
	readonly #dropped: DroppedGroups;
	readonly #edge = new LiveEdge();
	readonly #alert = part("watch-problem", HTMLElement);
	#name: string;
	/** When the last picture was painted, or hope began anew. */
	#paintedAt = performance.now();
	#askedAt = Number.NEGATIVE_INFINITY;
	#isAsking = false;
	/** The page says that the relay does not answer. */
	#isSilent = false;

	constructor(place: Place) {
		this.#place = place;
		this.#name = place.name;
		this.#way = new Way(place, this.#player.connection);
		this.#dropped = new DroppedGroups((track) => track === this.#player.video.source.out.track.peek());
		const name = part("watch-name", HTMLInputElement);
		name.value = place.name;
		name.addEventListener("change", () => this.#follow(name.value));
		part("sound", HTMLButtonElement).addEventListener("click", () => this.#toggleSound());
	}

	/** Begin to play; resolves when the player is on its way. */
	async start(): Promise<void> {
		this.#player.append(document.createElement("canvas"));
		this.#player.muted = true;
		this.#player.name = this.#name;
		this.#measure();
		part("player", HTMLElement).replaceChildren(this.#player);
		setInterval(() => this.#report(performance.now()), STATUS_MS);
		await this.#way.open();
	}

	#follow(name: string): void {
		this.#name = name.trim();
		this.#dropped.clear();
		this.#player.name = this.#name;
		this.#paintedAt = performance.now();
		this.#showProblem(undefined);
	}

	#toggleSound(): void {
		this.#player.muted = !this.#player.muted;
		say(part("sound", HTMLButtonElement), this.#player.muted ? "Sound on" : "Sound off");
	}

	/** Note when media arrives and when it is painted. */
	#measure(): void {
		const { sync, renderer, signals, broadcast } = this.#player;
		const received = sync.received.bind(sync);
		sync.received = (timestamp, label) => {
			this.#edge.arrived(timestamp, performance.now());
			received(timestamp, label);
		};
		signals.subscribe(renderer.out.timestamp, (timestamp) => {
			if (timestamp === undefined) return;
			this.#paintedAt = performance.now();
			this.#edge.painted(timestamp, this.#paintedAt);
		});
		// Whoever publishes from now on may count time from elsewhere.
		signals.subscribe(broadcast.out.active, () => {
			this.#edge.reset();
			this.#player.reset();
		});
	}

	#report(nowMs: number): void {
		this.#way.tend(nowMs);
		this.#showSession();
		say(part("dropped", HTMLElement), String(this.#dropped.count));
		const isVisible = !document.hidden && !part("watch", HTMLElement).hidden;
		// Out of sight the player pauses, and that is no trouble.
		if (!isVisible) this.#paintedAt = nowMs;
		const isPlaying = nowMs - this.#paintedAt < PATIENCE_MS;
		say(part("behind", HTMLElement), isPlaying ? this.#behind() : "–");
		if (!isVisible) return;
		if (isPlaying) this.#settle();
		else if (nowMs - this.#askedAt > ASK_EVERY_MS) void this.#explain(nowMs);
	}

	/** What it runs on. Never beside the sentence that the relay does not answer: a new session takes that away. */
	#showSession(): void {
		const session = this.#player.connection.established.peek();
		if (session !== undefined && this.#isSilent) this.#showProblem(undefined);
		say(part("transport", HTMLElement), session === undefined ? "connecting …" : transportName(session.transport));
		say(part("version", HTMLElement), session?.version ?? "–");
	}

	#showProblem(problem: Problem | undefined, isSilent = false): void {
		this.#isSilent = isSilent;
		showProblem(this.#alert, problem);
	}

	/** While pictures come, all that may be wrong is the way that they come. */
	#settle(): void {
		const hasPainted = this.#player.renderer.out.timestamp.peek() !== undefined;
		if (hasPainted) this.#showProblem(this.#way.problem);
	}

	/** The delay in the player, plus half of the round trip to the relay. */
	#behind(): string {
		const { behindMs } = this.#edge;
		if (behindMs === undefined) return "–";
		const wayMs = (this.#player.connection.probe.peek()?.rtt ?? 0) / 2;
		return `${Math.round(behindMs + wayMs)} ms`;
	}

	/** Find out what is wrong; one question at a time. */
	async #explain(nowMs: number): Promise<void> {
		if (this.#isAsking) return;
		this.#isAsking = true;
		this.#askedAt = nowMs;
		const name = this.#name;
		const { established } = this.#player.connection;
		const before = established.peek();
		const standing = await askStanding(this.#place, name);
		this.#isAsking = false;
		const waitedMs = performance.now() - this.#paintedAt;
		// While the answer was under way, a picture came or another broadcast was asked for.
		if (waitedMs < PATIENCE_MS || name !== this.#name) return;
		if (standing.kind === "live") return this.#showProblem(this.#pictureless(waitedMs));
		const isSilent = standing.kind === "silent";
		// It came back meanwhile.
		if (isSilent && established.peek() !== undefined && established.peek() !== before) return;
		if (isSilent) await this.#way.redial();
		this.#showSession();
		this.#showProblem(standing.problem, isSilent);
	}

	/** The relay answers, the broadcast is live, and yet there is no picture. */
	#pictureless(waitedMs: number): Problem | undefined {
		const { source } = this.#player.video;
		if (source.out.error.peek() === "unsupported") {
			const codecs = Object.values(source.out.catalog.peek()?.renditions ?? {}).map(({ codec }) => codec);
			return `This browser can't decode "${this.#name}" (${codecs.join(", ")}). Publish it as H.264 or VP9, or try another browser.`;
		}
		if (waitedMs < PICTURELESS_MS) return undefined;
		if (this.#player.connection.established.peek() === undefined) {
			return `The relay answers over HTTP, but neither WebTransport nor WebSocket gets through to ${this.#place.relay.host}. A proxy between may hold them up; this page goes on trying.`;
		}
		return `"${this.#name}" is live, but no picture of it comes. Its publisher may have stalled, or sends sound only.`;
	}
}

function transportName(transport: string): string {
	return transport === "websocket" ? "WebSocket" : "WebTransport";
}
