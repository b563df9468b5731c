// SPDX-License-Identifier: Apache-2.0
//
// Imprimer: an A4 document, filled or blank, shown as it will leave the printer. What leaves is noted in the history.
import { useState } from "preact/hooks";
import { run, useRun, useSql } from "../lib/core.js";
import { lang, languages, t } from "../lib/i18n.js";
import { kindLabel } from "../lib/pack.js";
import { go } from "../lib/router.js";
import { saveFile } from "../lib/share.js";
import { Button, Head, List, Note, Row, Segments, Waiting } from "../ui/basic.jsx";
import { PickDialog } from "../ui/pick.jsx";
import { Sheet } from "../ui/sheet.jsx";

const read = (bytes) => new TextDecoder().decode(bytes);

export const Imprimer = ({ args: [sheet, record], query }) => (sheet ? <One sheet={sheet} record={record} blank={Boolean(query.blank)} /> : <Choose />);

function Choose() {
  const sheets = useRun(["print"])?.json;
  const [picking, setPicking] = useState(null);
  return <>
    <Head title={t("print.title")} under={t("print.choose")} />
    {!sheets ? <Waiting /> : <List>{sheets.map((one) => (
      <li key={one.sheet}>{one.kind
        ? <Row onClick={() => setPicking(one)} icon="print" line={one.title} under={kindLabel(one.kind)} />
        : <Row to={["imprimer", [one.sheet]]} icon="print" line={one.title} />}</li>))}</List>}
    {picking && <Pick sheet={picking} onClose={() => setPicking(null)} />}
  </>;
}

function Pick({ sheet, onClose }) {
  const rows = useSql(`SELECT id, '${sheet.kind}' AS kind, title(id) AS title FROM "${sheet.kind}" WHERE NOT mistake ORDER BY created_at DESC`);
  const blank = { id: "", title: t("print.blank"), kind: sheet.kind };
  return <PickDialog label={t("print.of")} rows={[blank, ...(rows ?? [])]} onClose={onClose}
    toggle={(id) => { onClose(); go("imprimer", id ? [sheet.sheet, id] : [sheet.sheet], id ? {} : { blank: 1 }); }} />;
}

function One({ sheet, record, blank }) {
  const sheets = useRun(["print"])?.json;
  const about = sheets?.find((one) => one.sheet === sheet);
  const [code, setCode] = useState(lang.value);
  const words = ["print", sheet, ...(record ? [record] : []), "--html", "document.html", ...(blank ? ["--blank"] : []), "--in", code];
  // Read once per choice: each call is noted as a print in the history.
  const [made, setMade] = useState({});
  const key = words.join(" ");
  if (!(key in made)) {
    made[key] = null;
    run(words).then((answer) => setMade((all) => ({ ...all, [key]: answer })));
  }
  const answer = made[key];
  const html = answer?.files?.["document.html"];
  return <>
    <Head title={about?.title ?? t("print.title")} />
    <div class="no-print group">
      <Note icon="alarm"><p>{t("print.warn")}</p></Note>
      {about?.person && <Segments label={t("print.lang")} value={code} onChange={setCode} options={languages} />}
      <div class="buttons"><Button main icon="print" disabled={!html} onClick={() => print()}>{t("print.now")}</Button>
        <Button icon="share" disabled={!html} onClick={() => saveFile(`${sheet}.html`, html, "text/html")}>{t("print.save")}</Button></div>
    </div>
    {!answer ? <Waiting /> : answer.exit !== 0 ? <Note tone="bad" icon="alarm"><p>{answer.error}</p></Note> : html && <Sheet html={read(html)} title={about?.title} />}
  </>;
}
