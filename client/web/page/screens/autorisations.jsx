// SPDX-License-Identifier: Apache-2.0
//
// Grants to an auditor: who may read which file or days, why, until when, and who confirmed. They stay listed for ever.
import { useState } from "preact/hooks";
import { run, useRun } from "../lib/core.js";
import { instant, near } from "../lib/dates.js";
import { t } from "../lib/i18n.js";
import { can, syncNow } from "../lib/state.js";
import { Badge, Button, Empty, Facts, Group, Head, Waiting } from "../ui/basic.jsx";
import { failed, toast } from "../ui/toast.jsx";

export function Autorisations() {
  const rows = useRun(["audit", "grants"])?.json;
  const act = async (words) => {
    if (failed(await run(words))) return;
    toast(t("members.confirmed"));
    if (navigator.onLine) syncNow();
  };
  return <>
    <Head title={t("plus.autorisations")} under={t("grants.help")} />
    {can("auditor") && <Ask act={act} />}
    {!rows ? <Waiting /> : rows.length === 0 ? <Empty><p>{t("grants.none")}</p></Empty> : rows.map((one) => (
      <section class="card" key={one.hash}>
        <div class="group-head"><h2>{one.name}</h2><Badge tone={one.state === "open" ? "late" : ""}>{t(`grants.${one.state}`)}</Badge></div>
        <Facts facts={[[t("grants.code"), one.code], [t("grants.days"), one.from && `${near(one.from)} – ${one.to ? near(one.to) : ""}`], [t("grants.why"), one.reason],
          [t("grants.until"), one.expires && instant(one.expires)], [t("grants.second"), one.second_name], [t("invite.space"), one.space_name]]} />
        {one.state === "proposed" && can("admin") && <div><Button icon="check" onClick={() => act(["member", "confirm", one.hash])}>{t("members.confirm")}</Button></div>}
        {one.state === "open" && <div><Button onClick={() => act(["audit", "close", one.hash])}>{t("grants.close")}</Button></div>}
      </section>))}
  </>;
}

function Ask({ act }) {
  const [code, setCode] = useState("");
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
