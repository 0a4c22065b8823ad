/** What every page does. Each module finds its own elements, also in parts that htmx brings later. */

import "./ago.js";
import "./bulk.js";
import "./confirm.js";
import "./copy.js";
import "./csrf.js";
import "./dialog.js";
import "./drafts.js";
import "./focus.js";
import "./generate.js";
import "./keys.js";
import "./live.js";
import "./morph.js";
import "./once.js";
import "./palette.js";
import "./passkeys.js";
import "./rename.js";
import "./restore.js";
import "./row-menu.js";
import "./save.js";
import "./screen.js";
import "./theme.js";
import "./time-zone.js";
import "./title.js";
import "./toast.js";
