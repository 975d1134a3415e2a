/**
 * The operators' side of HTTP: health, metrics, and what is connected. Without authentication, so for a trusted network.
 * @module
 */
import { createServer, type Server } from "node:http";
import type { ListenAddress } from "../config/listen-address.ts";
import { PortError, resolveAddress } from "../listen/address.ts";
import { HTTP_HEADER_BYTES_MAX, HTTP_HEADERS_MS, HTTP_KEEP_ALIVE_MS, HTTP_REQUEST_MS } from "../listen/limits.ts";
import { type Reply, TEXT } from "./reply.ts";

/** What is asked of the relay; each is called once for each request. */
export interface InternalWebSource {
	/** False while draining or overloaded. */
	ready(): boolean;
	metrics(): Promise<{ readonly text: string; readonly contentType: string }>;
	/** As JSON. */
	nodes(): unknown;
	/** As JSON. */
	sessions(): unknown;
}

/** The operators' listener. */
export class InternalWeb {
	readonly #servers: readonly Server[];
	/** Where it listens. */
	readonly addresses: readonly ListenAddress[];

	private constructor(servers: readonly Server[], addresses: readonly ListenAddress[]) {
		this.#servers = servers;
		this.addresses = addresses;
	}

	/** Bind. @throws PortError */
	static async listen(address: ListenAddress, source: InternalWebSource): Promise<InternalWeb> {
		const servers: Server[] = [];
		const addresses: ListenAddress[] = [];
		let port = address.port;
		try {
			for (const host of await resolveAddress(address, "TCP")) {
				const server = makeServer(source);
				servers.push(server);
				port = await bind(server, { host, port });
				addresses.push({ host, port });
			}
		} catch (error) {
			for (const server of servers) server.close();
			throw error;
		}
		return new InternalWeb(servers, addresses);
	}

	close(): void {
		for (const server of this.#servers) {
			server.close();
			server.closeAllConnections();
		}
	}
}

function makeServer(source: InternalWebSource): Server {
	return createServer(
		{
			headersTimeout: HTTP_HEADERS_MS,
			requestTimeout: HTTP_REQUEST_MS,
			keepAliveTimeout: HTTP_KEEP_ALIVE_MS,
			maxHeaderSize: HTTP_HEADER_BYTES_MAX,
		},
		(request, response) => {
			request.resume();
			reply(request.method ?? "", request.url ?? "/", source).then(
				({ status, body = "", contentType = TEXT }) => {
					response.writeHead(status, { "content-type": contentType, "content-length": Buffer.byteLength(body) });
					response.end(request.method === "HEAD" ? undefined : body);
				},
				() => response.destroy(),
			);
		},
	);
}

async function reply(method: string, target: string, source: InternalWebSource): Promise<Reply> {
	if (method !== "GET" && method !== "HEAD") return { status: 405, body: "GET only\n" };
	switch (target.split("?", 1)[0]) {
		case "/health":
		case "/livez":
			return { status: 200, body: "ok\n" };
		case "/readyz":
			return source.ready() ? { status: 200, body: "ok\n" } : { status: 503, body: "draining\n" };
		case "/metrics": {
			const { text: body, contentType } = await source.metrics();
			return { status: 200, body, contentType };
		}
		case "/nodes":
			return json(source.nodes());
		case "/sessions":
			return json(source.sessions());
		default:
			return { status: 404, body: "/health /livez /readyz /metrics /nodes /sessions\n" };
	}
}

function json(value: unknown): Reply {
	return { status: 200, body: `${JSON.stringify(value)}\n`, contentType: "application/json" };
}

function bind(server: Server, { host, port }: ListenAddress): Promise<number> {
	return new Promise((resolve, reject) => {
		server.once("error", (error: NodeJS.ErrnoException) => {
			reject(new PortError({ protocol: "TCP", host, port }, { code: error.code ?? "", message: error.message }));
		});
		server.listen({ host, port }, () => {
			const address = server.address();
			resolve(address !== null && typeof address === "object" ? address.port : port);
		});
	});
}
