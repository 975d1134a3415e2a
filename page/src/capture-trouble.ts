import type { Problem } from "./relay-questions.ts";

/** Why nothing comes from a source, as far as the browser tells; undefined while it may only wait for its visitor. */
export async function explainCapture(source: "camera" | "screen" | File): Promise<Problem | undefined> {
	if (source instanceof File) {
		return `The browser can't play "${source.name}". Convert it to MP4 or WebM, or publish it with "moq publish".`;
	}
	if (source === "screen") return undefined;
	const devices = await navigator.mediaDevices.enumerateDevices();
	if (!devices.some(({ kind }) => kind === "videoinput" || kind === "audioinput")) {
		return "The browser finds no camera and no microphone on this machine. Connect one, or publish the screen or a file.";
	}
	if ((await isDenied("camera")) && (await isDenied("microphone"))) {
		return "The browser denies this page the camera and the microphone. Allow them in the settings of this site, beside its address.";
	}
	return undefined;
}

async function isDenied(name: "camera" | "microphone"): Promise<boolean> {
	try {
		return (await navigator.permissions.query({ name })).state === "denied";
	} catch {
		return false; // not every browser lets a page ask for these by name
	}
}
