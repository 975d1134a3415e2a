/**
 * Messages and peers that keep to the form.
 * @module
 */
import { BidiType, encodeSubscribe, LITE_05, type LiteVersion, openStream, parsePath } from "@moq-relay/wire";
import { RawPeer, type RawPeerOptions } from "./raw-peer.ts";
import { type Target } from "./target.ts";
import { until } from "./until.ts";

/** How an ordinary viewer wants its groups. */
export const DELIVERY = {
	priority: 1,
	ordered: false,
	latencyMs: 20_000,
	startGroup: undefined,
	endGroup: undefined,
} as const;

/** An interest in everything, of moq-lite-04 and 05. */
export const INTEREST: Uint8Array = Uint8Array.of(1, 2, 0, 0);

/** A stream that subscribes to the track "video". */
export function subscribe(id: number, broadcast = "honest/camera", version: LiteVersion = LITE_05): Uint8Array {
	const request = { id, broadcast: parsePath(broadcast), track: "video", ...DELIVERY };
	return openStream(BidiType.Subscribe, encodeSubscribe(request, version));
}

/** A session of moq-lite-05 that is served from here on, so that what follows is counted and not parked. */
export async function opened(target: Target, options: RawPeerOptions = {}): Promise<RawPeer> {
	const peer = await RawPeer.open(target.port, options);
	peer.setUp();
	await until(
		() => peer.streams.length > 0,
		() => "the relay says nothing",
	);
	return peer;
}

/** Let the transport have what was written, and hear what has come. */
export function turn(): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, 1));
}
