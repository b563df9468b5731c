// SPDX-License-Identifier: Apache-2.0
//
// Conflits: one pair of cards per field, each value with its author and hour; one tap keeps one. The other stays in the
// history.
import { run, titlesOf, useRead } from "../lib/core.js";
import { instant } from "../lib/dates.js";
import { t } from "../lib/i18n.js";
import { fieldLabel, fieldOf, kindLabel } from "../lib/pack.js";
import { href } from "../lib/router.js";
import { Badge, Button, Empty, Head, Waiting } from "../ui/basic.jsx";
import { argument } from "../ui/field.jsx";
import { done, failed } from "../ui/toast.jsx";
import { nice, refsOf, valueText } from "../ui/value.jsx";

async function read(id) {
  const answer = await run(["conflicts", ...(id ? [id] : [])]);
  const list = answer.json ?? [];
  const titles = await titlesOf(list.flatMap((one) => one.values.flatMap(({ value }) => refsOf(one.kind, { [one.field]: value }))));
  return { list, titles };
}

export function Conflits({ args: [id] }) {
  const data = useRead(() => read(id), [id ?? ""]);
  return <>
    <Head title={t("conflicts.title")} under={data?.list.length ? t("conflicts.help") : null} />
    {!data ? <Waiting /> : data.list.length === 0 ? <Empty><p>{t("conflicts.none")}</p></Empty>
      : data.list.map((one) => <Conflict key={`${one.record} ${one.field}`} one={one} titles={data.titles} />)}
  </>;
}

function Conflict({ one, titles }) {
  const spec = fieldOf(one.kind, one.field);
  const choose = async (value) => {
    const answer = await run(["resolve", one.record, `${one.field}=${argument(spec, value)}`]);
    if (!failed(answer)) done(t("conflicts.kept"));
  };
  const label = fieldLabel(one.kind, one.field);
  return (
    <section class="group" aria-label={`${one.title}, ${label}`}>
      <h2><a href={href("fiche", [one.record])}>{nice(one.title) || kindLabel(one.kind)}</a> : {label} {one.critical && <Badge tone="late">{t("conflicts.critical")}</Badge>}</h2>
      <div class="versus">
        {one.values.map((value, i) => {
          const text = valueText(one.kind, one.field, value.value, titles) || t("conflicts.empty");
          return (
            <div class="card" key={i}>
              <p class="big">{text}</p>
              <p class="soft small">{value.author_name || t("history.unknown")}<br />{instant(value.claimed_at)}</p>
              {value.shown && <p><Badge>{t("conflicts.shown")}</Badge></p>}
              <Button main={Boolean(value.shown)} full onClick={() => choose(value.value)} aria-label={`${t("conflicts.keep")} : ${text}`}>{t("conflicts.keep")}</Button>
            </div>
          );
        })}
      </div>
    </section>
  );
}
