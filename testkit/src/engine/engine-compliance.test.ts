import { after } from "node:test";
import { transportCompliance } from "../compliance/suite.ts";
import { engineFactory } from "./factory.ts";

for (const transport of ["quic", "webtransport"] as const) {
	const factory = await engineFactory(transport);
	transportCompliance(`Engine ${transport}`, factory, { seeds: [1, 2] });
	after(() => factory.close());
}
