// SPDX-License-Identifier: Apache-2.0
//
// The one Trusted Types policy of the page. It lets through the names of our own scripts, and the sheets that the core
// writes, which are parsed into a document that runs nothing.
const policy = globalThis.trustedTypes?.createPolicy("passerelle", {
  createScriptURL(url) {
    const made = new URL(url, document.baseURI);
    if (made.origin !== location.origin) throw new TypeError("not a script of this page");
    return made.href;
  },
  createHTML: (text) => text,
});

/** A URL of this page's own scripts, for Worker and serviceWorker.register. */
export const scriptURL = (url) => (policy ? policy.createScriptURL(url) : url);

/** A document of its own from the core's HTML; scripts in it never run. */
export const parseHTML = (text) => new DOMParser().parseFromString(policy ? policy.createHTML(text) : text, "text/html");
