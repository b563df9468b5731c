// SPDX-License-Identifier: Apache-2.0
//
// Exporter: tables for a spreadsheet, the agenda for a calendar. Said plainly: what is out is no longer protected.
import { run, useRun } from "../lib/core.js";
import { t } from "../lib/i18n.js";
import { pack } from "../lib/pack.js";
import { saveFile } from "../lib/share.js";
import { Head, List, Note, Row, Waiting } from "../ui/basic.jsx";
import { failed } from "../ui/toast.jsx";

export function Exporter() {
  const reports = useRun(["report"])?.json;
  const save = (words, name, type) => async () => {
    const answer = await run([...words, name]);
    if (!failed(answer) && answer.files[name]) saveFile(name, answer.files[name], type);
  };
  return <>
    <Head title={t("export.title")} />
    <Note tone="late" icon="alarm"><p>{t("export.help")}</p></Note>
    {!reports ? <Waiting /> : <List label={t("export.kind")}>
      <li><Row onClick={save(["agenda", "--ics"], "agenda.ics", "text/calendar")} icon="today" line={t("export.ics")} /></li>
      {reports.filter((one) => Object.keys(pack.value.report[one.report]?.parts ?? {}).length && one.params.every((param) => param.initial)).map((one) =>
        <li key={one.report}><Row onClick={save(["report", one.report, "--csv"], `${one.report}.csv`, "text/csv")} icon="report" line={one.title} under="CSV" /></li>)}
    </List>}
  </>;
}
