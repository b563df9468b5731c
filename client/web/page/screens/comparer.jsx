// SPDX-License-Identifier: Apache-2.0
//
// Comparer: two people hold their devices side by side. Each shows its last signed receipt as a code; who scans the other's
// finds out whether the server told both the same history, without asking the server.
import { useState } from "preact/hooks";
import { run, useRun } from "../lib/core.js";
import { t } from "../lib/i18n.js";
import { saveFile } from "../lib/share.js";
import { readStatus, status } from "../lib/state.js";
import { Button, Empty, Head, LinkButton, Note, Segments } from "../ui/basic.jsx";
import { QR } from "../ui/qr.jsx";
import { Scanner } from "../ui/scan.jsx";

const FILE = "recu.txt";

function Shown({ space }) {
  const note = useRun(["audit", "checkpoint", "--space", space])?.json?.note;
  return note ? <>
    <QR text={note} label={t("compare.code")} />
    <Button full icon="share" onClick={() => saveFile(FILE, new TextEncoder().encode(note), "text/plain")}>{t("compare.save")}</Button>
  </> : null;
}

const found = { 0: ["good", "check", "compare.same"], 4: ["bad", "alarm", "compare.fork"] };

function Verdict({ answer }) {
  const later = answer.json?.error === "BEHIND";
  const [tone, icon, text] = later ? ["info", "sync", "compare.later"] : found[answer.exit] ?? ["bad", "alarm", null];
  return <Note tone={tone} icon={icon} role="alert"><p>{text ? t(text) : answer.error}</p>
    {answer.exit === 4 && <div><LinkButton to={["alarmes"]}>{t("plus.alarmes")}</LinkButton></div>}</Note>;
}

export function Comparer() {
  const spaces = (status.value?.spaces ?? []).filter((one) => one.size > 0 && one.state !== "succeeded");
  const [space, setSpace] = useState(spaces[0]?.id);
  const [scan, setScan] = useState(false);
  const [answer, setAnswer] = useState(null);
  const compare = async (bytes) => {
    setScan(false);
    setAnswer(await run(["audit", "verify", "--with", FILE], { files: { [FILE]: bytes } }));
    await readStatus();
  };
  const choose = async (event) => {
    const [file] = event.currentTarget.files;
    if (file) compare(new Uint8Array(await file.arrayBuffer()));
  };
  if (!spaces.length) return <><Head title={t("plus.comparer")} /><Empty><p>{t("state.nospace")}</p></Empty></>;
  return <>
    <Head title={t("plus.comparer")} under={t("compare.help")} />
    {spaces.length > 1 && <Segments label={t("invite.space")} value={space} onChange={setSpace} options={spaces.map((one) => [one.id, one.name])} />}
    <div class="group" role="status">{answer && <Verdict answer={answer} />}</div>
    <Button main full icon="camera" onClick={() => setScan(true)}>{t("compare.scan")}</Button>
    {scan && <Scanner onFound={(text) => compare(new TextEncoder().encode(text))} onClose={() => setScan(false)} />}
    <div class="field"><label for="receipt">{t("compare.file")}</label><input class="input" id="receipt" type="file" accept=".txt,text/plain" onChange={choose} /></div>
    <Shown space={space} key={space} />
  </>;
}
