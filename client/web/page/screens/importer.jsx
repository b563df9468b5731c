// SPDX-License-Identifier: Apache-2.0
//
// Reprendre un tableau: tried first, line by line, then written. A bad line never stops the others.
import { useState } from "preact/hooks";
import { run } from "../lib/core.js";
import { t } from "../lib/i18n.js";
import { kindLabel, pack } from "../lib/pack.js";
import { Badge, Button, Head, List, Note, Row, Segments } from "../ui/basic.jsx";
import { done, failed } from "../ui/toast.jsx";

export function Importer() {
  const kinds = [...new Set(Object.values(pack.value.import).map((one) => one.kind))];
  const [kind, setKind] = useState(kinds[0]);
  const [file, setFile] = useState(null);
  const [tried, setTried] = useState(null);
  const [doubles, setDoubles] = useState(false);
  const [busy, setBusy] = useState(false);
  const call = (bytes, of, extra) => run(["import", "tableau.csv", "--kind", of, ...extra], { files: { "tableau.csv": bytes } });
  const look = async (bytes, of) => {
    setBusy(true);
    const answer = await call(bytes, of, ["--dry-run"]);
    setBusy(false);
    setTried(answer);
  };
  const choose = async (event) => {
    const one = event.currentTarget.files[0];
    if (!one) return;
    const bytes = new Uint8Array(await one.arrayBuffer());
    setFile(bytes);
    look(bytes, kind);
  };
  const turn = (value) => { setKind(value); if (file) look(file, value); };
  const rows = Array.isArray(tried?.json) ? tried.json : tried?.json?.rows ?? [];
  const count = (state) => rows.filter((row) => row.status === state).length;
  const write = async () => {
    setBusy(true);
    const answer = await call(file, kind, doubles ? ["--duplicates"] : []);
    setBusy(false);
    if (answer.exit !== 0 && !Array.isArray(answer.json)) return failed(answer);
    const made = (answer.json ?? []).filter((row) => row.id).length;
    setTried(null);
    setFile(null);
    done(t("import.done", made), made);
  };
  const n = count("new") + (doubles ? count("duplicate") : 0);
  return <>
    <Head title={t("import.title")} />
    <Segments label={t("import.kind")} value={kind} onChange={turn} options={kinds.map((one) => [one, kindLabel(one, true)])} />
    <div class="field"><label for="file">{t("import.file")}</label><input class="input" id="file" type="file" accept=".csv,text/csv,text/plain" onChange={choose} /></div>
    {busy && <p role="status">{t("wait")}</p>}
    {tried && rows.length === 0 && <Note tone="bad" icon="alarm" role="alert"><p>{tried.error || t("reports.empty")}</p></Note>}
    {rows.length > 0 && <>
      <div class="badges" role="status"><Badge tone="good">{t("import.good")} : {count("new")}</Badge><Badge tone="late">{t("import.double")} : {count("duplicate")}</Badge><Badge tone="bad">{t("import.bad")} : {count("refused")}</Badge></div>
      {count("duplicate") > 0 && <label class="check"><input type="checkbox" checked={doubles} onChange={(event) => setDoubles(event.currentTarget.checked)} /><span>{t("import.doubles")}</span></label>}
      <Button main full disabled={busy || n === 0} onClick={write}>{t("import.do", n)}</Button>
      <List label={t("import.lines")}>{[...rows].filter((row) => row.status !== "empty").sort((a, b) => order(a) - order(b)).map((row) => (
        <li key={row.line}><Row line={row.title || t("import.line", row.line)} under={[t("import.line", row.line), row.message].filter(Boolean).join(" · ")}
          badge={<Badge tone={row.status === "refused" ? "bad" : row.status === "duplicate" ? "late" : "good"}>{t(`import.${row.status === "refused" ? "bad" : row.status === "duplicate" ? "double" : "good"}`)}</Badge>} /></li>))}</List>
    </>}
  </>;
}
const order = (row) => ({ refused: 0, duplicate: 1 })[row.status] ?? 2;
