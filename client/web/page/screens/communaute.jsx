// SPDX-License-Identifier: Apache-2.0
//
// Communauté: meetings to come, topics, experience shared, contents of the pack.
import { useSql } from "../lib/core.js";
import { near, today } from "../lib/dates.js";
import { t, wording } from "../lib/i18n.js";
import { kindLabel, optionLabel, pack } from "../lib/pack.js";
import { status } from "../lib/state.js";
import { Badge, Empty, Fold, Group, Head, LinkButton, List, Note, Row, Waiting } from "../ui/basic.jsx";

export function Communaute({ args: [content] }) {
  if (content) return <Content content={pack.value.content[content]} />;
  return <All />;
}

function All() {
  const events = useSql("SELECT id, titre, serie, debut, lieu, distanciel FROM evenement WHERE NOT mistake ORDER BY debut");
  const topics = useSql("SELECT id, titre, etat, votes FROM sujet WHERE NOT mistake ORDER BY created_at DESC");
  const shared = useSql("SELECT id, titre, theme, date, 'rex' AS kind FROM rex WHERE NOT mistake UNION ALL SELECT id, titre, theme, NULL, 'rex_brouillon' FROM rex_brouillon WHERE NOT mistake ORDER BY 4 DESC");
  const open = (status.value?.spaces ?? []).length > 0;
  const event = (one) => <li key={one.id}><Row to={["fiche", [one.id]]} icon="today" line={one.titre} under={[near(one.debut.slice(0, 10)), one.debut.slice(11, 16), one.lieu].filter(Boolean).join(" · ")}
    badge={one.serie ? <Badge tone="key">{optionLabel("evenement", "serie", one.serie)}</Badge> : null} /></li>;
  const contents = Object.entries(pack.value.content).filter(([, one]) => !one.person && one.parts?.length);
  if (!events || !topics || !shared) return <><Head title={t("community.title")} /><Waiting /></>;
  const coming = events.filter((one) => one.debut.slice(0, 10) >= today());
  const past = events.filter((one) => one.debut.slice(0, 10) < today()).reverse();
  const add = (kind) => open && <LinkButton quiet icon="plus" to={["nouveau", [kind]]} aria-label={`${t("community.add")} : ${kindLabel(kind)}`}>{t("community.add")}</LinkButton>;
  return <>
    <Head title={t("community.title")} />
    {!open && <Note icon="link"><p>{t("community.none")}</p></Note>}
    <Group title={t("community.events")} action={add("evenement")}>{coming.length ? <List>{coming.map(event)}</List> : <p class="soft">–</p>}</Group>
    {past.length > 0 && <Fold title={t("community.past")}><List>{past.map(event)}</List></Fold>}
    <Group title={t("community.topics")} action={add("sujet")}>{topics.length ? <List>{topics.map((one) => <li key={one.id}><Row to={["fiche", [one.id]]} icon="note" line={one.titre} /></li>)}</List> : <p class="soft">–</p>}</Group>
    <Group title={t("community.rex")} action={add("rex_brouillon")}>{shared.length ? <List>{shared.map((one) => <li key={one.id}><Row to={["fiche", [one.id]]} icon="community" line={one.titre} badge={one.kind === "rex_brouillon" ? <Badge>{kindLabel("rex_brouillon")}</Badge> : null} /></li>)}</List> : <p class="soft">–</p>}</Group>
    {contents.length > 0 && <Group title={t("community.guides")}><List>{contents.map(([key, one]) => <li key={key}><Row to={["communaute", [key]]} icon="file" line={wording(one.title)} under={one.status} /></li>)}</List></Group>}
  </>;
}

function Content({ content }) {
  if (!content) return <><Head title={t("fiche.none")} /><Empty /></>;
  return <>
    <Head title={wording(content.title)} under={content.status} />
    {content.parts.map((part, i) => <section class="card" key={i}><h2>{wording(part.title)}</h2><p>{wording(part.text)}</p></section>)}
  </>;
}
