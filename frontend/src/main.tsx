import { render } from "preact";
import { base, get, type Facts, type Folder } from "./api";
import { App } from "./app";
import { Paintings } from "./folder";
import { Studio } from "./studio";
import { t } from "./texts";

const place = document.getElementById("app")!;

async function start(): Promise<void> {
  place.textContent = t("loading");
  try {
    const facts = await get<Facts | Folder>("facts");
    if ("paintings" in facts) {
      document.title = `${facts.folder} – tratteggio`;
      place.textContent = "";
      render(<Paintings folder={facts} />, place);
      return;
    }
    const studio = await Studio.open(facts);
    document.title = `${studio.facts.name} – tratteggio`;
    place.textContent = "";
    render(<App studio={studio} />, place);
    // For tests and for the curious: the very object that the page uses.
    Object.assign(window, { studio });
  } catch (error) {
    place.textContent = (error as Error).message || t("lost_connection");
    if (base === "/") return;
    const back = Object.assign(document.createElement("a"), { href: "/", textContent: t("back_to_folder") });
    place.append(document.createElement("br"), back);
  }
}

void start();
