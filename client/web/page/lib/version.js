// SPDX-License-Identifier: Apache-2.0
//
// The service worker and its updates. A new version is taken while the device is locked, or when the person asks for
// it; never by itself while something may be typed.
import { signal } from "@preact/signals";
import { scriptURL } from "./trusted.js";

/** A new version stands ready. */
export const updateReady = signal(false);
let waiting = null;
let watching = false;
let taking = false;

export async function watchVersion() {
  if (watching || !("serviceWorker" in navigator)) return;
  watching = true;
  try {
    const registration = await navigator.serviceWorker.register(scriptURL("sw.js"), { updateViaCache: "none" });
    const look = () => {
      if (!registration.waiting || !navigator.serviceWorker.controller) return;
      waiting = registration.waiting;
      updateReady.value = true;
    };
    look();
    registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", look));
    addEventListener("online", () => registration.update().catch(() => {}));
  } catch { return; }
  navigator.serviceWorker.addEventListener("controllerchange", () => taking && location.reload());
}
/** Only the tab in which somebody asked for it starts anew: in another one something may be typed. */
export function takeUpdate() {
  taking = true;
  waiting?.postMessage("activate");
}

/** The hash of the bundle that runs (sw.js keeps bundle.json with it), to compare with what was published. */
export async function bundleHash() {
  try { return (await (await fetch("bundle.json")).json()).bundle; } catch { return null; }
}

/** The browser's own "install" question, when it offers one. */
export const installer = signal(null);
addEventListener("beforeinstallprompt", (event) => { event.preventDefault(); installer.value = event; });
addEventListener("appinstalled", () => (installer.value = null));
export const installed = () => matchMedia("(display-mode: standalone)").matches || navigator.standalone === true;
export const isApple = () => /iPhone|iPad/.test(navigator.userAgent) || (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1);
