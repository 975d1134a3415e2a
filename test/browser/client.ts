/** Runs in the browser: one publisher or one player, as the page's address says, and numbers about it on `window`. */
import "@moq/publish/element";
import "@moq/watch/element";

declare global {
	interface Window {
		/** Frames painted with new content, the transport and the protocol in use. */
		readout: () => { painted: number; transport: string; version: string };
	}
}

const query = new URL(location.href).searchParams;
const relay = new URL(query.get("relay") ?? "");
const name = query.get("name") ?? "camera.hang";
const webSocketOnly = query.get("transport") === "websocket";

if (webSocketOnly) Reflect.deleteProperty(globalThis, "WebTransport");
else Reflect.set(globalThis, "WebSocket", undefined);

if (query.get("role") === "publish") {
	const publisher = document.createElement("moq-publish");
	const preview = document.createElement("video");
	preview.muted = true;
	publisher.append(preview);
	publisher.url = relay;
	publisher.name = name;
	publisher.source = "camera";
	document.body.append(publisher);
	window.readout = () => {
		const session = publisher.connection.established.peek();
		return { painted: 0, transport: webSocketOnly ? "websocket" : "webtransport", version: session?.version ?? "" };
	};
} else {
	const player = document.createElement("moq-watch");
	const canvas = document.createElement("canvas");
	player.append(canvas);
	player.visible = "always";
	player.muted = true;
	player.url = relay;
	player.name = name;
	document.body.append(player);
	let painted = 0;
	let last = "";
	const probe = new OffscreenCanvas(32, 18);
	const context = probe.getContext("2d", { willReadFrequently: true });
	const look = (): void => {
		if (context !== null && canvas.width > 0 && canvas.height > 0) {
			context.drawImage(canvas, 0, 0, probe.width, probe.height);
			const seen = context.getImageData(0, 0, probe.width, probe.height).data.join();
			if (seen !== last) painted += 1;
			last = seen;
		}
		requestAnimationFrame(look);
	};
	look();
	window.readout = () => {
		const session = player.connection.established.peek();
		return { painted, transport: session?.transport ?? "", version: session?.version ?? "" };
	};
}
