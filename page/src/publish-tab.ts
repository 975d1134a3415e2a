import "@moq/publish/element";
import { broadcastProblem, secureContextProblem } from "./diagnosis.ts";
import { part, showProblem } from "./page-part.ts";
import type { Place } from "./place.ts";

type Publisher = HTMLElementTagNameMap["moq-publish"];

/** The publish tab: camera, screen or a file, under a name of the visitor's choice. */
export class PublishTab {
	readonly #place: Place;
	#publisher: Publisher | undefined;

	constructor(place: Place) {
		this.#place = place;
		const name = part("publish-name", HTMLInputElement);
		name.value = `${crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36) ?? "mine"}.hang`;
		name.addEventListener("change", () => {
			if (this.#publisher !== undefined) this.#publisher.name = name.value.trim();
		});
		for (const button of document.querySelectorAll<HTMLButtonElement>("[data-source]")) {
			button.addEventListener(
				"click",
				() => void this.#publish(button.dataset["source"] === "screen" ? "screen" : "camera"),
			);
		}
		const file = part("publish-file", HTMLInputElement);
		file.addEventListener("change", () => {
			const chosen = file.files?.[0];
			if (chosen !== undefined) void this.#publish(chosen);
		});
		part("publish-stop", HTMLButtonElement).addEventListener("click", () => this.stop());
	}

	/** End what is published, if anything. */
	stop(): void {
		this.#publisher?.remove();
		this.#publisher = undefined;
		part("publish-state", HTMLElement).textContent = "Choose what to publish.";
	}

	async #publish(source: "camera" | "screen" | File): Promise<void> {
		const problem = secureContextProblem();
		showProblem(problem);
		if (problem !== undefined) return;
		this.stop();
		const publisher = document.createElement("moq-publish");
		const preview = document.createElement("video");
		preview.muted = true;
		preview.autoplay = true;
		publisher.append(preview);
		publisher.url = this.#place.relay;
		publisher.name = part("publish-name", HTMLInputElement).value.trim();
		publisher.source = source;
		this.#publisher = publisher;
		part("capture", HTMLElement).replaceChildren(publisher);
		const address = new URL(location.href);
		address.searchParams.set("name", publisher.name);
		part("publish-state", HTMLElement).textContent = `Publishing "${publisher.name}". Watch it at ${address.href}`;
		const refused = await broadcastProblem(this.#place, publisher.name);
		if (refused?.includes("token")) showProblem(refused);
	}
}
