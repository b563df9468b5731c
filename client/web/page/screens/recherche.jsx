// SPDX-License-Identifier: Apache-2.0
//
// Recherche: every record of this device, as it is typed; accents, case and alphabet do not matter.
import { useEffect, useRef, useState } from "preact/hooks";
import { run } from "../lib/core.js";
import { t } from "../lib/i18n.js";
import { kindLabel } from "../lib/pack.js";
import { Badge, Empty, Head, List, Row } from "../ui/basic.jsx";
import { nice } from "../ui/value.jsx";

export function Recherche({ query }) {
  const [text, setText] = useState(query.q ?? "");
  const [found, setFound] = useState(null);
  const box = useRef(null);
  useEffect(() => box.current.focus(), []);
  useEffect(() => {
    if (text.trim().length < 2) return setFound(null);
    let over = false;
    const timer = setTimeout(async () => {
      const answer = await run(["find", text.trim(), "--limit", "60"]);
      if (!over) setFound(answer.exit === 0 ? answer.json : []);
    }, 80);
    return () => { over = true; clearTimeout(timer); };
  }, [text]);
  return <>
    <Head title={t("search")} />
    <input ref={box} class="input" type="search" enterkeyhint="search" aria-label={t("search.hint")} placeholder={t("search.hint")} value={text} onInput={(event) => setText(event.currentTarget.value)} />
    <p class="unseen" role="status">{found ? t("search.count", found.length) : ""}</p>
    {found && (found.length ? <List label={t("search.results")}>
      {found.map((one) => <li key={one.id}><Row to={["fiche", [one.id]]} line={nice(one.title)} badge={<Badge>{kindLabel(one.kind)}</Badge>} /></li>)}
    </List> : <Empty><p>{t("search.none", text)}</p></Empty>)}
  </>;
}
