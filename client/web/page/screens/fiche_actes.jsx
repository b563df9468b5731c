// SPDX-License-Identifier: Apache-2.0
//
// What else may be done with a record: history, print, hand over to the person, mark as an error.
import { useState } from "preact/hooks";
import { run, useRun } from "../lib/core.js";
import { languages, t } from "../lib/i18n.js";
import { kindOf } from "../lib/pack.js";
import { saveFile } from "../lib/share.js";
import { can } from "../lib/state.js";
import { IconButton, List, Note, Row } from "../ui/basic.jsx";
import { Dialog } from "../ui/dialog.jsx";
import { failed, toast } from "../ui/toast.jsx";

export function FicheActions({ record }) {
  const [open, setOpen] = useState(false);
  return <>
    <IconButton icon="more" label={t("fiche.actions")} onClick={() => setOpen(true)} />
    {open && <Dialog title={record.title} onClose={() => setOpen(false)}><Actions record={record} close={() => setOpen(false)} /></Dialog>}
  </>;
}

/** The right of access: what is noted, and who opened it, in the person's language; a page and the same as data. */
function Own({ record, close }) {
  const give = async (code) => {
    close();
    const answer = await run(["export-person", record.id, "--to", "dossier", "--in", code]);
    if (failed(answer)) return;
    for (const [name, bytes] of Object.entries(answer.files)) saveFile(name.split("/").pop(), bytes, name.endsWith(".html") ? "text/html" : "application/json");
    toast(t("own.given"));
  };
  return <>
    <Note tone="late" icon="alarm"><p>{t("own.help")}</p></Note>
    <List label={t("print.lang")}>{languages.map(([code, name]) => <li key={code}><Row onClick={() => give(code)} icon="share" line={<span lang={code}>{name}</span>} /></li>)}</List>
  </>;
}

function Actions({ record, close }) {
  const sheets = useRun(["print"]);
  const [own, setOwn] = useState(false);
  const mark = async () => {
    close();
    const answer = await run(["mistake", record.id, ...(record.mistake ? ["--off"] : [])]);
    if (!failed(answer)) toast(record.mistake ? t("fiche.unmarked") : t("fiche.marked"));
  };
  if (own) return <Own record={record} close={close} />;
  return (
    <List>
      <li><Row to={["historique", [record.id]]} icon="history" line={t("history")} onMouseUp={close} /></li>
      {(sheets?.json ?? []).filter((sheet) => sheet.kind === record.kind).map((sheet) =>
        <li key={sheet.sheet}><Row to={["imprimer", [sheet.sheet, record.id]]} icon="print" line={t("fiche.print", sheet.title)} /></li>)}
      {!record.locked && kindOf(record.kind)?.dossier === "self" && <li><Row to={["pieces", [record.id]]} icon="photo" line={t("photo.door")} under={t("photo.doorHelp")} /></li>}
      {record.kind === "personne" && <li><Row onClick={() => setOwn(true)} icon="share" line={t("own.title")} under={t("own.under")} /></li>}
      {!record.locked && <li><Row onClick={mark} icon="skip" line={record.mistake ? t("fiche.unmark") : t("fiche.mark")} under={record.mistake ? null : t("fiche.markHelp")} /></li>}
      {kindOf(record.kind)?.dossier === "self" && can("steward") && <li><Row to={["transferer", [record.id]]} icon="later" line={t("fiche.transfer")} /></li>}
      {kindOf(record.kind)?.dossier === "self" && can("steward") && <li><Row to={["effacer", [record.id]]} icon="erase" line={t("fiche.erase")} under={t("fiche.eraseHelp")} /></li>}
    </List>
  );
}
