// SPDX-License-Identifier: Apache-2.0
//
// Work that did not get through by itself: what the server refused (kept here, with its reason), and what a device that was
// removed handed over. Nothing goes before a person has decided.
import { useState } from "preact/hooks";
import { run, useRun } from "../lib/core.js";
import { instant } from "../lib/dates.js";
import { t } from "../lib/i18n.js";
import { kindLabel } from "../lib/pack.js";
import { syncNow } from "../lib/state.js";
import { Badge, Button, Empty, Group, Head, Note, Waiting } from "../ui/basic.jsx";
import { failed, toast } from "../ui/toast.jsx";

export function Reprises() {
  const refused = useRun(["refused"])?.json;
  const parcels = useRun(["adopt"])?.json;
  if (!refused || !parcels) return <><Head title={t("plus.reprises")} /><Waiting /></>;
  return <>
    <Head title={t("plus.reprises")} under={t("work.help")} />
    {refused.length + parcels.length === 0 && <Empty><p>{t("work.none")}</p></Empty>}
    {parcels.length > 0 && <Group title={t("work.parcels")}><ul class="group">{parcels.map((one) => <Parcel key={one.hash} one={one} />)}</ul></Group>}
    {refused.length > 0 && <Refused rows={refused} />}
  </>;
}

async function act(words, text) {
  if (failed(await run(words))) return;
  toast(text);
  if (navigator.onLine) syncNow();
}

/** Asks once more before something is dropped for good. */
function Sure({ label, sure, go }) {
  const [asked, setAsked] = useState(false);
  if (!asked) return <Button danger icon="erase" onClick={() => setAsked(true)}>{label}</Button>;
  return <Note tone="bad" icon="alarm"><p>{sure}</p><div class="buttons"><Button danger onClick={go}>{label}</Button><Button onClick={() => setAsked(false)}>{t("cancel")}</Button></div></Note>;
}

function Parcel({ one }) {
  return (
    <li class="card">
      <div class="group-head"><h3>{one.name}</h3><Badge tone="late">{t("work.changes", one.changes)}</Badge></div>
      <p class="soft small">{one.space_name}</p>
      {one.state === "queued" ? <p>{t("work.queued")}</p> : <>
        {!one.readable && <p class="soft">{t("work.closed")}</p>}
        <div class="buttons">
          {one.readable && <Button main icon="check" onClick={() => act(["adopt", one.device], t("work.adopted", one.name))}>{t("work.adopt")}</Button>}
          <Sure label={t("work.drop")} sure={t("work.dropSure", one.changes, one.name)} go={() => act(["adopt", one.device, "--discard"], t("work.dropped"))} />
        </div></>}
    </li>
  );
}

function Refused({ rows }) {
  return (
    <Group title={t("refused.title")}>
      <div class="buttons">
        <Button icon="sync" onClick={() => act(["sync", "--retry"], t("work.retried"))}>{t("work.retry")}</Button>
        <Button icon="share" onClick={() => act(["refused", "--hand-over"], t("work.handed"))}>{t("work.handOver")}</Button>
      </div>
      <ul class="group">{rows.map((one) => (
        <li class="card" key={one.number}>
          <div class="group-head"><h3>{one.kind ? kindLabel(one.kind) : t("work.changes", one.changes)}{one.code && <> <span class="code">{one.code}</span></>}</h3><Badge tone="bad">{t("work.refused")}</Badge></div>
          <p>{one.reason || one.status}</p><p class="soft small">{instant(one.made_at)} · {t("work.changes", one.changes)}</p>
          <div><Sure label={t("work.drop")} sure={t("work.discardSure", one.changes)} go={() => act(["refused", "--discard", one.number], t("work.dropped"))} /></div>
        </li>))}</ul>
    </Group>
  );
}
