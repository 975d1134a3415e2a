/**
 * A hostile publisher with an honest viewer.
 * @module
 */
import { announced, connect, type Viewing, view } from "./client.ts";
import { RawPublisher } from "./raw-publisher.ts";
import type { Target } from "./target.ts";

/** What there is once the viewer watches. */
export interface Watched {
	readonly publisher: RawPublisher;
	/** Id of the relay's subscription. */
	readonly subscribe: number;
	readonly viewing: Viewing;
}

/** Let an honest viewer watch the one track of a hostile publisher, and attack. */
export async function watched(
	target: Target,
	name: string,
	attack: (watched: Watched) => Promise<void>,
): Promise<void> {
	using publisher = await RawPublisher.open(target.port);
	publisher.announce(name);
	const viewer = await connect(target.relay.url("/"));
	const viewing = view(await announced(viewer, name), "video");
	await attack({ publisher, subscribe: await publisher.subscribed(), viewing });
	viewer.session.close(0, "");
}
