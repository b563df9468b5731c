// SPDX-License-Identifier: Apache-2.0
//
// Aujourd'hui: what is due today, then what is late (folded), then the days to come. One tap answers an item; points of
// one visit stand on one card with a box each.
import { useState } from "preact/hooks";
import { run, useRun, useSql } from "../lib/core.js";
import { drafts } from "../lib/draft.js";
import { near, shift, today } from "../lib/dates.js";
import { t } from "../lib/i18n.js";
import { href } from "../lib/router.js";
import { status } from "../lib/state.js";
import { Badge, Button, Empty, Fold, Group, Head, LinkButton, List, Note, Row, Waiting } from "../ui/basic.jsx";
import { Dialog } from "../ui/dialog.jsx";
import { Icon } from "../ui/icon.jsx";
import { done, failed } from "../ui/toast.jsx";
import { nice } from "../ui/value.jsx";
import { FirstSteps } from "./premiers_pas.jsx";

/** Items of the same visit, record and day are one card. */
function cards(items) {
  const made = new Map();
  for (const item of items) {
    const key = item.visit ? `${item.visit}` : item.id;
    if (!made.has(key)) made.set(key, { key, items: [] });
    made.get(key).items.push(item);
  }
  return [...made.values()];
}

async function answer(words, text) {
  const result = await run(words);
  if (!failed(result)) done(text, Array.isArray(result.json) ? result.json.length : 1);
}

function Card({ card, phones, showDay }) {
  const [more, setMore] = useState(false);
  const [called, setCalled] = useState(false);
  const [first] = card.items;
  const id = card.items.length > 1 ? first.visit : first.id;
  const late = first.state === "overdue";
  const phone = phones?.[first.record] ?? phones?.[first.dossier];
  const name = nice(first.who || first.title);
  const tomorrow = shift(today(), 1);
  return (
    <li class="card due" data-rule={card.items.map((item) => item.rule).join(" ")} data-due={first.due}>
      <a class="due-what" data-item={first.id} href={href("fiche", [first.record])}>
        <span class="badges">
          {card.items.filter((item) => item.kind === "placement").map((item) => <Badge key={item.id} tone={late ? "late" : "key"}>{item.rule}</Badge>)}
          {late && <Badge tone="late">{t("agenda.late", first.days)}</Badge>}
          {first.proposal && <Badge>{t("agenda.proposal")}</Badge>}
          {showDay && !late && <span class="soft small">{near(first.due)}</span>}
        </span>
        <span class="line strong">{name}</span>
        <span class="under soft">{[...new Set(card.items.map((item) => `${item.series_label} : ${item.label}`))].join(" · ")}</span>
      </a>
      {card.items.length > 1 && <ul class="boxes">
        {card.items.map((item) => <li key={item.id}><button type="button" class="check-button" onClick={() => answer(["done", item.id], t("agenda.did", item.label))}>
          <span class="box" aria-hidden="true" />{item.series_label} <span class="soft">({t(`target.${item.target}`)})</span></button></li>)}
      </ul>}
      <div class="buttons due-acts">
        <Button main icon="check" class="grow" onClick={() => answer(["done", id], t("agenda.did", first.label))}>{card.items.length > 1 ? t("agenda.allDone") : t("agenda.done")}</Button>
        {phone && <a class="button" href={`tel:${phone.replace(/[^+\d]/g, "")}`} onClick={() => setCalled(true)} aria-label={t("agenda.call", name)}><Icon name="phone" />{t("call")}</a>}
        <Button icon="later" aria-label={t("agenda.postponeTo", near(tomorrow))} title={t("agenda.postpone")}
          onClick={() => answer(["postpone", id, tomorrow], t("agenda.postponed", near(tomorrow)))} />
        <Button icon="skip" aria-label={t("agenda.skip")} title={t("agenda.skip")} onClick={() => answer(["skip", id], t("agenda.skipped"))} />
        <Button icon="more" aria-label={t("agenda.more", name)} onClick={() => setMore(true)} />
      </div>
      {more && <More item={first} id={id} name={name} onClose={() => setMore(false)} />}
      {called && <Called item={first} id={id} name={name} onClose={() => setCalled(false)} />}
    </li>
  );
}

