/** Runs in the browser: one publisher or one player, as the page's address says, and numbers about it on `window`. */
import "@moq/publish/element";
import "@moq/watch/element";
import { PaintCounter } from "./paint-counter.ts";

declare global {
	interface Window {
		/** New pictures painted, the longest wait between two of them in ms, and the protocol in use ("" before there is a session). */
		readout: () => { painted: number; longestGapMs: number; version: string };
	}
}

const query = new URL(location.href).searchParams;
const relay = new URL(query.get("relay") ?? "");
const name = query.get("name") ?? "camera.hang";

// What is not to be used is taken away, so that no library can use it all the same.
if (query.get("transport") === "websocket") Reflect.deleteProperty(globalThis, "WebTransport");
if (query.get("transport") === "webtransport") {
	Reflect.deleteProperty(globalThis, "WebSocket");
	Reflect.deleteProperty(globalThis, "WebSocketStream");
}

if (query.get("role") === "publish") {
	const publisher = document.createElement("moq-publish");
	const preview = document.createElement("video");
	preview.muted = true;
	publisher.append(preview);
	publisher.connection.delay = { initial: 200, multiplier: 2, max: 1000, timeout: 0 };
	publisher.url = relay;
	publisher.name = name;
	publisher.source = "camera";
	document.body.append(publisher);
	window.readout = () => {
		return { painted: 0, longestGapMs: 0, version: publisher.connection.established.peek()?.version ?? "" };
	};
} else {
	const player = document.createElement("moq-watch");
	const canvas = document.createElement("canvas");
	player.append(canvas);
	player.connection.delay = { initial: 200, multiplier: 2, max: 1000, timeout: 0 };
	player.visible = "always";
	player.muted = true;
	player.url = relay;
	player.name = name;
	document.body.append(player);
	const counter = new PaintCounter(canvas);
	window.readout = () => {
		const version = player.connection.established.peek()?.version ?? "";
		return { painted: counter.painted, longestGapMs: counter.longestGapMs, version };
	};
}
