// SPDX-License-Identifier: Apache-2.0
//
// Which of the page's four faces is shown: first run, locked, open, or a word about why not.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { core } from "../lib/core.js";
import { loadDrafts } from "../lib/draft.js";
import { t } from "../lib/i18n.js";
import { loadPack, pack } from "../lib/pack.js";
import { watchReminders } from "../lib/remind.js";
import { hidden, readStatus, stage, status, syncNow } from "../lib/state.js";
import { watchVersion } from "../lib/version.js";
import { Button, Waiting } from "../ui/basic.jsx";
import { Toast } from "../ui/toast.jsx";
import { FirstRun } from "./firstrun.jsx";
import { Lock } from "./lock.jsx";
import { watchLock } from "./watch.js";

/** The screens: most of the page's bytes, which nobody needs before a device is open. */
const shell = signal(null);
let coming = null;
function loadShell() {
  coming ??= import("./shell.jsx").then(({ Shell }) => (shell.value = Shell)).catch((error) => {
    coming = null;
    throw error;
  });
  return coming;
}

async function start(take) {
  stage.value = { state: "starting" };
  try {
    stage.value = await (take ? core.takeOver() : core.start());
  } catch (error) {
    stage.value = { state: "unsupported", error: String(error?.message ?? error) };
  }
  if (stage.value.state === "open") await opened();
  loadShell().catch(() => {}); // asked again when it is needed
  watchVersion();
}

/** After unlocking: what every screen needs, then one sync. */
export async function opened() {
  hidden.value = false;
  try { await loadShell(); } catch { return (stage.value = { ...stage.value, state: "partial" }); }
  await Promise.all([loadPack(), loadDrafts(), readStatus()]);
  stage.value = { ...stage.value, state: "open" };
  if (navigator.onLine && status.value?.spaces?.length) syncNow();
}

const Plain = ({ title, children }) => <main class="alone"><h1>{title}</h1>{children}</main>;

function Face() {
  switch (stage.value.state) {
    case "starting": return <main class="splash"><p>Passerelle</p></main>;
    case "none": return <FirstRun opened={opened} />;
    case "locked": return <Lock opened={opened} />;
    case "elsewhere": return <Plain title={t("elsewhere.title")}><p>{t("elsewhere.text")}</p><Button main full onClick={() => start(true)}>{t("elsewhere.take")}</Button></Plain>;
    case "partial": return <Plain title={t("partial.title")}><p>{t("first.notLoaded")}</p><Button main full onClick={opened}>{t("partial.again")}</Button></Plain>;
    case "unsupported": return <Plain title={t("unsupported.title")}><p>{t("unsupported.text")}</p>{stage.value.error && <p class="soft small">{stage.value.error}</p>}</Plain>;
    default: return pack.value && shell.value ? <shell.value /> : <Waiting />;
  }
}

export function App() {
  useEffect(() => {
    start(false);
    watchLock();
    watchReminders(() => stage.value.state === "open");
  }, []);
  return <>
    <Face />
    <Toast />
    {hidden.value && stage.value.state === "open" && <button type="button" class="veil" onClick={() => (hidden.value = false)}>{t("hidden.back")}</button>}
  </>;
}
