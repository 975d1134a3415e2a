/**
 * Everything that is listened on, bound together: where the system may choose a port, UDP and TCP get the same one.
 * @module
 */
import { createServer } from "node:net";
import type { Endpoint } from "@moq-relay/engine";
import { PortError } from "./address.ts";
import { PORT_ATTEMPTS_MAX } from "./limits.ts";
import type { ListenPlan } from "./plan.ts";
import type { WebWorkers } from "./web-workers.ts";

/** How each kind is bound. */
export interface Binding {
	/** Undefined without an engine. */
	readonly quic: ((address: { readonly host: string; readonly port: number }) => Promise<Endpoint>) | undefined;
	readonly web: (doors: ListenPlan["doors"]) => Promise<WebWorkers>;
}

/** What is bound. */
export interface Listeners {
	readonly endpoints: readonly Endpoint[];
	/** Undefined where there is no TCP address. */
	readonly web: WebWorkers | undefined;
}

/** Bind a plan. @throws PortError; nothing is left open then. */
export async function bindAll(plan: ListenPlan, binding: Binding): Promise<Listeners> {
	const chosen = [...plan.quic, ...plan.doors].some((address) => address.port === 0);
	for (let attempt = 1; ; attempt++) {
		try {
			return await bindOnce(chosen ? await choosePorts(plan) : plan, binding);
		} catch (error) {
			// Another process took a port between our choice and our bind, or has it for the other protocol.
			const unlucky = chosen && error instanceof PortError && error.code === "EADDRINUSE";
			if (!unlucky || attempt === PORT_ATTEMPTS_MAX) throw error;
		}
	}
}

async function bindOnce(plan: ListenPlan, { quic, web }: Binding): Promise<Listeners> {
	const endpoints: Endpoint[] = [];
	try {
		if (quic !== undefined) for (const address of plan.quic) endpoints.push(await quic(address));
		return { endpoints, web: plan.doors.length === 0 ? undefined : await web(plan.doors) };
	} catch (error) {
		for (const endpoint of endpoints) endpoint.close();
		throw error;
	}
}

/** One free port stands for every 0 in the plan. */
async function choosePorts(plan: ListenPlan): Promise<ListenPlan> {
	const { host } = [...plan.doors, ...plan.quic].find((address) => address.port === 0) ?? { host: "::" };
	const port = await freePort(host);
	const withPort = <A extends { readonly port: number }>(address: A): A =>
		address.port === 0 ? { ...address, port } : address;
	return { quic: plan.quic.map(withPort), doors: plan.doors.map(withPort) };
}

function freePort(host: string): Promise<number> {
	return new Promise((resolve, reject) => {
		const server = createServer();
		server.once("error", (error: NodeJS.ErrnoException) => {
			reject(new PortError({ protocol: "TCP", host, port: 0 }, { code: error.code ?? "", message: error.message }));
		});
		server.listen({ host, port: 0, exclusive: true }, () => {
			const address = server.address();
			const port = address !== null && typeof address === "object" ? address.port : 0;
			server.close(() => resolve(port));
		});
	});
}
