import { part } from "./page-part.ts";

/** The tabs, as they stand in the page. */
const TABS = ["watch", "publish"] as const;
type Tab = (typeof TABS)[number];

/** Make the tabs work with pointer and keyboard (arrows, Home, End), and open the one that the address names. */
export function startTabs(): void {
	for (const tab of TABS) {
		const button = buttonOf(tab);
		button.addEventListener("click", () => open(tab));
		button.addEventListener("keydown", (event) => {
			const wanted = reached(tab, event.key);
			if (wanted === undefined) return;
			event.preventDefault();
			open(wanted);
			buttonOf(wanted).focus();
		});
	}
	open(location.hash === "#publish" ? "publish" : "watch");
}

function open(wanted: Tab): void {
	for (const tab of TABS) {
		const isOpen = tab === wanted;
		buttonOf(tab).setAttribute("aria-selected", String(isOpen));
		buttonOf(tab).tabIndex = isOpen ? 0 : -1;
		part(tab, HTMLElement).hidden = !isOpen;
	}
}

function reached(from: Tab, key: string): Tab | undefined {
	const at = TABS.indexOf(from);
	switch (key) {
		case "ArrowRight":
			return TABS[(at + 1) % TABS.length];
		case "ArrowLeft":
			return TABS[(at + TABS.length - 1) % TABS.length];
		case "Home":
			return TABS[0];
		case "End":
			return TABS.at(-1);
		default:
			return undefined;
	}
}

function buttonOf(tab: Tab): HTMLButtonElement {
	return part(`tab-${tab}`, HTMLButtonElement);
}