function More({ item, id, name, onClose }) {
  const day = (n) => shift(today(), n);
  const put = (date) => { onClose(); answer(["postpone", id, date], t("agenda.postponed", near(date))); };
  const note = (event) => {
    event.preventDefault();
    const text = event.currentTarget.elements.suite.value.trim();
    onClose();
    answer(["done", id, ...(text ? [`${item.kind === "placement" ? "suite" : "texte"}=${text}`] : [])], t("agenda.did", item.label));
  };
  return (
    <Dialog title={name} onClose={onClose}>
      <p class="soft">{item.series_label} : {item.label}</p>
      <Group title={t("agenda.postpone")}>
        <div class="chips">{[1, 2, 7, 14].map((n) => <button type="button" class="chip" key={n} onClick={() => put(day(n))}>{near(day(n))}</button>)}</div>
        <div class="field"><label for="other">{t("agenda.otherDay")}</label><input class="input" type="date" id="other" min={today()} onChange={(event) => event.currentTarget.value && put(event.currentTarget.value)} /></div>
      </Group>
      {item.kind === "placement" && <form class="form" onSubmit={note}>
        <div class="field"><label for="suite">{t("agenda.withNote")}</label><textarea class="input" id="suite" name="suite" /></div>
        <button class="button main full">{t("agenda.done")}</button>
      </form>}
      <LinkButton full to={["fiche", [item.record]]} icon="file">{t("agenda.open")}</LinkButton>
    </Dialog>
  );
}

/** After a call: what came of it. */
function Called({ item, id, name, onClose }) {
  const choose = (words, text) => { onClose(); answer(words, text); };
  const tomorrow = shift(today(), 1);
  return (
    <Dialog title={t("agenda.result")} onClose={onClose}>
      <p>{name}</p>
      <Button main full icon="check" onClick={() => choose(["done", id], t("agenda.did", item.label))}>{t("agenda.reached")}</Button>
      <Button full icon="later" onClick={() => choose(["postpone", id, tomorrow], t("agenda.postponed", near(tomorrow)))}>{t("agenda.noAnswer")}</Button>
      <Button full onClick={onClose}>{t("agenda.nothing")}</Button>
    </Dialog>
  );
}

const phoneQuery = `SELECT id, telephone AS tel FROM personne WHERE telephone IS NOT NULL UNION ALL
  SELECT id, telephone FROM entreprise WHERE telephone IS NOT NULL UNION ALL
  SELECT entreprise, tel FROM interlocuteur WHERE tel IS NOT NULL AND NOT mistake`;

function Drafts() {
  if (!drafts.value.length) return null;
  return (
    <Group title={t("drafts.title")}>
      <List>{drafts.value.map((one) => <li key={one.key}><a class="row" href={one.href}><Icon name="note" /><div><span class="line">{one.title}</span><span class="under">{t("drafts.goOn")}</span></div></a></li>)}</List>
    </Group>
  );
}

export function Agenda() {
  const agenda = useRun(["agenda", "--until", "+14"]);
  const plain = useRun(["agenda"]);
  const numbers = useSql(phoneQuery);
  const phones = Object.fromEntries((numbers ?? []).map((row) => [row.id, row.tel]));
  const items = (agenda?.exit === 0 ? agenda : plain)?.json;
  if (!items) return <><Head up={false} title={t("nav.today")} /><Waiting /></>;
  const now = today();
  const groups = { today: [], late: [], later: [] };
  for (const item of items) groups[item.due === now ? "today" : item.due < now ? "late" : "later"].push(item);
  const late = cards(groups.late.sort((a, b) => (a.due < b.due ? 1 : -1)));
  const days = new Map();
  for (const item of groups.later.sort((a, b) => (a.due < b.due ? -1 : 1))) days.set(item.due, [...(days.get(item.due) ?? []), item]);
  const none = !status.value?.spaces?.length;
  return <>
    <Head up={false} title={t("nav.today")} />
    {none && <Note icon="link"><p>{t("agenda.alone")}</p><div><LinkButton to={["rejoindre"]}>{t("join.title")}</LinkButton></div></Note>}
    <Drafts />
    {items.length === 0 && <FirstSteps />}
    {groups.today.length ? <ul class="group">{cards(groups.today).map((card) => <Card key={card.key} card={card} phones={phones} />)}</ul>
      : <p class="soft">{t("agenda.nothingToday")}</p>}
    {late.length > 0 && <Fold title={t("agenda.lateTitle", late.length)}><ul class="group">{late.map((card) => <Card key={card.key} card={card} phones={phones} />)}</ul></Fold>}
    {[...days].map(([day, list]) => <Group key={day} title={near(day)}><ul class="group">{cards(list).map((card) => <Card key={card.key} card={card} phones={phones} />)}</ul></Group>)}
    {items.length > 0 && <FirstSteps />}
    {items.length === 0 && <Empty><p>{t("agenda.empty")}</p></Empty>}
  </>;
}
