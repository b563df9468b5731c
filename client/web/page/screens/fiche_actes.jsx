// SPDX-License-Identifier: Apache-2.0
//
// What else may be done with a record: history, print, mark as an error.
import { useState } from "preact/hooks";
import { run, useRun } from "../lib/core.js";
import { t } from "../lib/i18n.js";
import { kindOf } from "../lib/pack.js";
import { can } from "../lib/state.js";
import { IconButton, List, Row } from "../ui/basic.jsx";
import { Dialog } from "../ui/dialog.jsx";
import { failed, toast } from "../ui/toast.jsx";

export function FicheActions({ record }) {
  const [open, setOpen] = useState(false);
  return <>
    <IconButton icon="more" label={t("fiche.actions")} onClick={() => setOpen(true)} />
    {open && <Dialog title={record.title} onClose={() => setOpen(false)}><Actions record={record} close={() => setOpen(false)} /></Dialog>}
  </>;
}

function Actions({ record, close }) {
  const sheets = useRun(["print"]);
  const mark = async () => {
    close();
    const answer = await run(["mistake", record.id, ...(record.mistake ? ["--off"] : [])]);
    if (!failed(answer)) toast(record.mistake ? t("fiche.unmarked") : t("fiche.marked"));
  };
  return (
    <List>
      <li><Row to={["historique", [record.id]]} icon="history" line={t("history")} onMouseUp={close} /></li>
      {(sheets?.json ?? []).filter((sheet) => sheet.kind === record.kind).map((sheet) =>
        <li key={sheet.sheet}><Row to={["imprimer", [sheet.sheet, record.id]]} icon="print" line={t("fiche.print", sheet.title)} /></li>)}
      {!record.locked && <li><Row onClick={mark} icon="skip" line={record.mistake ? t("fiche.unmark") : t("fiche.mark")} under={record.mistake ? null : t("fiche.markHelp")} /></li>}
      {kindOf(record.kind)?.dossier === "self" && can("steward") && <li><Row to={["transferer", [record.id]]} icon="later" line={t("fiche.transfer")} /></li>}
      {kindOf(record.kind)?.dossier === "self" && can("steward") && <li><Row to={["effacer", [record.id]]} icon="erase" line={t("fiche.erase")} under={t("fiche.eraseHelp")} /></li>}
    </List>
  );
}
