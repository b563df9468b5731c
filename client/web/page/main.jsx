// SPDX-License-Identifier: Apache-2.0
//
// The page starts here.
import { render } from "preact";
import { App } from "./app/app.jsx";
import { applyLook } from "./lib/look.js";
import { run } from "./lib/core.js";
import { syncEnd, syncNow } from "./lib/state.js";
import { lang, setLang } from "./lib/i18n.js";

// The same commands as at a terminal, for the console and for tests.
window.passerelle = { run, sync: syncNow, syncing: syncEnd };

setLang(lang.value);
applyLook();
const root = document.getElementById("app");
root.textContent = "";
render(<App />, root);
