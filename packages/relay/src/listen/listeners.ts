/**
 * Everything that is listened on, bound together: where the system may choose a port, UDP and TCP get the same one.
 * @module
 */
import { createServer } from "node:net";
import type { Endpoint } from "@moq-relay/engine";
import type { DoorKind } from "../auth/authoriser.ts";
import { PortError } from "./address.ts";
import { PORT_ATTEMPTS_MAX } from "./limits.ts";
import type { ListenPlan, QuicPlace } from "./plan.ts";
import type { WebWorkers } from "./web-workers.ts";

/** How each kind is bound. */
export interface Binding {
	/** Undefined without an engine. */
	readonly quic: ((place: QuicPlace) => Promise<Endpoint>) | undefined;
	readonly web: (doors: ListenPlan["doors"]) => Promise<WebWorkers>;
}

/** A UDP address that is bound. */
export interface QuicDoor extends Omit<QuicPlace, "host" | "port"> {
	readonly endpoint: Endpoint;
}

/** What is bound. */
export interface Listeners {
	readonly quic: readonly QuicDoor[];
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
	const bound: QuicDoor[] = [];
	try {
		for (const place of plan.quic) {
			if (quic === undefined) break;
			const { kind, identities } = place;
			bound.push({ endpoint: await quic(place), kind, identities });
		}
		return { quic: bound, web: plan.doors.length === 0 ? undefined : await web(plan.doors) };
	} catch (error) {
		for (const { endpoint } of bound) endpoint.close();
		throw error;
	}
}

/** One free port stands for every 0 in the plan, another one for those of the listener for relays. */
async function choosePorts(plan: ListenPlan): Promise<ListenPlan> {
	let { quic, doors } = plan;
	for (const kind of ["public", "cluster"] as const) {
		const isOpen = (place: { readonly kind: DoorKind; readonly port: number }): boolean => {
			return place.kind === kind && place.port === 0;
		};
		const host = [...doors, ...quic].find(isOpen)?.host;
		if (host === undefined) continue;
		const port = await freePort(host);
		const withPort = <A extends Parameters<typeof isOpen>[0]>(place: A): A =>
			isOpen(place) ? { ...place, port } : place;
		quic = quic.map(withPort);
		doors = doors.map(withPort);
	}
	return { quic, doors };
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
