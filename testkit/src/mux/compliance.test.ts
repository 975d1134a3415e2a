import { transportCompliance } from "../compliance/suite.ts";
import { muxFactory } from "./factory.ts";

for (const framing of ["webtransport", "qmux-00", "qmux-01", "qmux-02"] as const) {
	transportCompliance(`MuxConnection ${framing}`, muxFactory(framing), { seeds: [1, 2] });
}
