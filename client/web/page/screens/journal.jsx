// SPDX-License-Identifier: Apache-2.0
//
// Journal: every entry of the log without its content, newest first, one entry per edit; the check of all signatures and
// hashes runs on this device.
import { useState } from "preact/hooks";
import { run, useRun } from "../lib/core.js";
import { instant } from "../lib/dates.js";
import { t } from "../lib/i18n.js";
import { href } from "../lib/router.js";
import { saveFile } from "../lib/share.js";
import { can, status } from "../lib/state.js";
import { Badge, Button, Head, List, Note, Row, Waiting } from "../ui/basic.jsx";
import { failed } from "../ui/toast.jsx";

export function Journal() {
  const rows = useRun(["audit", "log"])?.json;
  const [checked, setChecked] = useState(null);
  const [many, setMany] = useState(100);
  const [device, setDevice] = useState("");
  const verify = async () => {
    setChecked("running");
    setChecked(await run(["audit", "verify", "--full"]));
  };
  const csv = async () => {
    const answer = await run(["audit", "log", "--csv", "journal.csv"]);
    if (!failed(answer) && answer.files["journal.csv"]) saveFile("journal.csv", answer.files["journal.csv"], "text/csv");
  };
  // One signed document for each space, which anybody can check without this page.
  const signed = async () => {
    for (const { name } of status.value?.spaces ?? []) {
      const answer = await run(["audit", "report", "--out", "journal-signe.txt", "--space", name]);
      if (failed(answer)) return;
      saveFile(`journal-${name}.txt`, answer.files["journal-signe.txt"], "text/plain");
    }
  };
  const names = [...new Set((rows ?? []).map((row) => row.author_name).filter(Boolean))].sort();
  const shown = (rows ?? []).filter((row) => !device || row.author_name === device).reverse();
  return <>
    <Head title={t("audit.title")} under={t("audit.help")} />
    <div class="buttons"><Button main icon="audit" disabled={checked === "running"} onClick={verify}>{checked === "running" ? t("audit.verifying") : t("audit.verify")}</Button>
      <Button icon="share" onClick={csv}>{t("audit.csv")}</Button>
      {can("auditor") || can("admin") ? <Button icon="audit" onClick={signed}>{t("audit.signed")}</Button> : null}</div>
    <div role="status" class="group">{checked && checked !== "running" && (checked.json?.spaces ?? []).map((space) =>
      <Note key={space.id} tone={space.ok ? "good" : "bad"} icon={space.ok ? "check" : "alarm"}><p>{space.ok ? t("audit.ok", space.name, space.size) : t("audit.bad", space.name, space.index)}</p>{space.error && <p class="small">{space.error}</p>}</Note>)}
      {checked?.error && <Note tone="bad" icon="alarm"><p>{checked.error}</p></Note>}</div>
    {names.length > 1 && <select class="input" aria-label={t("audit.who")} value={device} onChange={(event) => setDevice(event.currentTarget.value)}>
      <option value="">{t("audit.all")}</option>{names.map((name) => <option key={name}>{name}</option>)}</select>}
    {!rows ? <Waiting /> : <List>{shown.slice(0, many).map((row, i) => (
      <li key={i}><Row line={<>{row.author_name || t("history.unknown")} <span class="soft small">{t(`leaf.${row.kind}`)}{row.code && <> · <a class="code" href={href("fiche", [row.code])}>{row.code}</a></>}</span></>}
        under={[row.claimed_at && `${t("audit.claimed")} ${instant(row.claimed_at)}`, `${t("audit.received")} ${instant(row.received_at)}`, row.what && t(`audit.what.${row.what}`), row.late && t("audit.late"), row.skipped > 0 && t("audit.skipped", row.skipped), row.space].filter(Boolean).join(" · ")}
        badge={row.verdict !== "ok" ? <Badge tone="bad">{row.verdict}</Badge> : row.clock_suspect ? <Badge tone="late">{t("audit.clock")}</Badge> : null} /></li>))}</List>}
    {shown.length > many && <Button full onClick={() => setMany(many + 300)}>{t("more.lines", shown.length - many)}</Button>}
  </>;
}
