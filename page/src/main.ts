/** The page's entry: two tabs over one place. */
import { part } from "./page-part.ts";
import { readPlace } from "./place.ts";
import { PublishTab } from "./publish-tab.ts";
import { WatchTab } from "./watch-tab.ts";

const TABS = ["watch", "publish"] as const;

function open(wanted: (typeof TABS)[number]): void {
	for (const tab of TABS) {
		part(`tab-${tab}`, HTMLElement).setAttribute("aria-selected", String(tab === wanted));
		part(tab, HTMLElement).hidden = tab !== wanted;
	}
}

for (const tab of TABS) part(`tab-${tab}`, HTMLElement).addEventListener("click", () => open(tab));
const place = readPlace(new URL(location.href));
const publish = new PublishTab(place);
addEventListener("pagehide", () => publish.stop());
await new WatchTab(place).start();
