// The seats in a browser's page.

import { perform } from "./seats.mjs";

globalThis.perform = perform;
