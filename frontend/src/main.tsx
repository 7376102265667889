import { render } from "preact";
import { App } from "./app";
import { Studio } from "./studio";
import { t } from "./texts";

const place = document.getElementById("app")!;

async function start(): Promise<void> {
  place.textContent = t("loading");
  try {
    const studio = await Studio.open();
    document.title = `${studio.facts.name} – tratteggio`;
    place.textContent = "";
    render(<App studio={studio} />, place);
    // For tests and for the curious: the very object that the page uses.
    Object.assign(window, { studio });
  } catch (error) {
    place.textContent = (error as Error).message || t("lost_connection");
  }
}

void start();
