// SPDX-License-Identifier: Apache-2.0
//
// Grants to an auditor: who may read which file or days, why, until when, and who confirmed. They stay listed for ever.
import { useState } from "preact/hooks";
import { run, useRun } from "../lib/core.js";
import { instant, near } from "../lib/dates.js";
import { t } from "../lib/i18n.js";
import { fieldLabel, kindLabel } from "../lib/pack.js";
import { can, status, syncNow } from "../lib/state.js";
import { Badge, Button, Empty, Facts, Group, Head, Waiting } from "../ui/basic.jsx";
import { failed, toast } from "../ui/toast.jsx";

export function Autorisations({ query }) {
  const rows = useRun(["audit", "grants"])?.json;
  const act = async (words) => {
    if (failed(await run(words))) return;
    toast(t("members.confirmed"));
    if (navigator.onLine) syncNow();
  };
  return <>
    <Head title={t("plus.autorisations")} under={t("grants.help")} />
    {can("auditor") && <Ask act={act} first={query.code} />}
    {!rows ? <Waiting /> : rows.length === 0 ? <Empty><p>{t("grants.none")}</p></Empty> : rows.map((one) => (
      <section class="card" key={one.hash}>
        <div class="group-head"><h2>{one.name}</h2><Badge tone={one.state === "open" ? "late" : ""}>{t(`grants.${one.state}`)}</Badge></div>
        <Facts facts={[[t("grants.code"), one.code], [t("grants.days"), one.from && `${near(one.from)} – ${one.to ? near(one.to) : ""}`], [t("grants.why"), one.reason],
          [t("grants.until"), one.expires && instant(one.expires)], [t("grants.second"), one.second_name], [t("invite.space"), one.space_name]]} />
        {one.state === "proposed" && can("admin") && <div><Button icon="check" onClick={() => act(["member", "confirm", one.hash])}>{t("members.confirm")}</Button></div>}
        {one.state === "open" && one.auditor === status.value?.device && <Opened hash={one.hash} />}
        {one.state === "open" && <div><Button onClick={() => act(["audit", "close", one.hash])}>{t("grants.close")}</Button></div>}
      </section>))}
  </>;
}

/** What the grant opens, read on demand: one line per value, with who wrote it. */
function Opened({ hash }) {
  const [rows, setRows] = useState(null);
  const read = async () => {
    const answer = await run(["audit", "read", hash]);
    if (!failed(answer)) setRows(answer.json);
  };
  if (!rows) return <div><Button main icon="eye" onClick={read}>{t("grants.read")}</Button></div>;
  if (!rows.length) return <p class="soft">{t("grants.nothing")}</p>;
  return (
    <div class="table-wrap flat" tabIndex={0} role="region" aria-label={t("grants.read")}><table>
      <thead><tr><th scope="col">{t("grants.field")}</th><th scope="col">{t("grants.value")}</th><th scope="col">{t("audit.who")}</th></tr></thead>
      <tbody>{rows.map((one, i) => <tr key={i}><td>{one.kind ? kindLabel(one.kind) : one.code}<br /><span class="soft small">{fieldLabel(one.kind, one.field)}</span></td>
        <td>{Array.isArray(one.value) ? one.value.join(", ") : String(one.value ?? "–")}</td><td>{one.author_name}<br /><span class="soft small">{instant(one.claimed_at)}</span></td></tr>)}</tbody>
    </table></div>
  );
}

function Ask({ act, first }) {
  const [code, setCode] = useState(first ?? "");
  const [reason, setReason] = useState("");
  return (
    <Group title={t("grants.ask")}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); act(["audit", "grant", code.trim(), "--reason", reason]); }}>
        <div class="field"><label for="code">{t("grants.code")}</label><input class="input code" id="code" required value={code} onInput={(event) => setCode(event.currentTarget.value)} /></div>
        <div class="field"><label for="reason">{t("grants.why")}</label><input class="input" id="reason" required value={reason} onInput={(event) => setReason(event.currentTarget.value)} /></div>
        <button class="button main full">{t("grants.send")}</button>
      </form>
    </Group>
  );
}
