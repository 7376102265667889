// Starts Chromium for several scenarios, prints how to connect to it, and ends with its standard input.
import { createRequire } from "node:module";

const [, , frontend, executablePath] = process.argv;
const { chromium } = createRequire(`${frontend}/package.json`)("playwright-core");
const server = await chromium.launchServer({ executablePath, args: ["--no-sandbox"], host: "127.0.0.1" });
console.log(server.wsEndpoint());
process.stdin.resume();
process.stdin.on("end", () => server.close());
