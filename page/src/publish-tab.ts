import "@moq/publish/element";
import { explainCapture } from "./capture-trouble.ts";
import { part, say, showProblem } from "./page-part.ts";
import type { Place } from "./place.ts";
import { askStanding, type Problem } from "./relay-questions.ts";
import { Way } from "./way.ts";

/** How often the state is looked at, in ms. */
const STATUS_MS = 500;
/** How long a beginning may take before the page asks what hinders it, in ms. */
const PATIENCE_MS = 2500;
/** Time between two such questions, in ms. */
const ASK_EVERY_MS = 2000;

type Source = "camera" | "screen" | File;

/** What is being published. */
interface Publication {
	readonly element: HTMLElementTagNameMap["moq-publish"];
	readonly way: Way;
	readonly source: Source;
	/** Since when nothing has changed for the better, in ms of the page. */
	since: number;
	/** The relay has listed it in the session that is up. */
	isListed: boolean;
}

/** The publish tab: camera, screen or a file, under a name of the visitor's choice. */
export class PublishTab {
	readonly #place: Place;
	readonly #name = part("publish-name", HTMLInputElement);
	readonly #alert = part("publish-problem", HTMLElement);
	readonly #state = part("publish-state", HTMLElement);
	readonly #link = part("publish-link", HTMLAnchorElement);
	#publication: Publication | undefined;
	#timer: ReturnType<typeof setInterval> | undefined;
	#askedAt = Number.NEGATIVE_INFINITY;
	#isAsking = false;

	constructor(place: Place) {
		this.#place = place;
		this.#name.value = `${crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36) ?? "mine"}.hang`;
		this.#name.addEventListener("change", () => this.#rename());
		part("publish-camera", HTMLButtonElement).addEventListener("click", () => this.#publish("camera"));
		part("publish-screen", HTMLButtonElement).addEventListener("click", () => this.#publish("screen"));
		part("publish-stop", HTMLButtonElement).addEventListener("click", () => this.stop());
		const file = part("publish-file", HTMLInputElement);
		file.addEventListener("change", () => {
			const chosen = file.files?.[0];
			file.value = ""; // so that the same file can be chosen again
			if (chosen !== undefined) this.#publish(chosen);
		});
	}

	/** End what is published, if anything. */
	stop(): void {
		clearInterval(this.#timer);
		const publication = this.#publication;
		this.#publication = undefined;
		if (publication !== undefined) {
			publication.element.source = undefined;
			publication.element.remove();
			publication.element.signals.close();
		}
		part("publish-stop", HTMLButtonElement).disabled = true;
		this.#link.hidden = true;
		showProblem(this.#alert, undefined);
		say(this.#state, "Choose what to publish.");
	}

	#publish(source: Source): void {
		this.stop();
		const element = document.createElement("moq-publish");
		const preview = document.createElement("video");
		preview.muted = true;
		preview.autoplay = true;
		preview.playsInline = true;
		element.append(preview);
		element.name = this.#name.value.trim();
		const way = new Way(this.#place, element.connection);
		this.#publication = { element, way, source, since: performance.now(), isListed: false };
		part("capture", HTMLElement).replaceChildren(element);
		element.source = source;
		part("publish-stop", HTMLButtonElement).disabled = false;
		this.#timer = setInterval(() => this.#report(performance.now()), STATUS_MS);
		this.#report(performance.now());
		void way.open();
	}

	#rename(): void {
		if (this.#publication === undefined) return;
		this.#publication.element.name = this.#name.value.trim();
		this.#publication.isListed = false;
		this.#publication.since = performance.now();
		this.#report(performance.now());
	}

	#report(nowMs: number): void {
		const publication = this.#publication;
		if (publication === undefined) return;
		const { element, way } = publication;
		way.tend(nowMs);
		const session = element.connection.established.peek();
		if (session === undefined) publication.isListed = false;
		const isOn = session !== undefined && isCapturing(publication) && publication.isListed;
		this.#link.hidden = !isOn;
		if (isOn) {
			publication.since = nowMs;
			const url = this.#watchUrl(element.name);
			this.#link.href = url.href;
			url.searchParams.delete("jwt"); // a token is not for the eyes of those who look on
			say(this.#link, url.href);
			say(this.#state, `Publishing "${element.name}" (${session.version}). Watch it at`);
			showProblem(this.#alert, undefined);
			return;
		}
		say(this.#state, isCapturing(publication) ? "Connecting …" : waitingFor(publication.source));
		const isDue = session !== undefined || nowMs - publication.since > PATIENCE_MS;
		if (isDue && nowMs - this.#askedAt > (session === undefined ? ASK_EVERY_MS : STATUS_MS)) {
			void this.#explain(publication, nowMs);
		}
	}

	#watchUrl(name: string): URL {
		const url = new URL(location.href);
		url.hash = "";
		url.searchParams.set("name", name);
		return url;
	}

	/** Find out what hinders it, or that nothing does; one question at a time. */
	async #explain(publication: Publication, nowMs: number): Promise<void> {
		if (this.#isAsking) return;
		this.#isAsking = true;
		this.#askedAt = nowMs;
		const { name } = publication.element;
		const standing = await askStanding(this.#place, name);
		const capture = isCapturing(publication) ? undefined : await explainCapture(publication.source);
		this.#isAsking = false;
		if (publication !== this.#publication || name !== publication.element.name) return;
		publication.isListed = standing.kind === "live";
		const hasWaited = performance.now() - publication.since > PATIENCE_MS;
		if (!hasWaited || standing.kind === "live") return;
		showProblem(
			this.#alert,
			standing.kind === "not-live" ? (capture ?? this.#unlisted(publication)) : standing.problem,
		);
	}

	/** The relay answers and takes the token, and yet does not list the broadcast. */
	#unlisted({ element }: Publication): Problem | undefined {
		if (element.connection.established.peek() === undefined) {
			return `The relay answers over HTTP, but neither WebTransport nor WebSocket gets through to ${this.#place.relay.host}. A proxy between may hold them up; this page goes on trying.`;
		}
		return `The relay does not list "${element.name}" under /${this.#place.path}. The token may not allow to publish it: make one with "moq-token sign" that does.`;
	}
}

function isCapturing({ element }: Publication): boolean {
	return element.broadcast.video.source.peek() !== undefined || element.broadcast.audio.source.peek() !== undefined;
}

function waitingFor(source: Source): string {
	if (source === "camera") return "Waiting for the camera: the browser asks whether this page may use it.";
	if (source === "screen") return "Waiting for the screen: the browser asks what to share.";
	return `Opening "${source.name}" …`;
}
