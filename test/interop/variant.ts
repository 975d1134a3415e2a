/**
 * Every way in which a client reaches the relay over WebSocket: which client, and which subprotocol it is held to.
 * @module
 */
import type { PeerName } from "./peer-client.ts";

/** A client and the one subprotocol it offers. */
export interface Variant {
	readonly client: PeerName;
	/** "" leaves the client's own offer. */
	readonly pin: string;
}

/** The variant's name in test titles and events. */
export function variantName(variant: Variant): string {
	return `${variant.client} ${variant.pin || "as it is"}`;
}

/** All of them: each client with each framing and each moq-lite version that it offers. */
export const VARIANTS: readonly Variant[] = [
	...["@moq/net", "net028"].flatMap((client) => current(client as PeerName)),
	...["", "qmux-01", "qmux-00", "webtransport"].map((pin): Variant => ({ client: "net019", pin })),
	...["", "qmux-00", "webtransport"].map((pin): Variant => ({ client: "oldlite", pin })),
];

/** Each client and each version at least once, framings mixed: what every test run crosses. */
export const REPRESENTATIVES: readonly Variant[] = [
	{ client: "@moq/net", pin: "qmux-02.moq-lite-05" },
	{ client: "@moq/net", pin: "qmux-01.moq-lite-04" },
	{ client: "@moq/net", pin: "webtransport" },
	{ client: "net028", pin: "" },
	{ client: "net028", pin: "qmux-00.moq-lite-03" },
	{ client: "net019", pin: "qmux-01" },
	{ client: "oldlite", pin: "qmux-00" },
	{ client: "oldlite", pin: "webtransport" },
];

/** Whether both ends of a crossing carry presentation times. */
export function carriesTimes(publisher: Variant, viewer: Variant): boolean {
	return [publisher, viewer].every(
		({ pin, client }) => pin.endsWith("moq-lite-05") || (pin === "" && isCurrent(client)),
	);
}

function current(client: PeerName): Variant[] {
	const framings = ["qmux-02", "qmux-01", "qmux-00"];
	const versions = ["moq-lite-05", "moq-lite-04", "moq-lite-03", "moql"];
	const pinned = framings.flatMap((framing) => versions.map((version) => `${framing}.${version}`));
	return ["", ...pinned, ...framings, "webtransport"].map((pin) => ({ client, pin }));
}

function isCurrent(client: PeerName): boolean {
	return client === "@moq/net" || client === "net028";
}
