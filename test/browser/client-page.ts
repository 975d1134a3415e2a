/** The page of `client.ts`, bundled and served on loopback. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

/** What one window is to do. */
export interface ClientQuery {
	readonly relay: string;
	readonly name: string;
	readonly role: "publish" | "watch";
	/** What the window may use; "any" leaves the choice to the library. */
	readonly transport: "webtransport" | "websocket" | "any";
}

/** A server of that page; close it with `close`. */
export class ClientPage {
	readonly #server: Server;

	constructor(server: Server) {
		this.#server = server;
	}

	/** Bundle the script and listen. */
	static async start(): Promise<ClientPage> {
		const script = await bundle();
		const server = createServer((request, response) => {
			const isScript = request.url?.endsWith(".js") === true;
			response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
			response.end(isScript ? script : '<!doctype html><body><script type="module" src="/client.js"></script>');
		});
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		return new ClientPage(server);
	}

	/** The address of the page for one window. */
	url(query: ClientQuery): URL {
		const { port } = this.#server.address() as AddressInfo;
		return new URL(`http://localhost:${port}/?${new URLSearchParams({ ...query })}`);
	}

	close(): void {
		this.#server.closeAllConnections();
		this.#server.close();
	}
}

async function bundle(): Promise<string> {
	const folder = mkdtempSync(join(tmpdir(), "moq-browser-"));
	try {
		const build = await rolldown({ input: fileURLToPath(new URL("client.ts", import.meta.url)), logLevel: "silent" });
		await build.write({ file: join(folder, "client.js"), format: "esm", codeSplitting: false });
		await build.close();
		return readFileSync(join(folder, "client.js"), "utf8");
	} finally {
		rmSync(folder, { recursive: true });
	}
}
