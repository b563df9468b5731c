// SPDX-License-Identifier: Apache-2.0
//
// The recovery sheet: a code on paper that brings the spaces back when every device is lost. Made when it is asked for,
// shown once, printed, never saved as a file.
import { useEffect, useState } from "preact/hooks";
import { run } from "../lib/core.js";
import { t } from "../lib/i18n.js";
import { status, syncNow } from "../lib/state.js";
import { Button, Head, LinkButton, Note } from "../ui/basic.jsx";
import { Sheet } from "../ui/sheet.jsx";
import { failed } from "../ui/toast.jsx";

export function Secours() {
  const [html, setHtml] = useState(null);
  const make = async () => {
    const answer = await run(["recovery-sheet", "--html", "secours.html"]);
    if (failed(answer)) return;
    setHtml(new TextDecoder().decode(answer.files["secours.html"]));
    if (navigator.onLine) syncNow();
  };
  useEffect(() => { if (html) print(); }, [html]);
  const alone = (status.value?.spaces ?? []).some((one) => one.trial && one.keepers === 1 && one.roles?.includes("admin"));
  return <>
    <Head title={t("plus.secours")} />
    <div class="no-print group">
      <Note tone="late" icon="alarm"><p>{t("paper.why")}</p></Note>
      {alone && !html && <Note icon="member"><p>{t("paper.alone")}</p><div><LinkButton to={["inviter"]}>{t("members.invite")}</LinkButton></div></Note>}
      {html ? <div><Button main icon="print" onClick={() => print()}>{t("print.again")}</Button></div>
        : <Button main full icon="print" onClick={make}>{t("paper.make")}</Button>}
    </div>
    {html && <Sheet html={html} title={t("plus.secours")} />}
  </>;
}
