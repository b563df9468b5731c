// SPDX-License-Identifier: Apache-2.0
//
// Transfer: a whole file goes to another space, with its history; what is written late follows it.
import { useState } from "preact/hooks";
import { run, useRun } from "../lib/core.js";
import { t } from "../lib/i18n.js";
import { goInstead } from "../lib/router.js";
import { status, syncNow } from "../lib/state.js";
import { Button, Empty, Head, Note, Segments, Waiting } from "../ui/basic.jsx";
import { failed, toast } from "../ui/toast.jsx";

export function Transferer({ args: [id] }) {
  const record = useRun(["show", id])?.json;
  const [to, setTo] = useState(null);
  const [restricted, setRestricted] = useState("");
  if (!record) return <><Head title={t("transfer.title")} /><Waiting /></>;
  const spaces = (status.value?.spaces ?? []).filter((space) => space.state === "active" && space.level === "team" && space.id !== record.space);
  const closed = (status.value?.spaces ?? []).filter((space) => space.state === "active" && space.level === "restricted" && space.id !== record.space);
  const send = async () => {
    const answer = await run(["transfer", record.id, "--to", to, ...(restricted ? ["--restricted", restricted] : [])]);
    if (failed(answer)) return;
    toast(t("transfer.done", record.title, to));
    if (navigator.onLine) syncNow();
    goInstead("personnes");
  };
  return <>
    <Head title={t("transfer.title")} under={record.title} />
    <Note icon="later"><p>{t("transfer.what")}</p></Note>
    {spaces.length === 0 ? <Empty><p>{t("transfer.none")}</p></Empty> : <>
      <Segments label={t("invite.space")} value={to} onChange={setTo} options={spaces.map((one) => [one.name, one.name])} />
      {closed.length > 0 && <div class="field"><label for="restricted">{t("transfer.restricted")}</label>
        <select class="input" id="restricted" value={restricted} onChange={(event) => setRestricted(event.currentTarget.value)}>
          <option value="">{t("transfer.stays")}</option>{closed.map((one) => <option key={one.id} value={one.name}>{one.name}</option>)}</select></div>}
      <Button main full icon="later" disabled={!to} onClick={send}>{t("transfer.go")}</Button></>}
  </>;
}
