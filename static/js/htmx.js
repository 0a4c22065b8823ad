/** htmx, by the name under which it is expected. */

import htmx from "htmx.org/dist/htmx.esm.js";

globalThis.htmx = htmx;
