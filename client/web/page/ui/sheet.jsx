// SPDX-License-Identifier: Apache-2.0
//
// A sheet that the core wrote, shown as it will be printed: its own document's body and styles, in a shadow of the page.
import { useEffect, useRef } from "preact/hooks";
import { parseHTML } from "../lib/trusted.js";

export function Sheet({ html, title }) {
  const host = useRef(null);
  useEffect(() => {
    const css = [];
    const made = parseHTML(html.replace(/<style>([^]*?)<\/style>/g, (all, text) => (css.push(text), "")).replaceAll(" style=\"", " data-style=\""));
    for (const one of made.querySelectorAll("[data-style]")) one.style.cssText = one.dataset.style;
    const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: "open" });
    const text = css.map((one) => one.replace(/@page\s*\{[^}]*\}/g, "").replace(/\bbody\s*\{/g, ":host{display:block;")).join("\n");
    const styles = new CSSStyleSheet();
    styles.replaceSync(text);
    root.adoptedStyleSheets = [styles];
    root.replaceChildren(...[...made.body.childNodes].map((node) => document.importNode(node, true)));
  }, [html]);
  return <article class="sheet" ref={host} tabIndex={0} aria-label={title} />;
}
