// SPDX-License-Identifier: Apache-2.0
//
// Personnes: everybody this device may read, by name; a filter that needs no accents.
import { useState } from "preact/hooks";
import { useSql } from "../lib/core.js";
import { near } from "../lib/dates.js";
import { t } from "../lib/i18n.js";
import { optionLabel } from "../lib/pack.js";
import { fold } from "../lib/words.js";
import { Badge, Button, Empty, Head, LinkButton, List, Row, Waiting } from "../ui/basic.jsx";

const query = `SELECT p.id, title(p.id) AS name, p.alias, coalesce(p.etat, 'active') AS etat, title(p.site) AS site,
  (SELECT q.etat FROM parcours q WHERE q.personne = p.id AND NOT q.mistake ORDER BY q.created_at DESC LIMIT 1) AS parcours,
  (SELECT max(c.date) FROM contact c WHERE c.personne = p.id AND NOT c.mistake) AS last
  FROM personne p WHERE NOT p.mistake ORDER BY plie(name)`;

export function Personnes() {
  const people = useSql(query);
  const [text, setText] = useState("");
  const [many, setMany] = useState(100);
  const words = fold(text).split(/\s+/);
  const found = (people ?? []).filter((one) => words.every((word) => fold(`${one.name} ${one.alias ?? ""} ${one.site ?? ""}`).includes(word)));
  return <>
    <Head up={false} title={t("nav.people")}><LinkButton icon="plus" to={["nouveau", ["personne"], { quick: 1 }]}>{t("people.new")}</LinkButton></Head>
    {people === undefined ? <Waiting /> : people.length === 0 ? <Empty><p>{t("people.none")}</p></Empty> : <>
      {people.length > 8 && <input class="input" type="search" aria-label={t("people.filter")} placeholder={t("people.filter")} value={text} onInput={(event) => setText(event.currentTarget.value)} />}
      <p class="soft small" role="status">{t("people.count", found.length)}</p>
      {found.length > 0 && <List label={t("nav.people")}>
        {found.slice(0, many).map((one) => <li key={one.id}><Row to={["fiche", [one.id]]} face={one.name} line={one.name}
          under={[one.site, one.last && t("tour.seen", near(one.last))].filter(Boolean).join(" · ")}
          badge={one.etat !== "active" ? <Badge>{optionLabel("personne", "etat", one.etat)}</Badge> : one.parcours ? <Badge tone="key">{optionLabel("parcours", "etat", one.parcours)}</Badge> : null} /></li>)}
      </List>}
      {found.length > many && <Button full onClick={() => setMany(many + 200)}>{t("more.lines", found.length - many)}</Button>}
    </>}
  </>;
}
