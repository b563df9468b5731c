// SPDX-License-Identifier: Apache-2.0
//
// Délais de conservation: each file that is due, with the three answers there are: later, with a reason; sealed into an
// archive with an end date; erased, of which only anonymous figures stay.
import { useState } from "preact/hooks";
import { run, useRun } from "../lib/core.js";
import { near, shift, today } from "../lib/dates.js";
import { t, wording } from "../lib/i18n.js";
import { fieldOf, kindLabel, optionsOf } from "../lib/pack.js";
import { href } from "../lib/router.js";
import { saveFile } from "../lib/share.js";
import { can, syncNow } from "../lib/state.js";
import { Badge, Button, Empty, Facts, Head, Note, Waiting } from "../ui/basic.jsx";
import { Dialog } from "../ui/dialog.jsx";
import { failed, toast } from "../ui/toast.jsx";

export function Retention() {
  const [all, setAll] = useState(false);
  const rows = useRun(["retention", "review", ...(all ? ["--all"] : [])])?.json;
  const agenda = useRun(["agenda"])?.json ?? [];
  const [asked, setAsked] = useState(null);
  return <>
    <Head title={t("plus.retention")} under={t("retention.help")} />
    <label class="check"><input type="checkbox" checked={all} onChange={(event) => setAll(event.currentTarget.checked)} /><span>{t("retention.all")}</span></label>
    {!rows ? <Waiting /> : rows.length === 0 ? <Empty><p>{t("retention.none")}</p></Empty>
      : <ul class="group">{rows.map((row) => <Due key={row.id} row={row} item={agenda.find((one) => one.record === row.id && one.rule === "REVUE")} ask={setAsked} />)}</ul>}
    {asked && <Ask asked={asked} onClose={() => setAsked(null)} />}
  </>;
}

function Due({ row, item, ask }) {
  const due = row.state === "review" || row.state === "purge";
  return (
    <li class="card" data-due={row.code}>
      <div class="group-head"><h2><a href={href("fiche", [row.id])}>{row.title}</a></h2><Badge tone={row.state === "purge" ? "bad" : due ? "late" : ""}>{t(`retention.${row.state}`)}</Badge></div>
      <Facts facts={[[t("retention.kind"), kindLabel(row.kind)], [t("retention.lastOn"), near(row.last_contact)], [t("retention.purgeOn"), near(row.purge)], [t("retention.until"), row.postponed_to && near(row.postponed_to)]]} />
      {due && <div class="buttons">
        {item && <Button icon="later" onClick={() => ask({ what: "later", row, item })}>{t("retention.later")}</Button>}
        <Button icon="pack" onClick={() => ask({ what: "archive", row })}>{t("retention.archive")}</Button>
        {row.state === "purge" && can("steward") && <Button danger icon="erase" onClick={() => ask({ what: "erase", row })}>{t("retention.erase")}</Button>}
      </div>}
    </li>
  );
}

function Ask({ asked: { what, row, item }, onClose }) {
  const finish = async (answer, text) => {
    onClose();
    if (failed(answer)) return;
    toast(text);
    if (navigator.onLine) syncNow();
  };
  const send = async (event) => {
    event.preventDefault();
    const form = event.currentTarget.elements;
    if (what === "later") return finish(await run(["postpone", item.id, form.until.value, `motif=${form.reason.value.trim()}`]), t("agenda.postponed", near(form.until.value)));
    if (what === "archive") {
      const name = `archive-${row.code}.passerelle`;
      const answer = await run(["retention", "archive", row.id, "--reason", form.reason.value, "--until", form.until.value, "--to", name]);
      if (answer.exit === 0 && answer.files[name]) saveFile(name, answer.files[name]);
      return finish(answer, t("retention.archived", near(form.until.value)));
    }
    const answer = await run(["retention", "apply", row.id]);
    const bad = answer.json?.find?.((one) => one.status === "refused");
    return finish(bad ? { exit: 1, error: bad.message } : answer, t("retention.erased", row.code));
  };
  const motives = Object.entries(optionsOf(fieldOf("archive_scellee", "motif")));
  return (
    <Dialog title={`${t(`retention.${what}`)} : ${row.title}`} onClose={onClose}>
      <form class="form" onSubmit={send}>
        {what === "erase" ? <Note tone="bad" icon="erase"><p>{t("retention.eraseSure")}</p></Note> : <>
          <p>{t(`retention.${what}Why`)}</p>
          <div class="field"><label for="until">{t("retention.until")}</label><input class="input" id="until" name="until" type="date" required min={shift(today(), 1)} value={shift(today(), what === "later" ? 90 : 1825)} /></div>
          <div class="field"><label for="reason">{t("grants.why")}</label>{what === "archive" && motives.length
            ? <select class="input" id="reason" name="reason">{motives.map(([key, option]) => <option key={key} value={key}>{wording(option.label)}</option>)}</select>
            : <input class="input" id="reason" name="reason" required maxLength={200} autocomplete="off" />}</div></>}
        <button class={`button full ${what === "erase" ? "danger" : "main"}`}>{t(`retention.${what}`)}</button>
      </form>
    </Dialog>
  );
}
