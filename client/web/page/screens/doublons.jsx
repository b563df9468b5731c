// SPDX-License-Identifier: Apache-2.0
//
// Doublons: pairs of records that look alike, side by side; made one, which can be undone later, or left as they are.
import { run, titlesOf, useRead, useRun } from "../lib/core.js";
import { t } from "../lib/i18n.js";
import { fieldLabel, kindLabel, visibleFields } from "../lib/pack.js";
import { href } from "../lib/router.js";
import { Badge, Button, Empty, Head, List, Row, Waiting } from "../ui/basic.jsx";
import { failed, toast } from "../ui/toast.jsx";
import { refsOf, valueText } from "../ui/value.jsx";

export const Doublons = ({ args: [a, b] }) => (b ? <Pair a={a} b={b} /> : <All />);

function All() {
  const rows = useRun(["duplicates"])?.json;
  return <>
    <Head title={t("duplicates.title")} />
    {!rows ? <Waiting /> : rows.length === 0 ? <Empty><p>{t("duplicates.none")}</p></Empty>
      : <List>{rows.slice(0, 200).map((one) => <li key={one.a + one.b}><Row to={["doublons", [one.a, one.b]]} line={one.a_title} under={one.b_title} badge={<Badge>{kindLabel(one.kind)}</Badge>} /></li>)}</List>}
  </>;
}

function Pair({ a, b }) {
  const data = useRead(async () => {
    const both = (await Promise.all([a, b].map((id) => run(["show", id])))).map((answer) => answer.json);
    return { both, titles: await titlesOf(both.flatMap((one) => (one ? refsOf(one.kind, one) : []))) };
  }, [a, b]);
  const both = data?.both;
  if (!both?.[0] || !both[1]) return <><Head title={t("duplicates.title")} /><Waiting /></>;
  const [one, two] = both;
  const fields = visibleFields(one.kind).filter((name) => one[name] || two[name]);
  const merge = async (kept, other) => {
    const answer = await run(["merge", kept.id, other.id]);
    if (failed(answer)) return;
    location.replace(href("fiche", [kept.id]));
    toast(t("duplicates.merged"), [[t("undo"), async () => { if (!failed(await run(["merge", "--undo", other.id]))) toast(t("undone"), [], 3); }]], 10);
  };
  const card = (record, other) => (
    <section class="card">
      <h2><a href={href("fiche", [record.id])}>{record.title}</a></h2>
      <dl class="facts">{fields.map((name) => <><dt>{fieldLabel(one.kind, name)}</dt><dd>{valueText(one.kind, name, record[name], data.titles) || "–"}</dd></>)}
        <dt>{t("duplicates.linked")}</dt><dd>{record.records?.length ?? 0}</dd></dl>
      <Button full onClick={() => merge(record, other)}>{t("duplicates.keep")}</Button>
    </section>
  );
  return <>
    <Head title={t("duplicates.title")} under={t("duplicates.help")} />
    <div class="versus">{card(one, two)}{card(two, one)}</div>
  </>;
}
