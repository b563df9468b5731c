// SPDX-License-Identifier: Apache-2.0
//
// Rapports: what the pack's reports say of what this device can read, as charts with their tables, each figure with its
// definition. Nothing is ranked; small numbers are masked in the shared version.
import { useState } from "preact/hooks";
import { run, useRun } from "../lib/core.js";
import { near, today } from "../lib/dates.js";
import { t, wording } from "../lib/i18n.js";
import { optionLabel, pack } from "../lib/pack.js";
import { saveFile } from "../lib/share.js";
import { Button, Head, List, Note, Row, Waiting } from "../ui/basic.jsx";
import { Bars } from "../ui/chart.jsx";
import { failed } from "../ui/toast.jsx";

export const Rapports = ({ args: [report] }) => (report ? <One key={report} report={report} /> : <All />);

function All() {
  const list = useRun(["report"])?.json;
  return <>
    <Head title={t("reports.title")} under={t("reports.help")} />
    {!list ? <Waiting /> : <List>{list.filter((one) => Object.keys(pack.value.report[one.report]?.parts ?? {}).length).map((one) =>
      <li key={one.report}><Row to={["rapports", [one.report]]} icon="report" line={one.title} under={one.code} /></li>)}</List>}
  </>;
}

const initial = (word) => (word === "debut_annee" ? `${today().slice(0, 4)}-01-01` : word === "fin_annee" ? `${today().slice(0, 4)}-12-31` : word === "aujourdhui" ? today() : word ?? "");

function One({ report }) {
  const spec = pack.value.report[report];
  const params = Object.entries(spec?.params ?? {});
  const [values, setValues] = useState(Object.fromEntries(params.map(([name, param]) => [name, initial(param.initial)])));
  const [shared, setShared] = useState(false);
  const ready = params.every(([name]) => values[name]);
  const words = ["report", report, ...params.filter(([name]) => values[name]).map(([name]) => `${name}=${values[name]}`), ...(shared ? ["--shared"] : [])];
  const answer = useRun(ready ? words : ["report"]);
  const csv = async () => {
    const made = await run([...words, "--csv", `${report}.csv`]);
    if (!failed(made) && made.files[`${report}.csv`]) saveFile(`${report}.csv`, made.files[`${report}.csv`], "text/csv");
  };
  return <>
    <Head title={wording(spec?.title) || report} under={report} />
    <div class="no-print group">
      {params.length > 0 && <div class="with-chips">{params.map(([name, param]) => (
        <div class="field" key={name}><label for={name}>{wording(param.label)}</label>
          <input class="input" id={name} type={param.type === "date" ? "date" : "text"} value={values[name]} onChange={(event) => setValues({ ...values, [name]: event.currentTarget.value })} /></div>))}</div>}
      <label class="check"><input type="checkbox" checked={shared} onChange={(event) => setShared(event.currentTarget.checked)} /><span>{t("reports.shared")}</span></label>
      <div class="buttons"><Button icon="share" onClick={csv} disabled={!ready}>{t("reports.csv")}</Button><Button icon="print" onClick={() => print()}>{t("reports.print")}</Button></div>
    </div>
    {!answer ? <Waiting /> : answer.exit !== 0 ? <Note tone="bad" icon="alarm"><p>{answer.error}</p></Note>
      : ready && answer.json?.parts?.map((part) => <Part key={part.part} part={part} spec={spec.parts[part.part]} masked={answer.json.shared} />)}
  </>;
}

function Part({ part, spec, masked }) {
  const columns = part.rows?.length ? Object.keys(part.rows[0]) : Object.keys(spec.columns ?? {});
  const columnLabel = (key) => wording(spec.columns?.[key]?.label) || key;
  const word = (key, value) => {
    if (value === null || value === undefined) return masked && spec.columns?.[key]?.count ? t("reports.masked") : "–";
    const of = spec.columns?.[key]?.of;
    if (of) { const [kind, field] = of.split("."); return optionLabel(kind, field, value); }
    return /^\d{4}-\d{2}-\d{2}$/.test(value) ? near(value) : String(value);
  };
  const rows = part.rows ?? [];
  return (
    <section class="card">
      <h2>{part.title}</h2>
      {rows.length === 0 ? <p class="soft">{t("reports.empty")}</p>
        : spec.layout === "figures" ? <dl class="figures">{columns.map((key) => <div key={key}><dt>{columnLabel(key)}</dt><dd>{word(key, rows[0][key])}</dd><dd class="soft small">{wording(spec.columns?.[key]?.definition)}</dd></div>)}</dl>
        : <>
          {spec.chart?.type === "bars" && <Bars title={part.title} rows={rows} x={spec.chart.x} y={spec.chart.y} label={(value) => word(spec.chart.x, value)} columnLabel={columnLabel} none={masked ? t("reports.masked") : "–"} />}
          <div class="table-wrap flat" tabIndex={0} role="region" aria-label={part.title}><table>
            <thead><tr>{columns.map((key) => <th key={key} scope="col" title={wording(spec.columns?.[key]?.definition)}>{columnLabel(key)}</th>)}</tr></thead>
            <tbody>{rows.slice(0, 500).map((row, i) => <tr key={i}>{columns.map((key) => <td key={key} class={typeof row[key] === "number" ? "num" : ""}>{word(key, row[key])}</td>)}</tr>)}</tbody>
          </table></div>
          {columns.some((key) => spec.columns?.[key]?.definition) && <details><summary class="soft small">{t("reports.definitions")}</summary>
            <dl class="facts">{columns.filter((key) => spec.columns?.[key]?.definition).map((key) => <><dt>{columnLabel(key)}</dt><dd>{wording(spec.columns[key].definition)}</dd></>)}</dl></details>}
        </>}
    </section>
  );
}
