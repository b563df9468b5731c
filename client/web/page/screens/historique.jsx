// SPDX-License-Identifier: Apache-2.0
//
// Historique: every value that was ever written to a record, each offline edit as an entry of its own.
import { run, titlesOf, useRead } from "../lib/core.js";
import { instant } from "../lib/dates.js";
import { t } from "../lib/i18n.js";
import { fieldLabel, kindLabel } from "../lib/pack.js";
import { Badge, Head, Note, Waiting } from "../ui/basic.jsx";
import { nice, refsOf, valueText } from "../ui/value.jsx";

async function read(id) {
  const [history, show] = await Promise.all([run(["history", id]), run(["show", id])]);
  if (history.exit !== 0) return { error: history.error };
  const kind = show.json?.kind;
  const titles = await titlesOf(history.json.flatMap((one) => refsOf(kind, { [one.field]: one.op ? [one.value] : one.value })));
  return { kind, title: show.json?.title, entries: history.json, titles };
}

export function Historique({ args: [id] }) {
  const data = useRead(() => read(id), [id]);
  if (!data) return <><Head title={t("history")} /><Waiting /></>;
  if (data.error) return <><Head title={t("history")} /><Note tone="bad" icon="alarm"><p>{data.error}</p></Note></>;
  // Entries of one author and second are one act.
  const acts = [];
  for (const one of data.entries) {
    const last = acts.at(-1);
    if (last && last.at === one.claimed_at && last.by === one.author_name) last.list.push(one);
    else acts.push({ at: one.claimed_at, by: one.author_name, received: one.received_at, pending: one.pending, list: [one] });
  }
  return <>
    <Head title={t("history")} under={nice(data.title)} />
    <ol class="acts">
      {acts.reverse().map((act, i) => (
        <li class="card" key={i}>
          <p><span class="strong">{act.by || t("history.unknown")}</span> <span class="soft">{instant(act.at)}</span></p>
          <dl class="facts">{act.list.map((one, j) => <><dt key={j}>{one.field === "kind" ? t("history.made") : one.field === "mistake" ? t("fiche.mistake") : one.field === "merged" ? t("history.merged") : fieldLabel(data.kind, one.field)}</dt>
            <dd>{one.op && <span aria-label={one.op === "+" ? t("history.added") : t("history.removed")}>{one.op} </span>}{one.field === "kind" ? kindLabel(data.kind) : valueText(data.kind, one.field, one.op ? [one.value] : one.value, data.titles) || t("history.empty")}
              {!one.live && <> <Badge>{t("history.replaced")}</Badge></>}</dd></>)}</dl>
          <p class="soft small">{act.pending ? t("history.pending") : t("history.received", instant(act.received))}</p>
        </li>
      ))}
    </ol>
  </>;
}
