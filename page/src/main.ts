/** The page's entry: two tabs over one place. */
import { lackingAbility } from "./browser-abilities.ts";
import { part, showProblem } from "./page-part.ts";
import { readPlace } from "./place.ts";
import { PublishTab } from "./publish-tab.ts";
import { startTabs } from "./tabs.ts";
import { WatchTab } from "./watch-tab.ts";

startTabs();
const lacking = lackingAbility();
showProblem(part("problem", HTMLElement), lacking);
if (lacking !== undefined) {
	for (const main of document.getElementsByTagName("main")) main.inert = true;
} else {
	const place = readPlace(new URL(location.href));
	const publish = new PublishTab(place);
	addEventListener("pagehide", () => publish.stop());
	await new WatchTab(place).start();
}
