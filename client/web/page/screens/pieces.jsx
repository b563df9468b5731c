// SPDX-License-Identifier: Apache-2.0
//
// Files of a dossier: photos taken inside the page, and what others attached. Nothing of them is fetched or shown before
// somebody asks for it.
import { useRef, useState } from "preact/hooks";
import { run, useRun } from "../lib/core.js";
import { today } from "../lib/dates.js";
import { t } from "../lib/i18n.js";
import { pictureType, redraw } from "../lib/photo.js";
import { saveFile } from "../lib/share.js";
import { Button, Group, Head, List, Note, Row, Waiting } from "../ui/basic.jsx";
import { Camera } from "../ui/camera.jsx";
import { Dialog } from "../ui/dialog.jsx";
import { Picture } from "../ui/picture.jsx";
import { failed, toast } from "../ui/toast.jsx";

const size = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} ko` : `${(bytes / 1e6).toFixed(1)} Mo`);

export function Pieces({ args: [id] }) {
  const list = useRun(["attachment", "list", id]);
  const [camera, setCamera] = useState(false);
  const [busy, setBusy] = useState(false);
  const [shown, setShown] = useState(null); // {name, bytes}
  const file = useRef(null);
  const keep = async (bytes) => {
    setCamera(false);
    // The camera's own name for it says when and with what; ours says the day.
    const name = `photo ${today()}.jpg`;
    const answer = await run(["attach", id, name], { files: { [name]: bytes } });
    if (!failed(answer)) toast(t("photo.kept"));
  };
  const choose = async (event) => {
    const [chosen] = event.currentTarget.files;
    event.currentTarget.value = "";
    if (!chosen) return;
    setBusy(true);
    const made = await redraw(chosen).catch(() => null);
    setBusy(false);
    if (made) await keep(made.bytes);
    else toast(t("photo.not"));
  };
  const show = async (one) => {
    setBusy(true);
    const answer = await run(["attachment", "get", one.id, "file"]);
    setBusy(false);
    if (failed(answer)) return;
    const bytes = answer.files.file;
    if (pictureType(bytes)) setShown({ name: one.name, bytes });
    else saveFile(one.name, bytes);
  };
  const close = () => {
    shown.bytes.fill(0);
    setShown(null);
  };
  if (!list) return <><Head title={t("photo.title")} /><Waiting /></>;
  const pieces = list.exit === 0 ? list.json : [];
  return <>
    <Head title={t("photo.title")} />
    <Note icon="lock"><p>{t("photo.why")}</p></Note>
    <div class="buttons">
      <Button main icon="photo" disabled={busy} onClick={() => setCamera(true)}>{t("photo.take")}</Button>
      <Button disabled={busy} onClick={() => file.current.click()}>{t("photo.choose")}</Button>
      <input ref={file} type="file" accept="image/*" hidden onChange={choose} />
    </div>
    {busy && <Waiting />}
    {pieces.length === 0 ? <p class="soft">{t("photo.none")}</p> : <Group title={t("photo.list")}><List>
      {pieces.map((one) => <li key={one.id}><Row onClick={() => show(one)} icon="eye" line={one.name} under={`${size(one.size)} · ${t(`photo.state.${one.state}`)}`} /></li>)}
    </List></Group>}
    {camera && <Camera onTaken={keep} onClose={() => setCamera(false)} />}
    {shown && <Dialog title={shown.name} onClose={close}><Picture bytes={shown.bytes} label={shown.name} /></Dialog>}
  </>;
}
